"""CompreFace's addresses: only where asked for, and errors in its own words."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")

from starlette.testclient import TestClient

from vultus.service.app import create_app
from vultus.service.compreface import error_body
from vultus.service.envelope import ServiceError


def test_they_are_off_unless_asked_for(client) -> None:
    assert client.get("/api/v1/recognition/subjects").status_code == 404


def test_keys_and_roles_hold_there_too(settings, engine) -> None:
    from dataclasses import replace

    app = create_app(replace(settings, compreface=True), engine=engine)
    reader = app.state.service.keys.add("a reader", ("read",))[1]
    with TestClient(app) as client:
        answer = client.get("/api/v1/recognition/subjects")
        assert (answer.status_code, answer.json()["code"]) == (401, 20)
        answer = client.get("/api/v1/recognition/subjects", headers={"x-api-key": reader})
        assert answer.json() == {"subjects": []}
        answer = client.post("/api/v1/recognition/subjects", json={"subject": "Ada"}, headers={"x-api-key": reader})
        assert (answer.status_code, set(answer.json())) == (403, {"message", "code"})


def test_codes() -> None:
    assert error_body(ServiceError("no_face", "x")) == {"message": "x", "code": 28}
    assert error_body(ServiceError("bad_request", "x", compreface=31))["code"] == 31
    assert error_body(ServiceError("busy", "x"))["code"] == 0
