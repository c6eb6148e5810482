"""Jobs of a service: begun, watched, cancelled, and what came of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from vultus.errors import ImageError, InputError
from vultus.service.jobs.shapes import JobAnswer, JobItem, JobItemPage, JobPage, JobShape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vultus.service.client.transport import Transport
    from vultus.service.jobs.store import Kind


class JobVerbs:
    """What `Client` can do with jobs."""

    transport: Transport

    def start_job(
        self, kind: Kind, *, collection_id: str = "default", folder: str = "", video: str = "",
        file: str | Path | None = None, **options: Any,
    ) -> JobAnswer:  # fmt: skip
        """Begin a job.

        Args:
            kind: "enrol", "identify" or "unknown".
            collection_id: with whom.
            folder, video: on the service's machine, below its folder for jobs.
            file: a .zip or video of this machine, which is sent. One of the three is needed.
            options: name, tags, keep_days, face, override_quality, fpir, top, fps, start_s, end_s.

        Raises:
            InputError: none or several sources are given.
            ImageError: the file cannot be read.
            RemoteError: the service refuses, or cannot be reached.
        """
        if sum(map(bool, (folder, video, file))) != 1:
            raise InputError("a job needs one source: folder, video or file")
        body: dict[str, Any] = {"kind": kind, "collection_id": collection_id, "options": options}
        if file is None:
            body["source"] = {"folder": folder} if folder else {"video": video}
            return self.transport.ask(JobAnswer, "POST", "/v1/jobs", json=body)
        path = Path(file)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ImageError(str(path), error.strerror or str(error)) from error
        return self.transport.ask(
            JobAnswer, "POST", "/v1/jobs", data={"request": json.dumps(body)}, files=[("file", (path.name, data))]
        )

    def jobs(self) -> Iterator[JobShape]:
        """Every job, the newest first."""
        return self.transport.pages(JobPage, "/v1/jobs")

    def job(self, job_id: str) -> JobAnswer:
        """One job as it stands."""
        return self.transport.ask(JobAnswer, "GET", _path(job_id))

    def cancel_job(self, job_id: str) -> JobAnswer:
        """End a job; what is through stays."""
        return self.transport.ask(JobAnswer, "POST", f"{_path(job_id)}/cancel")

    def job_results(self, job_id: str) -> Iterator[JobItem]:
        """What became of the items that are through, in order."""
        return self.transport.pages(JobItemPage, f"{_path(job_id)}/results")

    def follow_job(self, job_id: str) -> Iterator[JobShape]:
        """The job each time it has changed, until it has ended; goes on when the service is restarted meanwhile."""
        for event in self.transport.events(f"{_path(job_id)}/events"):
            yield self.transport.read(JobShape, event.data)

    def wait_for_job(self, job_id: str) -> JobAnswer:
        """The job when it has ended."""
        for _ in self.follow_job(job_id):
            pass
        return self.job(job_id)


def _path(job_id: str) -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}"
