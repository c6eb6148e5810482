from __future__ import annotations

import pytest

from vultus.errors import InputError, UnknownNameError
from vultus.gallery.filters import Filter
from vultus.gallery.store import Store


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "people.vultus")
    with store.writing() as writer:
        for name, when, collection, tags in (
            ("Ada", "2026-01-01T00:00:00Z", "staff", '["day", "night"]'),
            ("Bob", "2026-02-01T00:00:00Z", "staff", '["day"]'),
            ("Çem", "2026-03-01T12:00:00Z", "guests", "[]"),
        ):
            person_id = writer.person(name, created_at=when, collection=collection)
            writer._connection.execute("UPDATE person SET tags = ? WHERE person_id = ?", (tags, person_id))
    yield store
    store.close()


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, [1, 2, 3]),
        ({"people": ["Ada", "C\u0327em", "Nobody"]}, [1, 3]),
        ({"collections": ["staff"]}, [1, 2]),
        ({"collections": ["staff", "guests"]}, [1, 2, 3]),
        ({"tags": ["day"]}, [1, 2]),
        ({"tags": ["day", "night"]}, [1]),
        ({"tags": ["day' OR 1"]}, []),
        ({"since": "2026-02-01"}, [2, 3]),
        ({"until": "2026-02-01T00:00:00Z"}, [1]),
        ({"since": "2026-03-01T13:00:00+01:00"}, [3]),
        ({"since": "2026-03-01T13:00:01+01:00"}, []),
        ({"people": ["Ada", "Bob"], "since": "2026-01-15", "tags": ("day",)}, [2]),
    ],
)
def test_people_who_pass(store, given, found):
    assert store.select(Filter(**given)).tolist() == found


def test_a_filter_that_asks_for_nothing_is_none():
    assert not Filter()
    assert Filter(tags=("x",))


def test_filters_that_cannot_be_used():
    with pytest.raises(InputError, match=r"people of a filter must be several words, but is one: \('Ada',\)"):
        Filter(people="Ada")
    with pytest.raises(InputError, match="since must be a date or time like"):
        Filter(since="yesterday")
    with pytest.raises(InputError, match="must not be empty"):
        Filter(people=[" "])


def test_names_and_collections_that_nobody_has(store):
    with store.reading() as connection:
        Filter(people=["Ada", "C\u0327em"], collections=["guests"], tags=["x"]).check(connection)
        with pytest.raises(UnknownNameError, match="unknown person 'Adda'; did you mean 'Ada'"):
            Filter(people=["Ada", "Adda"]).check(connection)
        with pytest.raises(UnknownNameError, match="unknown collection 'stuff'; did you mean 'staff'"):
            Filter(collections=["stuff"]).check(connection)
