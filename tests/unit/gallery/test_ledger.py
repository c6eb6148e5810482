from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from unit.gallery.fake import FakeEngine, person, picture, vector
from vultus.errors import StoreError
from vultus.gallery import Gallery, ledger
from vultus.gallery.ledger import HeldLedger, StoreLedger
from vultus.gallery.store import Store
from vultus.gallery.templates import Templates


@pytest.fixture
def gallery(tmp_path):
    with Gallery.open(tmp_path / "people.vultus", engine=FakeEngine()) as gallery:
        for name, collection, seeds in (("Ada", "staff", [0, 1]), ("Bob", "guests", [0]), ("Eve", "staff", [0, 1, 2])):
            images = [picture(person(name, 0.2, seed)) for seed in seeds]
            assert len(gallery.enroll(name, images, collection=collection).accepted) == len(seeds)
        yield gallery


@pytest.fixture
def book(gallery):
    return StoreLedger(gallery._store)


def test_the_roll_is_who_is_there(gallery, book):
    roll = book.roll()
    assert roll.revision == gallery._store.revision()
    assert roll.person_ids.tolist() == [1, 2, 3]
    assert roll.n_faces.tolist() == [2, 1, 3]
    assert [roll.parts[part] for part in roll.part_of] == ["staff", "guests", "staff"]
    assert (book.contract, book.dimension, book.sealed) == (FakeEngine().contract, 32, True)
    gallery.remove("Ada")
    later = book.roll()
    assert (later.person_ids.tolist(), later.n_faces.tolist()) == ([2, 3], [1, 3])


def test_a_roll_is_kept_up_to_date(gallery, book):
    """Only who has changed is read again, and nothing is missed."""

    def agrees():
        new, old = StoreLedger(gallery._store).roll(), book.roll()
        assert (old.revision, old.person_ids.tolist()) == (new.revision, new.person_ids.tolist())
        assert old.n_faces.tolist() == new.n_faces.tolist()
        assert [old.parts[at] for at in old.part_of] == [new.parts[at] for at in new.part_of]
        assert [column.dtype for column in (old.person_ids, old.n_faces, old.part_of)] == [np.int64, np.int32, np.int32]

    agrees()
    assert book.roll() is book.roll()
    gallery.enroll("Zoe", picture(person("Zoe")), collection="others")
    gallery.enroll("Bob", [picture(person("Bob", 0.2, seed)) for seed in (5, 6)])
    agrees()
    gallery.remove("Ada")
    gallery.rename("Eve", "Eva")
    agrees()
    gallery.enroll("Ada", picture(person("Ada", 0.2, 7)))
    gallery.enroll("Eva", picture(person("Eve", 0.2, 8)), on_clash="replace")
    agrees()
    for one in gallery.people():
        gallery.remove(one.name)
    agrees()


def test_an_empty_gallery(tmp_path):
    with Gallery.open(tmp_path / "people.vultus", engine=FakeEngine()) as gallery:
        book = StoreLedger(gallery._store)
        assert len(book.roll().person_ids) == len(book.roll().parts) == book.dimension == 0


def test_reads_the_templates_of_some(book):
    found = book.read(np.array([3, 1, 99]))
    assert (list(found.names), found.person_ids.tolist(), found.starts.tolist()) == (["Ada", "Eve"], [1, 3], [0, 2])
    wanted = [vector("Ada", 0.2, 0), vector("Ada", 0.2, 1), *(vector("Eve", 0.2, seed) for seed in range(3))]
    np.testing.assert_array_equal(found.vectors, wanted)
    assert len(found.face_ids) == 5
    assert len(book.read(np.zeros(0, np.int64)).names) == 0


def test_what_was_held_reads_as_what_is_stored(gallery, book):
    whole = gallery._store.templates()
    held = HeldLedger(whole)
    for some in ([1, 2, 3], [2], [3, 1], []):
        one, other = (kind.read(np.array(some, np.int64)) for kind in (book, held))
        assert list(one.names) == list(other.names)
        for column in ("person_ids", "starts", "face_ids", "vectors"):
            np.testing.assert_array_equal(getattr(one, column), getattr(other, column))
    assert held.roll().person_ids.tolist() == book.roll().person_ids.tolist()
    assert held.roll().n_faces.tolist() == book.roll().n_faces.tolist()
    assert held.gallery != HeldLedger(whole).gallery
    assert held.changed(whole.revision - 1) is None
    assert [len(part) for part in held.changed(whole.revision)] == [0, 0]
    with held.alone():
        held.note_copy({"uri": "a", "name": "b"})
    assert held.copy_at("a", "b") == {"uri": "a", "name": "b"}


def test_tells_who_has_changed(gallery, book):
    before = book.roll().revision
    assert [len(part) for part in book.changed(before)] == [0, 0]
    gallery.remove("Bob")
    gallery.enroll("Eve", picture(person("Eve", 0.2, 9)))
    gallery.enroll("Zoe", picture(person("Zoe")))
    touched, gone = book.changed(before)
    assert (touched.tolist(), gone.tolist()) == ([3, 4], [2])
    assert book.changed(book.roll().revision + 1) is None, "a state that this file never had"


def test_one_program_copies_at_a_time(gallery, book, monkeypatch):
    monkeypatch.setattr(ledger, "BUSY_S", 0.01)
    with book.alone():
        gallery.enroll("Zoe", picture(person("Zoe")))  # writers go on
        told = r"another program has been copying the templates of .* for 0.01 s"
        with pytest.raises(StoreError, match=told), StoreLedger(gallery._store).alone():
            pass
    with book.alone():
        pass


def test_a_folder_that_takes_no_lock(gallery, book, monkeypatch):
    def refuse(*args, **named):
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr(ledger.sqlite3, "connect", refuse)
    with pytest.raises(StoreError, match="its folder must allow new files"), book.alone():
        pass


def test_remembers_where_copies_are(gallery, book):
    revision = gallery._store.revision()
    place = {"uri": "http://somewhere:19530", "name": "vultus_1"}
    assert book.copies() == []
    assert book.copy_at(**place) == {}
    book.note_copy({**place, "mark": "old"})
    book.note_copy({**place, "mark": "new"})
    book.note_copy({**place, "name": "vultus_2"})
    exports = [entry for entry in gallery.audit_log() if entry.action == "export"]
    assert [entry.detail for entry in exports] == [{"to": "milvus", "people": 3}], "one is about to be made"
    assert book.copy_at(**place) == {**place, "mark": "new"}
    assert [one["name"] for one in book.copies()] == ["vultus_1", "vultus_2"]
    assert gallery._store.revision() == revision, "nobody has changed"
    with (
        closing(Store(gallery.path, read_only=True)) as store,
        pytest.raises(StoreError, match="was opened read-only; open it with read_only=False"),
    ):
        StoreLedger(store).note_copy(place)


def test_templates_of_another_length(gallery, book):
    with gallery._store.writing():
        gallery._store._connection.execute("UPDATE meta SET value = 16 WHERE key = 'dimension'")
    with pytest.raises(StoreError, match="a template has the wrong length"):
        book.read(np.array([1]))


def test_held_templates_know_one_part():
    templates = Templates(5, ("a", "b"), np.array([0, 2]), np.arange(3), np.eye(3, dtype=np.float32))
    roll = HeldLedger(templates).roll()
    assert (roll.revision, roll.parts, roll.n_faces.tolist(), roll.part_of.tolist()) == (
        5,
        ("default",),
        [2, 1],
        [0, 0],
    )
