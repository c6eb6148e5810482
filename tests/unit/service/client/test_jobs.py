"""Jobs against a real service, over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.gallery.fake import person, picture
from unit.service.jobs.conftest import packed
from vultus.errors import ImageError, InputError, RemoteError
from vultus.service.client import Client


def test_a_folder_of_the_service(remote: Client) -> None:
    job = remote.start_job("enrol", folder="people", tags=["staff"])
    steps = list(remote.follow_job(job.job_id))
    assert steps[-1].state == "done"
    assert remote.wait_for_job(job.job_id).result == {"enrolled": 3}
    assert [one.person for one in remote.job_results(job.job_id)] == ["Ada"] * 3
    assert [one.job_id for one in remote.jobs()] == [job.job_id]
    with pytest.raises(RemoteError) as caught:
        remote.cancel_job(job.job_id)
    assert caught.value.code == "conflict"


def test_a_file_of_ours(remote: Client, tmp_path: Path) -> None:
    path = tmp_path / "party.zip"
    path.write_bytes(packed({"a.jpg": picture(person("Eve")), "b.jpg": b"bad"}))
    job = remote.wait_for_job(remote.start_job("identify", file=path, fpir=0.1).job_id)
    assert (job.source, job.n_errors, job.errors[0].item) == ("party.zip", 1, "b.jpg")
    good = next(one for one in remote.job_results(job.job_id) if one.error is None)
    assert good.faces is not None
    assert good.faces[0].name is None
    with pytest.raises(ImageError, match="No such file"):
        remote.start_job("identify", file=tmp_path / "gone.zip")
    with pytest.raises(InputError, match="a job needs one source"):
        remote.start_job("identify", folder="a", video="b")
    with pytest.raises(RemoteError, match="no such video below"):
        remote.start_job("identify", video="gone.mp4")
