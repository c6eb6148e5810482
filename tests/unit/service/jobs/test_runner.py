"""What the tests of the routes cannot reach: the rate, a busy decoder, files that stay behind, a full disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.gallery.fake import person, picture
from unit.service.jobs.conftest import filled, packed
from vultus.errors import StoreError
from vultus.gallery.photo import Photo
from vultus.service.envelope import ServiceError
from vultus.service.jobs import runner as running
from vultus.service.jobs.runner import JobRunner
from vultus.service.jobs.shapes import JobOptions
from vultus.service.settings import Settings
from vultus.service.workbook import Workbook


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    filled(tmp_path / "in/Ada", {f"{n}.jpg": picture(person("Ada", seed=n), seed=n) for n in range(3)})
    return Settings(data=tmp_path / "data", decode="none", threads=1, job_root=tmp_path / "in", jobs=1)


def decoded(upload) -> Photo:
    import numpy as np

    return Photo.of(np.frombuffer(upload.data, np.uint8).reshape(1, -1), upload.data, upload.filename)


@pytest.fixture
def runner(service, book: Workbook) -> JobRunner:
    return JobRunner(service, book, decoded)


def submitted(runner: JobRunner, **more):
    source = more.pop("source", {"folder": "."})
    return runner.submit("enrol", "default", source, JobOptions(name="Ada"), caller="k", **more)


def test_jobs_wait_until_it_is_started(runner: JobRunner) -> None:
    job = submitted(runner)
    assert runner.rate(job) is None
    runner.start()
    for thread in runner._threads:
        while runner.store.get(job.job_id).active:
            thread.join(0.01)
    runner.stop()
    assert runner.store.get(job.job_id).counts == {"enrolled": 3}


def test_a_busy_decoder_is_waited_for(service, book: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_BUSY_S", 0.0)
    refused = []

    def read(upload) -> Photo:
        if len(refused) < 3:
            refused.append(upload)
            raise ServiceError("busy", "too many pictures are waiting to be read")
        return decoded(upload)

    runner = JobRunner(service, book, read)
    job = submitted(runner)
    runner._run(runner.store.take())
    assert runner.store.get(job.job_id).counts == {"enrolled": 3}
    assert len(refused) == 3


def test_the_rate_is_that_of_the_last_minute(runner: JobRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(running.time, "monotonic", lambda: clock[0])
    submitted(runner)
    job = runner.store.take()
    assert job is not None
    runner._past[job.job_id] = running.deque([(990.0, 0)])
    runner.store.record(job.job_id, [], done=30)
    assert runner.rate(runner.store.get(job.job_id)) == 3.0
    runner._bench(job).halt()
    clock[0] = 1100.0
    runner._bench(job).halt()
    assert list(runner._past[job.job_id]) == [(1000.0, 30), (1100.0, 30)]
    assert runner.rate(runner.store.get(job.job_id)) is None, "nothing was done lately"


def test_files_that_nobody_owns_go(runner: JobRunner, service) -> None:
    job = submitted(runner, source={"upload": "zip", "filename": "a.zip"}, data=packed({"a.jpg": b"1"}))
    filled(service.settings.data / "jobs", {"0123/upload": b"of a killed request"})
    runner._coming.add("0456")
    filled(service.settings.data / "jobs", {"0456/upload": b"of a request at work"})
    runner.sweep()
    assert sorted(path.name for path in (service.settings.data / "jobs").iterdir()) == sorted([job.job_id, "0456"])
    runner.cancel(job.job_id)
    assert not (service.settings.data / "jobs" / job.job_id).exists()


def test_a_disk_that_is_full_is_told(runner: JobRunner, service, monkeypatch: pytest.MonkeyPatch) -> None:
    (service.settings.data / "jobs").write_text("in the way")
    with pytest.raises(ServiceError, match="the file cannot be kept now"):
        submitted(runner, source={"upload": "zip"}, data=b"x")

    def full() -> None:
        raise StoreError("disk full")

    assert runner._quietly(full) is None


def test_an_error_fails_the_job_and_not_the_thread(runner: JobRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    job = submitted(runner)

    def broken(*_) -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr(running, "go_through", broken)
    runner._run(runner.store.take())
    failed = runner.store.get(job.job_id)
    assert failed.state == "failed"
    assert "secret" not in failed.message
    other = submitted(runner)
    runner._service.draining.set()
    runner._run(runner.store.take())
    assert runner.store.get(other.job_id).state == "running", "it is done after the next start"
