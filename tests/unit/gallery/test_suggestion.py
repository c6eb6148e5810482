from __future__ import annotations

import numpy as np
import pytest

from unit.gallery.fake import CONTRACT, DIMENSION, vector
from unit.gallery.test_unnamed import face
from vultus.gallery.denial import Denials
from vultus.gallery.search import ExactDoor
from vultus.gallery.store import Store
from vultus.gallery.suggestion import suggest
from vultus.gallery.templates import Templates
from vultus.gallery.unnamed import Unnamed

PEOPLE = ("ada", "bob")
NOBODY = Denials((), np.zeros((0, 1), np.float32))


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "people.vultus")
    with store.writing() as writer:
        writer.bind(CONTRACT, DIMENSION)
    yield store
    store.close()


def asked(store, groups: list[int], who: list[str], denials: Denials = NOBODY) -> dict[int, str]:
    vectors = np.stack([vector(name) for name in PEOPLE])
    door = ExactDoor(Templates(1, PEOPLE, np.arange(2), np.arange(2), vectors))
    with store.writing() as writer, store.reading() as connection:
        for number, name in enumerate(who, start=1):
            writer.add(None, face(number, name, quality=1 - number / 100))
        unnamed = Unnamed(connection, store.vault)
        unnamed.regrouped(unnamed.state(), np.array(groups))
        return suggest(connection, store.vault, door, denials, 0.9)


def test_more_than_half_of_the_best_faces_decide(store):
    groups = [1, 1, 1, 2, 2, 3, 3, 3]
    who = ["ada", "ada", "zoe", "bob", "zoe", "zoe", "zoe", "bob"]
    assert asked(store, groups, who) == {1: "ada"}


def test_five_faces_are_asked(store):
    assert asked(store, [4] * 9, ["ada"] * 3 + ["zoe"] * 6) == {4: "ada"}


def test_denials_count(store):
    assert asked(store, [1], ["ada"], Denials(("ada",), vector("ada", 0.01)[None])) == {1: "ada"}
    assert asked(store, [1, 2], ["eve"], Denials(("ada",), vector("ada")[None])) == {1: "ada"}


def test_nothing_to_suggest(store):
    assert asked(store, [], []) == {}


def test_many_groups_go_in_batches(store, monkeypatch):
    monkeypatch.setattr("vultus.gallery.suggestion._BATCH", 2)
    assert asked(store, [1, 1, 1, 2, 2], ["ada", "ada", "ada", "bob", "bob"]) == {1: "ada", 2: "bob"}
