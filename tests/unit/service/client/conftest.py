"""A service that listens on a port of this machine, and a client that speaks to it over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

pytest.importorskip("fastapi")

from unit.gallery.fake import FakeEngine, person, picture
from unit.service.cinema import Cinema
from unit.service.jobs.conftest import filled
from vultus.service.app import create_app
from vultus.service.client import Client
from vultus.service.serving import listen, server_of
from vultus.service.settings import Settings


@pytest.fixture
def cinema(monkeypatch: pytest.MonkeyPatch) -> Cinema:
    return Cinema.installed(monkeypatch)


@pytest.fixture
def remote(tmp_path: Path, cinema: Cinema) -> Iterator[Client]:
    """An admin's client; the service behind it has some pictures to do jobs with."""
    filled(tmp_path / "in/people", {f"Ada/{n}.jpg": picture(person("Ada", seed=n), seed=n) for n in range(3)})
    filled(tmp_path / "in", {"film.mp4": b"film"})
    settings = Settings(tmp_path / "data", port=0, decode="none", threads=1, job_root=tmp_path / "in")
    app = create_app(settings, engine=FakeEngine())
    _, secret = app.state.service.keys.add("a test", ("admin",))
    with listen(settings) as line:
        server = server_of(app, settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [line]}, daemon=True)
        thread.start()
        with Client(f"http://127.0.0.1:{line.getsockname()[1]}", secret, timeout_s=20) as client:
            client.health()
            yield client
        server.should_exit = True
        thread.join(20)


Answer = Callable[[httpx.Request], httpx.Response]


def faked(*answers: Answer | httpx.Response, tries: int = 4) -> tuple[Client, list[httpx.Request]]:
    """A client whose service gives these answers in turn, the last one again and again; and what was asked."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        request.read()
        asked.append(request)
        one = answers[min(len(asked), len(answers)) - 1]
        return one(request) if callable(one) else one

    return Client("http://service", "vultus_k", tries=tries, transport=httpx.MockTransport(answer)), asked


def refused(status: int, code: str, **headers: str) -> httpx.Response:
    """An error in the envelope."""
    body = {"error": {"code": code, "message": "it is so", "details": {"x": 1}}, "request_id": "r1"}
    return httpx.Response(status, json=body, headers=headers)
