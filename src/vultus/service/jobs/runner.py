"""Jobs in the background: a few at a time, the oldest first, and on from where they were after a restart.

Whatever is acknowledged is on the disk: the job with its file before the caller gets its id, the outcome of pictures
before they count as done. A job that is killed between a gallery and the journal does those pictures again, which
galleries recognise by their bytes: nothing is enrolled or kept twice.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from vultus.errors import VultusError
from vultus.gallery.audit import Signature, signed
from vultus.service.envelope import ServiceError, of
from vultus.service.jobs import video
from vultus.service.jobs.pace import Pace
from vultus.service.jobs.pictures import Bench, go_through, sum_up
from vultus.service.jobs.shapes import JobOptions
from vultus.service.jobs.sources import Folder, Zip, below
from vultus.service.jobs.store import JobStore, new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from vultus.gallery.photo import Photo
    from vultus.service.decode import Upload
    from vultus.service.jobs.sources import Pictures
    from vultus.service.jobs.store import Job, Kind
    from vultus.service.state import Service
    from vultus.service.workbook import Workbook

SWEEP_S = 600.0
_WINDOW_S = 60.0  # over which the rate is told
_BUSY_S = 0.2
_log = logging.getLogger("vultus.service")


class _Stopped(Exception):  # noqa: N818  no error: the service or the caller wants it so
    """The job is to stop here."""


class JobRunner:
    """Does the jobs of a service.

    Args:
        service: its galleries, engine and settings.
        book: where the jobs are written down.
        read: decodes a picture in the sandbox; blocks.

    Attributes:
        store: the journal.
        also: what is to be tidied up besides, whenever the jobs are.
    """

    def __init__(self, service: Service, book: Workbook, read: Callable[[Upload], Photo]) -> None:
        self._service, self._read = service, read
        self.store = JobStore(book)
        self.also: list[Callable[[], None]] = []
        self._folder = service.settings.data / "jobs"
        self._change = threading.Condition()
        self._stopping = False
        self._swept = 0.0
        self._past: dict[str, deque[tuple[float, int]]] = {}
        self._coming: set[str] = set()  # jobs whose file is there before they are
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Go on with what was begun, and take what waits."""
        self.store.requeue()
        self.sweep()
        self._threads = [
            threading.Thread(target=self._work, name=f"vultus-job-{number}", daemon=True)
            for number in range(self._service.settings.jobs)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = 9.0) -> None:
        """Let the pictures that are in the engine end, then stop; the rest is done after the next start."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
        until = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0))

    def submit(
        self, kind: Kind, collection_id: str, source: Mapping[str, str], options: JobOptions, *, caller: str,
        purpose: str = "", data: bytes | None = None,
    ) -> Job:  # fmt: skip
        """Take a job.

        Args:
            kind, collection_id: what is done with whom.
            source: see `Job`.
            options: of it.
            caller, purpose: who wants it, and what for.
            data: the file that was sent.

        Raises:
            ServiceError: the source cannot be used, or too many jobs wait.
        """
        job_id = new_id()
        self._coming.add(job_id)
        try:
            if data is not None:
                self._put(job_id, data)
            self._check(job_id, source)
            job = self.store.add(
                kind, collection_id, source, options.model_dump(), caller=caller, purpose=purpose, job_id=job_id,
                most=self._service.settings.max_jobs,
            )  # fmt: skip
        except BaseException:
            self._throw_away(job_id)
            raise
        finally:
            self._coming.discard(job_id)
        with self._change:
            self._change.notify()
        return job

    def cancel(self, job_id: str) -> Job:
        """End a job; what is through stays.

        Raises:
            ServiceError: there is none of that id, or it has ended.
        """
        if not self.store.finish(job_id, "cancelled"):
            state = self.store.get(job_id).state
            raise ServiceError("conflict", f"the job has ended already: {state}", state=state)
        if job_id not in self._past:  # one that runs lets go of its file itself
            self._throw_away(job_id)
        return self.store.get(job_id)

    def rate(self, job: Job) -> float | None:
        """Items per second lately; None where nobody can tell."""
        past = self._past.get(job.job_id)
        if job.state != "running" or not past:
            return None
        seconds = time.monotonic() - past[0][0]
        return (job.done - past[0][1]) / seconds if seconds > 0 and job.done > past[0][1] else None

    def states(self) -> dict[str, int]:
        """How many jobs wait and run."""
        return self.store.states()

    def sweep(self) -> None:
        """Delete what has been kept for long enough, and files of jobs that are not there any more."""
        self._swept = time.monotonic()
        service = self._service
        kept = set(self.store.sweep(service.settings.job_keep_days, service.galleries.ids()))
        if self._folder.is_dir():
            for folder in self._folder.iterdir():
                gone = folder.name not in kept or not self.store.get(folder.name).active
                if gone and folder.name not in self._coming:
                    shutil.rmtree(folder, ignore_errors=True)
        for tidy in self.also:
            tidy()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            self._past[job.job_id] = deque([(time.monotonic(), job.done)])
            try:
                self._run(job)
            finally:
                self._past.pop(job.job_id, None)
                if not self._stopping:
                    self._throw_away(job.job_id)

    def _next(self) -> Job | None:
        while True:
            with self._change:
                if self._stopping:
                    return None
                job: Job | None = self._quietly(self.store.take)
                if job is not None:
                    return job
                self._change.wait(SWEEP_S)
            if time.monotonic() - self._swept >= SWEEP_S:
                self._quietly(self.sweep)

    def _quietly(self, function: Callable[[], Any]) -> Any:
        """A thread of ours does not end because the disk is full for a while."""
        try:
            return function()
        except (VultusError, OSError) as error:
            _log.warning("jobs: %s", error)
            return None

    def _run(self, job: Job) -> None:
        """One job, to its end or to that of the service."""
        purpose = job.purpose or f"job {job.job_id}"
        try:
            with signed(Signature(f"key:{job.caller}", purpose)):
                bench = self._bench(job)
                self._go(job, bench)
                self.store.finish(job.job_id, "done", counts=sum_up(bench))
        except _Stopped:
            pass
        except Exception as error:  # whatever happens to a job must not take its thread along
            told = of(error)
            if self._stopping or self._service.draining.is_set():
                return
            self._quietly(lambda: self.store.finish(job.job_id, "failed", message=told.message))

    def _bench(self, job: Job) -> Bench:
        service = self._service
        gallery = service.galleries.open(job.collection_id)
        settings = service.settings

        def halt() -> None:
            past = self._past.get(job.job_id)
            now = self.store.get(job.job_id)
            if self._stopping or service.draining.is_set() or now.state != "running":
                raise _Stopped
            if past is not None:
                past.append((time.monotonic(), now.done))
                while len(past) > 2 and past[0][0] < time.monotonic() - _WINDOW_S:
                    past.popleft()

        return Bench(
            job, JobOptions.model_validate(job.options), self.store, gallery, self._patient(halt), halt,
            pace=Pace(lambda: service.engine.load.pictures, service.workers), fpir=settings.fpir, top=settings.top,
        )  # fmt: skip

    def _patient(self, halt: Callable[[], None]) -> Callable[[Upload], Photo]:
        """Requests come first: where the decoder is busy, a job waits."""

        def read(upload: Upload) -> Photo:
            while True:
                try:
                    return self._read(upload)
                except ServiceError as error:
                    if error.code != "busy":
                        raise
                halt()
                time.sleep(_BUSY_S)

        return read

    def _go(self, job: Job, bench: Bench) -> None:
        path = self._video(job)
        if path is not None:
            video.go_through(bench, path, self._service.settings)
            return
        with contextlib.closing(self._pictures(job)) as source:
            go_through(bench, source)

    def _pictures(self, job: Job) -> Pictures:
        settings = self._service.settings
        if job.source.get("upload") == "zip":
            return Zip(self._file(job.job_id), settings.max_bytes)
        folder = below(settings.job_root, job.source["folder"], "folder")
        return Folder((settings.job_root or folder).resolve(), folder, settings.max_bytes)

    def _video(self, job: Job) -> Path | None:
        if job.source.get("upload") == "video":
            return self._file(job.job_id)
        given = job.source.get("video")
        return below(self._service.settings.job_root, given, "video") if given is not None else None

    def _check(self, job_id: str, source: Mapping[str, str]) -> None:
        """Tell at once what could never work."""
        settings = self._service.settings
        if source.get("upload") == "zip":
            Zip(self._file(job_id), settings.max_bytes).close()
        for what in ("folder", "video"):
            if what in source:
                below(settings.job_root, source[what], what)

    def _file(self, job_id: str) -> Path:
        return self._folder / job_id / "upload"

    def _put(self, job_id: str, data: bytes) -> None:
        """A file that was sent, on the disk; nobody else may read it, and it goes when the job ends."""
        path = self._file(job_id)
        try:
            path.parent.mkdir(parents=True, mode=0o700)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            _log.warning("the file of a job cannot be kept: %s", error)
            raise ServiceError("unavailable", "the file cannot be kept now; try again") from None

    def _throw_away(self, job_id: str) -> None:
        shutil.rmtree(self._folder / job_id, ignore_errors=True)
