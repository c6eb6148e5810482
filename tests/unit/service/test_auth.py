from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from vultus.service.auth import signature_of, text_of
from vultus.service.keystore import LOCAL

Keys = Callable[..., dict[str, str]]


def test_keys_stand_in_two_headers() -> None:
    assert text_of({"authorization": "Bearer abc"}) == "abc"
    assert text_of({"authorization": "bearer  abc "}) == "abc"
    assert text_of({"x-api-key": " abc"}) == "abc"
    assert text_of({"authorization": "Basic abc"}) == ""


def test_the_log_has_ids_of_keys_and_no_names() -> None:
    assert signature_of(LOCAL, "a test").actor == "key:local"
    assert signature_of(None, "").actor == "nobody"


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "/v1/keys", "admin"),
        ("POST", "/v1/collections", "admin"),
        ("POST", "/v1/collections/default/persons", "enrol"),
        ("GET", "/v1/collections/default/persons", "read"),
        ("POST", "/v1/collections/default/identify", "search"),
    ],
)
def test_each_role_does_its_own(stranger: TestClient, keys: Keys, method: str, path: str, role: str) -> None:
    for other in ("admin", "enrol", "search", "read", "audit"):
        status = stranger.request(method, path, headers=keys(other)).status_code
        assert (status == 403) == (other not in (role, "admin")), other


def test_what_is_lacking_is_told(stranger: TestClient, keys: Keys) -> None:
    told = stranger.get("/v1/keys", headers=keys("read")).json()["error"]
    assert told == {"code": "forbidden", "message": "this key lacks the role admin", "details": {"needs": ["admin"]}}


def test_a_key_of_one_collection_learns_nothing_of_others(stranger: TestClient, keys: Keys) -> None:
    admin = keys("admin")
    stranger.post("/v1/collections", json={"collection_id": "staff"}, headers=admin)
    mine = keys("admin", collections=["staff"])
    assert stranger.get("/v1/collections/staff", headers=mine).status_code == 200
    there, nowhere = (
        stranger.get(f"/v1/collections/{one}", headers=mine).json()["error"] for one in ("default", "nowhere")
    )
    assert there["message"].replace("default", "nowhere") == nowhere["message"]
    assert [one["collection_id"] for one in stranger.get("/v1/collections", headers=mine).json()["items"]] == ["staff"]
    made = stranger.post("/v1/collections", json={"collection_id": "guests"}, headers=mine)
    assert made.json()["error"]["message"] == "this key is for other collections"


def test_a_dependency_without_a_gate_lets_nobody_in() -> None:
    import asyncio

    from starlette.requests import Request

    from vultus.service.auth import needs
    from vultus.service.envelope import ServiceError

    with pytest.raises(ServiceError, match="a key is needed here"):
        asyncio.run(needs()(Request({"type": "http", "state": {}})))
