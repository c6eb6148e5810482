from __future__ import annotations

import pytest

from unit.gallery.fake import CONTRACT, DIMENSION, vector
from vultus.gallery import locksmith
from vultus.gallery.keys import MasterKey, new_key
from vultus.gallery.locksmith import CROP, SEALED, STAGED, Locksmith
from vultus.gallery.record import UNKNOWN_COLLECTION, NewFace
from vultus.gallery.store import Store
from vultus.gallery.templates import TEMPLATE, encode

POINTS = tuple((float(at), 1.0) for at in range(5))


def fill(store):
    """Two collections and somebody unknown; crops, and one staged template."""
    with store.writing() as writer:
        writer.bind(CONTRACT, DIMENSION)
        ids = [writer.person("Ada", collection="staff"), writer.person("Bob"), None]
        for n, person_id in enumerate(ids * 3):
            box, template = (0.0, 0.0, 9.0, 9.0), vector(f"{n}")
            face = NewFace("a.jpg", f"{n:064x}", box, POINTS, 0.9, 0.8, (), template, crop=b"jpeg %d" % n)
            writer.add(person_id, face)
        key_id, sealed = store._connection.execute("SELECT key_id, template FROM face WHERE face_id = 1").fetchone()
        blob = store.vault.seal(key_id, STAGED, 1, store.vault.open(key_id, TEMPLATE, 1, sealed))
        store._connection.execute("INSERT INTO staged VALUES (1, 'other:1', ?, ?)", (key_id, blob))


def contents(store):
    """Everything sealed, opened, by kind and face."""
    store.vault.load(store._connection)
    return {
        (kind, row[0]): store.vault.open(row[1], kind, row[0], row[2])
        for table, column, kind in SEALED
        for row in store._connection.execute(f"SELECT face_id, key_id, {column} FROM {table}")
    }


def collections(store):
    """Collection of each data key, and the keys in use."""
    keys = dict(store._connection.execute("SELECT key_id, collection FROM data_key"))
    used = {row[0] for table, _, _ in SEALED for row in store._connection.execute(f"SELECT key_id FROM {table}")}
    return keys, used


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(locksmith, "_BATCH", 2)
    store = Store(tmp_path / "people.vultus")
    fill(store)
    yield store
    store.close()


def test_rotation_changes_every_key_but_the_gallerys_own_and_no_value(store):
    before, (old, _) = contents(store), collections(store)
    assert before[TEMPLATE, 3] == encode(vector("2"))
    assert before[CROP, 3] == b"jpeg 2"
    told = []
    with store.writing() as writer:
        assert Locksmith(writer._connection, store.vault, "now").rotate(told.append) == 9 + 9 + 1
    assert told == sorted(told)
    assert told[-1] == 19
    assert contents(store) == before
    keys, used = collections(store)
    assert sorted(keys.values()) == sorted(old.values()) == ["", "default", "staff", UNKNOWN_COLLECTION]
    own = {key_id for key_id, collection in keys.items() if collection == ""}
    assert keys.keys() & old.keys() == own
    assert used == keys.keys() - own


def test_a_rotation_that_is_undone(store):
    before, old = contents(store), collections(store)

    def interrupted():
        with store.writing() as writer:
            Locksmith(writer._connection, store.vault, "now").rotate()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert collections(store) == old
    assert contents(store) == before


def test_a_plain_gallery_is_sealed_with_the_key_of_each_collection(tmp_path, monkeypatch):
    monkeypatch.setattr(locksmith, "_BATCH", 2)
    store = Store(tmp_path / "people.vultus", vault=False)
    fill(store)
    before = contents(store)
    master = MasterKey(b"m" * 32)
    with store.writing() as writer:
        assert Locksmith(writer._connection, store.vault, "now").seal_all(master) == 19
    keys, used = collections(store)
    assert sorted(keys.values()) == ["", "default", "staff", UNKNOWN_COLLECTION]
    assert 0 not in used
    store.close()
    store = Store(tmp_path / "people.vultus", key=master)
    assert contents(store) == before
    store.forget()
    raw = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert encode(vector("2")) not in raw
    assert b"jpeg 2" not in raw
    store.close()


def test_another_master_key_and_a_forgotten_collection(store):
    master = new_key()
    with store.writing() as writer:
        smith = Locksmith(writer._connection, store.vault, "now")
        smith.rewrap(master)
        assert smith.forget("staff") is True
        assert smith.forget("staff") is False
    assert {row[0] for row in store._connection.execute("SELECT master_id FROM data_key")} == {master.key_id}
    assert "staff" not in collections(store)[0].values()
