"""Audit logs over the API."""

from __future__ import annotations

import sqlite3

from unit.gallery.fake import person, picture
from unit.service.conftest import pictures

PEOPLE = "/v1/collections/default/persons"


def enrol(client, who: str) -> None:
    client.post(PEOPLE, data={"name": who}, files=pictures(picture(person(who))), headers={"X-Purpose": "a test"})


def test_a_collection_s_log_newest_first(client) -> None:
    enrol(client, "Ada")
    enrol(client, "Bob")
    rows = client.get("/v1/audit", params={"collection_id": "default", "action": "enrol"}).json()["items"]
    assert [row["action"] for row in rows] == ["enrol", "enrol"]
    assert rows[0]["seq"] > rows[1]["seq"]
    assert rows[0]["actor"].startswith("key:")
    assert rows[0]["purpose"] == "a test"
    assert rows[0]["collection_id"] == "default"
    assert "Ada" not in str(rows)


def test_pages_and_moments(client) -> None:
    enrol(client, "Ada")
    everything = client.get("/v1/audit", params={"collection_id": "default"}).json()["items"]
    first = client.get("/v1/audit", params={"collection_id": "default", "limit": 1}).json()
    rest = client.get("/v1/audit", params={"collection_id": "default", "limit": 1, "cursor": first["next_cursor"]})
    assert [row["seq"] for row in first["items"] + rest.json()["items"]] == [row["seq"] for row in everything[:2]]
    for query, count in (({"after": "2999"}, 0), ({"before": "2999"}, len(everything)), ({"before": "1999"}, 0)):
        asked = client.get("/v1/audit", params={"collection_id": "default", **query}).json()["items"]
        assert len(asked) == count


def test_the_calls_of_the_service_are_logged(client) -> None:
    enrol(client, "Ada")
    rows = client.get("/v1/audit").json()["items"]
    assert {row["action"] for row in rows} <= {"call", "key"}
    assert rows[0]["detail"]["method"] == "POST"
    assert rows[0]["detail"]["status"] == 201
    assert rows[0]["collection_id"] is None


def test_tampering_is_found(client, service) -> None:
    enrol(client, "Ada")
    for query in ({}, {"collection_id": "default"}):
        verdict = client.get("/v1/audit/verify", params=query).json()
        assert verdict["ok"] is True
        assert verdict["head"]
    path = service.galleries.open("default").path
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER audit_is_not_changed")
    connection.execute("UPDATE audit SET entry = replace(entry, 'enrol', 'label') WHERE entry LIKE '%enrol%'")
    connection.commit()
    connection.close()
    verdict = client.get("/v1/audit/verify", params={"collection_id": "default"}).json()
    assert verdict["ok"] is False
    assert verdict["problems"]


def test_who_may_read_what(stranger, keys) -> None:
    scoped = keys("audit", collections=["default"])
    answer = stranger.get("/v1/audit", headers=scoped)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert "say which, with collection_id" in answer.json()["error"]["message"]
    assert stranger.get("/v1/audit", params={"collection_id": "default"}, headers=scoped).status_code == 200
    assert stranger.get("/v1/audit", params={"collection_id": "other"}, headers=scoped).status_code == 404
    assert stranger.get("/v1/audit", headers=keys("read")).status_code == 403


def test_actions_that_are_none(client) -> None:
    answer = client.get("/v1/audit", params={"action": "dance"})
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].startswith("action: known are enrol, search")
