from __future__ import annotations

import numpy as np
import pytest

from unit.gallery.fake import CONTRACT, DIMENSION, vector
from vultus.errors import LockedError, StoreError
from vultus.gallery.keys import new_key
from vultus.gallery.record import NewFace
from vultus.gallery.store import Store
from vultus.gallery.templates import Templates, decode, encode

POINTS = tuple((float(at), 1.0) for at in range(5))


def put(store, name, *seeds):
    with store.writing() as writer:
        writer.bind(CONTRACT, DIMENSION)
        person_id = writer.person(name) if name else None
        for seed in seeds:
            picture = f"{abs(hash((name, seed))):064x}"[-64:]
            writer.add(
                person_id, NewFace("a.jpg", picture, (0.0, 0, 9, 9), POINTS, 0.9, 0.8, (), vector(name, 0.1, seed))
            )


@pytest.fixture(params=[True, False], ids=["sealed", "plain"])
def store(tmp_path, request):
    with_vault = Store(tmp_path / "people.vultus", vault=request.param)
    yield with_vault
    with_vault.close()


def test_sealed_templates_are_not_in_the_file(tmp_path):
    for vault in (True, False):
        path = tmp_path / f"{vault}.vultus"
        store = Store(path, vault=vault)
        put(store, "Ada", 1)
        store.close()
        assert (encode(vector("Ada", 0.1, 1)) in path.read_bytes()) is not vault


def test_changes_are_what_is_new_changed_and_gone(store):
    for name in ("Ada", "Bob", "Cem"):
        put(store, name, 1, 2)
    before = store.templates()
    assert before.person_ids.tolist() == [1, 2, 3]
    assert len(store.changes(before.revision, 9).people.names) == 0
    put(store, "Dan", 1)
    put(store, "Bob", 3)
    put(store, "", 5)
    with store.writing() as writer:
        writer.remove("Ada")
        writer.rename("Cem", "Çem")
    found = store.changes(before.revision, 9)
    assert found.gone.tolist() == [1]
    assert list(found.people.names) == ["Bob", "Çem", "Dan"]
    assert found.people.person_ids.tolist() == [2, 3, 4]
    assert np.diff([*found.people.starts, len(found.people.vectors)]).tolist() == [3, 2, 1]
    assert found.revision == store.revision()
    assert store.changes(before.revision, 3) is None, "four people are more than three"
    whole = store.templates()
    np.testing.assert_array_equal(whole.vectors, found.people.vectors)
    assert len(store.templates().vectors) == 6, "the face of nobody is no template"


def test_a_damaged_template_is_told(store):
    put(store, "Ada", 1)
    with store.writing() as writer:
        writer._connection.execute("UPDATE face SET template = substr(template, 5)")
    with pytest.raises(StoreError, match=r"wrong length|is damaged, or was moved"):
        store.templates()
    assert store.check() == ["the template of face 1 is damaged"]


def test_numbers_of_people_may_be_left_out():
    rows = np.eye(3, dtype=np.float32)
    assert Templates(1, ("a", "b", "c"), np.arange(3), np.arange(3), rows).person_ids.tolist() == [1, 2, 3]


def test_a_template_comes_back():
    np.testing.assert_array_equal(decode(encode(vector("ada"))), vector("ada"))


def test_a_gallery_is_locked_without_its_key(tmp_path):
    path = tmp_path / "people.vultus"
    Store(path, key=new_key()).close()
    with pytest.raises(LockedError, match="is locked: it needs the master key"):
        Store(path)


def test_a_sealed_gallery_without_data_keys(tmp_path):
    path = tmp_path / "people.vultus"
    store = Store(path)
    with store.writing() as writer:
        writer._connection.execute("DELETE FROM data_key")
    store.close()
    with pytest.raises(StoreError, match="sealed, but without its data keys"):
        Store(path)


def test_faces_given_to_a_person_are_sealed_anew(tmp_path):
    store = Store(tmp_path / "people.vultus")
    put(store, "", 1, 2)
    with store.writing() as writer:
        writer.give([1, 2], writer.person("Ada", collection="staff"))
    keys = dict(store._connection.execute("SELECT key_id, collection FROM data_key"))
    assert [keys[row[0]] for row in store._connection.execute("SELECT key_id FROM face")] == ["staff", "staff"]
    assert list(store.templates().names) == ["Ada"]
    np.testing.assert_array_equal(store.templates().vectors[1], vector("", 0.1, 2))
    store.close()
