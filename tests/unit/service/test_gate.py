from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from unit.gallery.fake import FakeEngine, person, photos, picture
from unit.service.conftest import pictures
from vultus.errors import StoreError
from vultus.gallery.audit import read
from vultus.service.app import create_app
from vultus.service.settings import Settings
from vultus.service.state import Service

HERE = "http://127.0.0.1"
IDENTIFY = "/v1/collections/default/identify"


def calls(service: Service) -> list[Any]:
    with service.log.store.reading() as connection:
        return [entry for entry in read(connection) if entry.action == "call"]


def test_every_answer_has_an_id_and_headers_that_protect(client: TestClient) -> None:
    for path in ("/v1/health", "/v1/system", "/v1/nothing", "/openapi.json"):
        answer = client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["x-request-id"], path
        assert "default-src 'none'" in answer.headers["content-security-policy"], path
    mine = client.get("/v1/system", headers={"X-Request-Id": "front-door.17"})
    assert mine.headers["x-request-id"] == mine.json()["request_id"] == "front-door.17"
    assert client.get("/v1/system", headers={"X-Request-Id": "<script>"}).json()["request_id"] != "<script>"


@pytest.mark.parametrize("key", ["", "Bearer nonsense", "Bearer vultus_00000000_" + "x" * 43, "Basic abc"])
def test_without_a_key_nothing_is_told(stranger: TestClient, key: str) -> None:
    answer = stranger.get("/v1/system", headers={"Authorization": key} if key else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["error"]["code"] == "unauthenticated"
    assert answer.json()["error"]["message"] in ("a key is needed: send the header Authorization: Bearer KEY",
                                                 "this key is not known here")  # fmt: skip


def test_who_tries_keys_has_to_wait(stranger: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vultus.service.gate._FAILED_BURST", 3.0)
    tried = [stranger.get("/v1/system", headers={"X-API-Key": f"guess {n}"}) for n in range(5)]
    assert [answer.status_code for answer in tried] == [401, 401, 401, 429, 429]
    assert tried[-1].json()["error"]["message"] == "too many keys were tried from here"
    assert int(tried[-1].headers["retry-after"]) >= 1


def test_a_key_may_ask_so_often(stranger: TestClient, keys: Callable[..., dict[str, str]]) -> None:
    mine = keys("read", rate_per_s=2.0)
    answers = [stranger.get("/v1/system", headers=mine) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["x-ratelimit-remaining"] == "1"
    assert answers[2].json()["error"]["message"] == "this key may ask 2 times per second"


def test_every_call_is_in_the_log_before_it_is_answered(
    stranger: TestClient, service: Service, keys: Callable[..., dict[str, str]]
) -> None:
    mine = keys("search")
    stranger.post(IDENTIFY, files=pictures(picture(person("ada"))), headers={**mine, "X-Purpose": "front door"})
    (entry,) = calls(service)
    assert entry.actor == f"key:{service.keys.all()[0].key_id}"
    assert entry.purpose == "front door"
    detail = dict(entry.detail)
    assert detail["route"] == "/v1/collections/{collection_id}/identify"
    assert (detail["status"], detail["collection"], detail["method"]) == (200, "default", "POST")
    stranger.get("/v1/system")
    stranger.get("/v1/health")
    assert [(one.actor, one.detail["status"]) for one in calls(service)[1:]] == [("nobody", 401)]
    searches = [one for one in service.galleries.open("default").audit_log() if one.action == "search"]
    assert [(one.actor, one.purpose) for one in searches] == [(entry.actor, "front door")]


def test_without_its_log_nothing_is_answered(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full() -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(service.log.store, "aside", full)
    answer = client.get("/v1/system")
    assert answer.status_code == 503
    assert answer.json()["error"]["message"] == "the audit log cannot be written, so nothing is answered"
    assert "the disk is full" in caplog.text


@pytest.mark.parametrize("purpose", ["a\tb", "x" * 201])
def test_a_purpose_is_one_line(client: TestClient, purpose: str) -> None:
    answer = client.get("/v1/system", headers={"X-Purpose": purpose})
    assert answer.json()["error"]["message"] == "X-Purpose must be one line of at most 200 visible characters"


def test_a_body_is_refused_as_soon_as_it_is_too_large(settings: Settings, engine: FakeEngine) -> None:
    app = create_app(replace(settings, max_request_bytes=1000, auth=False), engine=engine)
    with TestClient(app, raise_server_exceptions=False, base_url=HERE) as client:
        told = client.post(IDENTIFY, files=pictures(bytes(2000)))
        assert told.status_code == 413
        assert told.json()["error"]["details"] == {"limit_bytes": 1000}

        def slowly() -> Any:
            for _ in range(10):
                yield bytes(500)

        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        assert client.post(IDENTIFY, content=slowly(), headers=kind).status_code == 413


@pytest.mark.parametrize("given", ["0", "-1", "soon", "99999999"])
def test_a_deadline_is_a_number(client: TestClient, given: str) -> None:
    answer = client.get("/v1/system", headers={"X-Deadline-Ms": given})
    assert answer.status_code == 400
    assert "X-Deadline-Ms must be a whole number from 1 to 30000" in answer.json()["error"]["message"]


def test_who_takes_longer_than_the_deadline_is_told(app: FastAPI, keys: Callable[..., dict[str, str]]) -> None:
    @app.get("/v1/slow")
    async def slow(request: Request) -> None:
        await asyncio.sleep(30)

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/v1/slow", headers={**keys("read"), "X-Deadline-Ms": "20"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (408, "deadline_exceeded")
    assert answer.json()["error"]["message"] == "the request was not done within 0.02 seconds"


def test_while_it_is_being_stopped_only_health_is_answered(client: TestClient, service: Service) -> None:
    service.draining.set()
    answer = client.get("/v1/system")
    assert (answer.status_code, answer.headers["connection"]) == (503, "close")
    assert answer.json()["error"]["message"] == "the service is being stopped; ask again in a moment"
    assert client.get("/v1/health").json()["status"] == "draining"
    service.draining.clear()


def test_what_nobody_expected_is_an_envelope_without_a_trace(
    app: FastAPI, keys: Callable[..., dict[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/v1/broken")
    async def broken(request: Request) -> None:
        raise RuntimeError("/srv/secret")

    with caplog.at_level(logging.ERROR), TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/v1/broken", headers=keys("read"))
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "/srv/secret" in caplog.text


def test_pages_of_other_origins_may_call_only_where_they_are_named(settings: Settings) -> None:
    asked = {"Origin": "https://intranet.example", "Access-Control-Request-Method": "GET"}
    for cors, allowed in (((), None), (("https://intranet.example",), "https://intranet.example")):
        app = create_app(replace(settings, cors=cors, auth=False), engine=FakeEngine())
        with TestClient(app) as client:
            answer = client.options("/v1/system", headers=asked)
            assert answer.headers.get("access-control-allow-origin") == allowed


def test_without_keys_everybody_here_is_local(settings: Settings, engine: FakeEngine) -> None:
    with TestClient(create_app(replace(settings, auth=False), engine=engine), base_url=HERE) as client:
        assert client.get("/v1/system").json()["me"]["name"] == "local"
        made = client.post("/v1/collections/default/persons", data={"name": "Ada"}, files=pictures(*photos("ada")))
        assert made.status_code == 201


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:8600", "", 200),
        ("localhost", "http://localhost", 200),
        ("[::1]:8600", "http://[::1]:8600", 200),
        ("127.0.0.1", "https://intranet.example", 200),
        ("127.0.0.1", "https://evil.example", 403),
        ("127.0.0.1", "null", 403),
        ("127.0.0.1:8600", "http://127.0.0.1:9999", 403),
        ("evil.example", "", 403),
        ("[", "", 403),
    ],
)
def test_without_keys_no_page_from_elsewhere_may_call(
    settings: Settings, engine: FakeEngine, host: str, origin: str, status: int
) -> None:
    app = create_app(replace(settings, auth=False, cors=("https://intranet.example",)), engine=engine)
    headers = {"Host": host, **({"Origin": origin} if origin else {})}
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/v1/system", headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"]["message"] in (
            "without keys the service is called by an address of this machine alone",
            "pages of other origins may not call",
        )
