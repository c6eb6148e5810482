"""Unknown people over the API: kept, grouped, named, corrected, forgotten."""

from __future__ import annotations

import pytest

from unit.gallery.fake import person, picture
from unit.service.conftest import pictures

BASE = "/v1/collections/default/unknown"


@pytest.fixture
def party(client):
    """Ann twice, Bob once; nobody is known."""
    files = [picture(person("Ann", seed=1), person("Bob")), picture(person("Ann", seed=2)), b"nothing"]
    answer = client.post(BASE, files=pictures(*files))
    assert answer.status_code == 200, answer.text
    assert client.post(f"{BASE}/group", json={}).json()["groups"] == 2
    return answer.json()


def groups(client, **query):
    return client.get(BASE, params=query).json()["items"]


def test_faces_are_kept_and_grouped(client, party) -> None:
    kept = party["pictures"]
    assert [len(row["face_ids"]) for row in kept] == [2, 1, 0]
    assert kept[2]["error"]["code"] == "unreadable_picture"
    assert "processing_ms" in party
    ann, bob = groups(client)
    assert (ann["n_faces"], bob["n_faces"]) == (2, 1)
    assert len(ann["face_ids"]) == 2
    assert ann["probably"] is None
    assert len(groups(client, at_least=2)) == 1
    first = client.get(BASE, params={"limit": 1}).json()
    assert first["total"] == 2
    assert len(client.get(BASE, params={"limit": 1, "cursor": first["next_cursor"]}).json()["items"]) == 1


def test_a_group_is_shown_and_named(client, party) -> None:
    ann = groups(client)[0]["group_id"]
    shown = client.get(f"{BASE}/{ann}").json()
    assert len(shown["faces"]) == 2
    assert shown["faces"][0]["has_image"] is False, "made-up pictures have no pixels to cut out"
    face_id = shown["faces"][0]["face_id"]
    assert client.get(f"{BASE}/{ann}/faces/{face_id}/image").status_code == 404
    named = client.post(f"{BASE}/{ann}/name", json={"name": "Ann", "metadata": {"desk": 7}}).json()
    assert named["person"]["name"] == "Ann"
    assert named["person"]["n_faces"] == 2
    assert named["person"]["metadata"] == {"desk": 7}
    assert named["left"] == []
    assert len(groups(client)) == 1
    assert client.get(f"{BASE}/{ann}").status_code == 404


def test_whom_a_group_probably_is(client, party) -> None:
    client.post("/v1/collections/default/persons", data={"name": "Ann"}, files=pictures(picture(person("Ann"))))
    assert groups(client, suggest=True)[0]["probably"]["name"] == "Ann"


def test_what_people_say_holds(client, party) -> None:
    ann, bob = (group["group_id"] for group in groups(client))
    made = client.post("/v1/collections/default/persons", data={"name": "Eve"}, files=pictures(picture(person("Eve"))))
    eve = made.json()["person"]["person_id"]
    assert client.post(f"{BASE}/{ann}/reject", json={"person_id": eve}).json()["faces"] == 2
    refused = client.post(f"{BASE}/{ann}/name", json={"name": "Eve"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    assert client.post(f"{BASE}/99/name", json={"name": "Ann"}).status_code == 404
    one = groups(client)[0]["face_ids"][0]
    apart = client.post(f"{BASE}/{ann}/split", json={"face_ids": [one]}).json()["group_id"]
    assert apart not in (ann, bob)
    assert client.post(f"{BASE}/join", json={"group_ids": [ann, apart]}).json()["group_id"] in (ann, apart)


def test_forgetting(client, party) -> None:
    bob = groups(client)[1]["group_id"]
    assert client.delete(f"{BASE}/{bob}").json()["forgotten"] == 1
    assert client.delete(BASE, params={"older_than_days": 30}).json()["forgotten"] == 0
    assert client.delete(BASE, params={"older_than_days": 0}).json()["forgotten"] == 2
    assert groups(client) == []


def test_roles_and_scopes_hold(stranger, keys) -> None:
    for headers, status in ((keys("search"), 403), (keys("read", collections=["other"]), 404), (keys("read"), 200)):
        assert stranger.get(BASE, headers=headers).status_code == status
