"""kill -9 in the middle of a job, with a real process, and a start again: nothing lost, nothing done twice."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from unit.gallery.fake import person, picture
from unit.service.jobs.conftest import packed
from vultus.service.client import Client

PEOPLE = 40
SERVE = """
import socket, sys
from pathlib import Path
from unit.gallery.fake import FakeEngine
from vultus.service.app import create_app
from vultus.service.serving import server_of
from vultus.service.settings import Settings
line = socket.socket(fileno=int(sys.argv[2]))
settings = Settings(Path(sys.argv[1]), auth=False, decode="none", threads=1, jobs=1)
server_of(create_app(settings, engine=FakeEngine(delay_s=0.02)), settings).run(sockets=[line])
"""


@pytest.fixture
def serve(tmp_path: Path):
    """Starts the service as a process of its own; all listen on one port."""
    line = socket.create_server(("127.0.0.1", 0))
    running: list[subprocess.Popen] = []

    def start() -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(tmp_path / "data"), str(line.fileno())], pass_fds=(line.fileno(),),
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        running.append(process)
        return process

    start.address = f"http://127.0.0.1:{line.getsockname()[1]}"
    yield start
    for process in running:
        process.kill()
        process.wait()
    line.close()


def test_a_killed_service_goes_on_with_its_jobs(serve, tmp_path: Path) -> None:
    path = tmp_path / "people.zip"
    path.write_bytes(packed({f"P{n}/{n}.jpg": picture(person(f"P{n}")) for n in range(PEOPLE)}))
    process = serve()
    with Client(serve.address, timeout_s=60) as client:
        job_id = client.start_job("enrol", file=path).job_id
        steps = []
        for step in client.follow_job(job_id):  # the client comes back by itself
            steps.append(step.done)
            if step.done and process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
                serve()
        assert 0 < next(filter(None, steps)) < PEOPLE, "it was killed in the middle"
        assert steps == sorted(steps)
        check(client, job_id)
    assert not (tmp_path / "data/jobs" / job_id).exists()


def check(client: Client, job_id: str) -> None:
    """Everybody is there, once."""
    job = client.job(job_id)
    assert (job.state, job.done, job.total, job.n_errors) == ("done", PEOPLE, PEOPLE, 0)
    assert job.result is not None
    assert sum(job.result.values()) == PEOPLE
    results = list(client.job_results(job_id))
    assert len({one.face_id for one in results}) == len(results) == PEOPLE
    assert sum(one.n_faces for one in client.collection().people()) == PEOPLE
    assert client.verify_audit("default").ok
