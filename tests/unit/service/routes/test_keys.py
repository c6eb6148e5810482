from __future__ import annotations

from starlette.testclient import TestClient

from vultus.service.schema import KeyPage, NewKeyAnswer


def test_a_key_is_made_used_and_revoked(client: TestClient) -> None:
    made = client.post("/v1/keys", json={"name": "door", "roles": ["search"], "collections": ["default"]})
    assert made.status_code == 201
    NewKeyAnswer.model_validate(made.json())
    door = {"Authorization": f"Bearer {made.json()['secret']}"}
    assert client.get("/v1/system", headers=door).json()["me"]["name"] == "door"
    listed = client.get("/v1/keys").json()
    KeyPage.model_validate(listed)
    assert "secret" not in str(listed)
    number = made.json()["key_id"]
    assert client.delete(f"/v1/keys/{number}").json()["revoked_at"] is not None
    assert client.get("/v1/system", headers=door).status_code == 401


def test_the_last_admin_stays(client: TestClient) -> None:
    (own,) = client.get("/v1/keys").json()["items"]
    told = client.delete(f"/v1/keys/{own['key_id']}")
    assert told.status_code == 409
    assert told.json()["error"]["message"] == "this is the last admin key; make another one first"
    assert client.delete("/v1/keys/ffffffff").status_code == 404


def test_nonsense_is_told(client: TestClient) -> None:
    for body in (
        {},
        {"name": "a", "roles": []},
        {"name": "a", "roles": ["king"]},
        {"name": "a", "roles": ["read"], "x": 1},
    ):
        assert client.post("/v1/keys", json=body).status_code == 422
    told = client.post("/v1/keys", json={"name": "a", "roles": ["read"], "collections": ["*", "b"]}).json()
    assert told["error"]["code"] == "invalid_request"
