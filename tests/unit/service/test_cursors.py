from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from unit.gallery.fake import photos
from unit.service.conftest import pictures
from vultus.service.cursors import seal, unseal
from vultus.service.envelope import ServiceError

PEOPLE = "/v1/collections/default/persons"
SECRET = bytes(32)


@given(st.text(max_size=40), st.one_of(st.integers(), st.text()))
def test_a_cursor_gives_back_what_it_holds(subject: str, last: int | str) -> None:
    assert unseal(SECRET, subject, seal(SECRET, subject, last)) == last


@given(st.text(max_size=60))
def test_whatever_else_comes_is_refused(text: str) -> None:
    with pytest.raises(ServiceError, match="this cursor is not of this list"):
        unseal(SECRET, "a", text)


def test_a_cursor_is_of_its_list_alone() -> None:
    cursor = seal(SECRET, "a", 7)
    for secret, subject in ((SECRET, "b"), (b"x" * 32, "a")):
        with pytest.raises(ServiceError, match="this cursor is not of this list"):
            unseal(secret, subject, cursor)


def test_pages_join_to_the_whole_whatever_happens_in_between(client: TestClient) -> None:
    for name in ("Ada", "Bea", "Cy", "Dan", "Eve"):
        client.post(PEOPLE, data={"name": name}, files=pictures(*photos(name, 1)))
    first = client.get(PEOPLE, params={"limit": 2}).json()
    assert [one["name"] for one in first["items"]] == ["Ada", "Bea"]
    assert first["total"] == 5
    client.delete(f"{PEOPLE}/{first['items'][0]['person_id']}")
    rest, cursor = [], first["next_cursor"]
    while cursor:
        page = client.get(PEOPLE, params={"limit": 2, "cursor": cursor}).json()
        rest += [one["name"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert rest == ["Cy", "Dan", "Eve"]
    wrong = client.get(PEOPLE, params={"limit": 2, "cursor": first["next_cursor"], "q": "a"})
    assert wrong.json()["error"]["code"] == "invalid_cursor"


def test_lists_at_hand_are_paged_by_place(client: TestClient) -> None:
    for name in "abc":
        client.post("/v1/collections", json={"collection_id": name})
    first = client.get("/v1/collections", params={"limit": 3}).json()
    second = client.get("/v1/collections", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [one["collection_id"] for one in first["items"] + second["items"]] == ["a", "b", "c", "default"]
    assert second["next_cursor"] is None
