from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from unit.gallery.fake import FakeEngine, person, picture, vector
from unit.gallery.test_graph import same
from vultus.errors import ConfigError, StoreError
from vultus.gallery import Gallery, copying, milvus
from vultus.gallery.copying import _SQUARE, TOKEN, erase_from_copies
from vultus.gallery.ledger import StoreLedger
from vultus.gallery.milvus import URI, MilvusDoor
from vultus.gallery.mirror import Mirror
from vultus.gallery.search import ExactDoor, average

pytest.importorskip("pymilvus")
pytest.importorskip("milvus_lite")


@pytest.fixture
def uri(tmp_path):
    return str(tmp_path / "milvus.db")


@pytest.fixture(autouse=True)
def nowhere_else(monkeypatch):
    for name in (URI, TOKEN):
        monkeypatch.delenv(name, raising=False)


def names(answers):
    return [[one.name for one in row] for row in answers]


@given(
    arrays(np.float32, st.tuples(st.integers(1, 6), st.just(5)), elements=st.floats(-1, 1, width=32)),
    st.floats(0, 0.98),
)
def test_no_row_is_longer_than_the_length_all_are_given(vectors, background):
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = np.where(lengths > 1e-3, vectors / np.maximum(lengths, 1e-3), np.eye(5, dtype=np.float32)[0])
    rows, offsets = average(vectors.astype(np.float32), np.zeros(1, np.int64), background)
    assert rows[0] @ rows[0] + offsets[0] ** 2 <= _SQUARE


@pytest.fixture
def gallery(tmp_path):
    with Gallery.open(tmp_path / "people.vultus", engine=FakeEngine()) as gallery:
        for n in range(12):
            images = [picture(person(f"p{n}", 0.3, seed)) for seed in range(1 + n % 3)]
            gallery.enroll(f"p{n}", images, collection=("staff", "guests")[n % 2])
        yield gallery


class Watch:
    """What was sent to Milvus."""

    def __init__(self, monkeypatch):
        self.sent, self.deleted, self.anew = [], [], 0
        put, drop, renew = Mirror.put, Mirror.drop, Mirror.renew

        def watched_put(mirror, part, rows):
            self.sent += rows.people.tolist()
            put(mirror, part, rows)

        def watched_drop(mirror, rows):
            self.deleted += sorted(rows := list(rows))
            return drop(mirror, rows)

        def watched_renew(mirror):
            self.anew += 1
            renew(mirror)

        for name, function in (("put", watched_put), ("drop", watched_drop), ("renew", watched_renew)):
            monkeypatch.setattr(Mirror, name, function)

    def forget(self):
        self.sent, self.deleted, self.anew = [], [], 0


@pytest.fixture
def watch(monkeypatch):
    return Watch(monkeypatch)


def opened(gallery, uri, rule="average", **options):
    return MilvusDoor(StoreLedger(gallery._store), rule, 0.2, uri=uri, allow_plain=True, **options)


def agrees(door, gallery, rule="average"):
    exact = ExactDoor(gallery._store.templates(), rule, 0.2)
    probes = np.array([vector(f"p{n}", 0.4, 77) for n in range(14)])
    assert (door.n_people, door.n_templates) == (exact.n_people, exact.n_templates)
    assert same(door.search(probes, 5), exact.search(probes, 5)) == 1
    for within in (np.arange(door.n_people)[::2], np.arange(door.n_people)[1::2]):
        assert names(door.search(probes, 5, within)) == names(exact.search(probes, 5, within))


@pytest.mark.parametrize("rule", ["average", "best"])
def test_only_who_has_changed_is_sent(rule, gallery, uri, watch, monkeypatch):
    monkeypatch.setattr(milvus, "_FEW_PEOPLE", 1)
    with closing(opened(gallery, uri, rule)) as door:
        assert watch.anew == 1
        assert sorted(set(watch.sent)) == list(range(1, 13))
        agrees(door, gallery, rule)
        watch.forget()
        gallery.enroll("new", picture(person("p13", 0.3)), collection="others")
        gallery.enroll("p4", picture(person("p4", 0.3, 50)))
        assert door.follow()
        assert (sorted(set(watch.sent)), watch.deleted, watch.anew) == ([5, 13], [], 0)
        agrees(door, gallery, rule)
        watch.forget()
        gallery.rename("p4", "else")
        assert door.follow()
        assert (set(watch.sent), watch.deleted, watch.anew) == ({5}, [], 0)
        agrees(door, gallery, rule)
    watch.forget()
    with closing(opened(gallery, uri, rule)) as door:
        agrees(door, gallery, rule)
    assert (watch.sent, watch.deleted, watch.anew) == ([], [], 0), "the copy was still there, and up to date"


@pytest.mark.parametrize("rule", ["average", "best"])
def test_who_is_removed_is_deleted_from_the_files_too(rule, gallery, uri, tmp_path, watch):
    with closing(opened(gallery, uri, rule)) as door:
        assert {tuple(gallery._store.templates().vectors[0])} & everything(tmp_path), "the sweep sees what is there"
        gone = gallery._store.faces("p2")
        watch.forget()
        gallery.remove("p2")
        assert door.follow()
        assert len(watch.deleted) == (1 if rule == "average" else 3)
        assert watch.anew == 1, "a file is written anew"
        agrees(door, gallery, rule)
        left = everything(tmp_path)
        assert left
        assert not {tuple(template) for _, template in gone} & left


def everything(folder):
    """Every vector in the files of Milvus Lite, without what the door has added."""
    import pyarrow
    from pyarrow import parquet

    found = []
    for file in sorted((folder / "milvus.db").rglob("*")):
        if file.suffix == ".parquet":
            tables = [parquet.read_table(file)]
        elif file.suffix == ".arrow":
            with pyarrow.OSFile(str(file)) as stream:
                tables = [pyarrow.ipc.open_stream(stream).read_all()]
        else:
            continue
        found += [row for table in tables if "vector" in table.column_names for row in table["vector"].to_pylist()]
    return {tuple(np.float32(row[:32])) for row in found}


@pytest.mark.parametrize("rule", ["average", "best"])
def test_a_replaced_picture(rule, gallery, uri, tmp_path, watch):
    """The average that it was part of is told apart from one that has only grown."""
    with closing(opened(gallery, uri, rule)) as door:
        before = everything(tmp_path)
        watch.forget()
        gallery.enroll("p2", picture(person("p2", 0.3, 60)), on_clash="replace")
        assert door.follow()
        assert watch.anew == 1
        agrees(door, gallery, rule)
        assert len(before - everything(tmp_path)) == (1 if rule == "average" else 3)


def test_a_person_who_goes_to_another_part(gallery, uri, watch, monkeypatch):
    monkeypatch.setattr(milvus, "_FEW_PEOPLE", 1)
    with closing(opened(gallery, uri)) as door:
        watch.forget()
        with gallery._store.writing():
            gallery._store._connection.execute(
                "UPDATE person SET collection = 'guests', revision = ? WHERE name = 'p0'",
                (gallery._store.revision() + 1,),
            )
        assert door.follow()
        assert watch.deleted == [1]
        assert door._copier.mirror.rows_of(np.array([1]), "guests") == {1: [1]}
        assert door._copier.mirror.rows_of(np.array([1]), "staff") == {}
        agrees(door, gallery)


def test_on_a_server_what_is_gone_is_deleted_and_compacted(gallery, uri, watch, monkeypatch):
    """Milvus Lite stands in for the server: what matters is what is asked of it."""
    asked = []
    with closing(opened(gallery, uri)) as door:
        monkeypatch.setattr(copying, "is_file", lambda uri: False)
        monkeypatch.setattr(Mirror, "purge", lambda self: asked.append("purge"))
        gallery.remove("p2")
        assert door.follow()
        assert (watch.deleted, watch.anew, asked) == ([3], 1, ["purge"])
        agrees(door, gallery)


def test_a_copy_of_another_past_is_made_anew(gallery, uri, tmp_path, watch):
    """A gallery that was put back from a backup, and has changed in another way since."""
    backup = tmp_path / "backup.vultus"
    backup.write_bytes(b"")
    gallery._store.forget()
    backup.write_bytes(gallery.path.read_bytes())
    with closing(opened(gallery, uri)):
        pass
    gallery.enroll("later", picture(person("p13", 0.3)))
    with closing(opened(gallery, uri)):
        pass
    with Gallery.open(backup, engine=FakeEngine()) as other:
        watch.forget()
        with closing(opened(other, uri)) as door:
            assert watch.anew == 1, "the copy is of a later revision"
            agrees(door, other)
        other.enroll("other", picture(person("p12", 0.3)))
        other.enroll("another", picture(person("p13", 0.3)))
        with closing(opened(gallery, uri)) as door:
            agrees(door, gallery)
        assert gallery._store.revision() < other._store.revision()
        watch.forget()
        with closing(opened(other, uri)) as door:
            assert watch.anew == 1, "the number 13 is somebody else there"
            agrees(door, other)


def test_the_last_word_is_said_by_whoever_is_about_to_search(gallery, uri, monkeypatch):
    """A search sees what came before the last word of its own program: also what another has sent."""
    said, note = [], Mirror.note

    def watched(mirror, state):
        said.append((mirror, state["revision"]))
        note(mirror, state)

    monkeypatch.setattr(Mirror, "note", watched)
    with closing(opened(gallery, uri)) as one, closing(opened(gallery, uri)) as other:
        gallery.enroll("new", picture(person("p13", 0.3)))
        for door in (one, other):
            assert door.follow()
            assert said[-1] == (door._copier.mirror, gallery._store.revision())
        agrees(one, gallery)


def test_a_copy_that_somebody_has_cut(gallery, uri, watch):
    with closing(opened(gallery, uri)) as door:
        door._copier.mirror.drop([3])
    watch.forget()
    with closing(opened(gallery, uri)) as door:
        assert watch.anew == 1, "it does not hold whom it should"
        agrees(door, gallery)


def test_another_index_makes_another_copy(gallery, uri, watch):
    with closing(opened(gallery, uri)):
        pass
    watch.forget()
    with closing(opened(gallery, uri, index="HNSW")) as door:
        assert (watch.anew, door.recall.share) == (1, 1.0)
        agrees(door, gallery)
    with closing(opened(gallery, uri, index="HNSW")) as door:
        assert (watch.anew, door.recall.share) == (1, 1.0), "what was measured is remembered"


def test_a_fill_that_was_interrupted(gallery, uri, monkeypatch, watch):
    put = Mirror.put

    def breaks(mirror, part, rows):
        put(mirror, part, rows)
        raise KeyboardInterrupt

    monkeypatch.setattr(Mirror, "put", breaks)
    with pytest.raises(KeyboardInterrupt):
        opened(gallery, uri)
    monkeypatch.setattr(Mirror, "put", put)
    with closing(opened(gallery, uri)) as door:
        agrees(door, gallery)


def test_everybody_leaves(gallery, uri, tmp_path):
    with closing(opened(gallery, uri)) as door:
        for one in gallery.people():
            gallery.remove(one.name)
        assert door.follow()
        assert (door.n_people, door.search(np.ones((1, 32), np.float32), 3)) == (0, [[]])
        assert {row for row in everything(tmp_path) if any(row)} == set()


def test_an_encrypted_gallery_is_copied_only_if_told(gallery, uri):
    with pytest.raises(ConfigError, match="this gallery is encrypted, but Milvus keeps templates readable"):
        MilvusDoor(StoreLedger(gallery._store), uri=uri)


def test_the_gallery_knows_its_copies(gallery, uri):
    with closing(opened(gallery, uri)), closing(opened(gallery, uri)):
        pass
    (place,) = StoreLedger(gallery._store).copies()
    assert place["uri"] == uri
    assert place["name"].startswith(f"vultus_{gallery._store.vault.gallery_id}")


def test_another_contract_needs_another_copy(gallery, uri):
    with closing(opened(gallery, uri)) as door:
        with gallery._store.writing():
            gallery._store._connection.execute("UPDATE meta SET value = 'fake:another' WHERE key = 'contract'")
        assert door.follow() is False


# --------------------------------------------------------------------------------------- those who change it elsewhere
def test_copies_follow_a_gallery_that_another_door_changed(gallery, uri, tmp_path):
    for rule in ("average", "best"):
        opened(gallery, uri, rule).close()
    gone = [tuple(template) for _, template in gallery._store.faces("p1")]
    assert set(gone) & everything(tmp_path)
    gallery.remove("p1")
    assert not set(gone) & everything(tmp_path)
    assert len(StoreLedger(gallery._store).copies()) == 2


def test_a_copy_that_is_there_no_more_is_forgotten(gallery, uri, tmp_path):
    opened(gallery, uri).close()
    book = StoreLedger(gallery._store)
    (place,) = book.copies()
    book.note_copy({**place, "uri": str(tmp_path / "deleted.db")})
    book.note_copy({**place, "name": "vultus_dropped"})
    erase_from_copies(book)
    assert [(one["uri"], one["name"]) for one in book.copies()] == [(uri, place["name"])]
    assert not (tmp_path / "deleted.db").exists()


def test_copies_are_dropped(gallery, uri, tmp_path):
    for rule in ("average", "best"):
        opened(gallery, uri, rule).close()
    assert everything(tmp_path)
    assert [(one["uri"], one["rule"]) for one in gallery.copies()] == [(uri, "average"), (uri, "best")]
    assert gallery.drop_copies() == []
    last = list(gallery.audit_log())[-1]
    assert (last.action, last.detail) == ("delete", {"copies": 2})
    assert everything(tmp_path) == set()
    assert gallery.copies() == []


def test_a_copy_under_an_old_contract_is_dropped(gallery, uri, tmp_path):
    opened(gallery, uri).close()
    with gallery._store.writing():
        gallery._store._connection.execute("UPDATE meta SET value = 'fake:another' WHERE key = 'contract'")
    erase_from_copies(StoreLedger(gallery._store))
    assert StoreLedger(gallery._store).copies() == []
    assert everything(tmp_path) == set()


def test_a_copy_that_cannot_follow(gallery, uri, monkeypatch):
    opened(gallery, uri).close()

    def refuse(*args):
        raise StoreError("Milvus at x does not answer")

    monkeypatch.setattr(copying, "connect", refuse)
    with pytest.raises(
        StoreError, match=r"this is done in .*, but the copy of its templates in Milvus could not follow"
    ):
        erase_from_copies(StoreLedger(gallery._store))


def test_a_gallery_opened_read_only_sends_nothing(gallery, uri):
    with Gallery.open(gallery.path, engine=FakeEngine(), read_only=True) as reader:
        with pytest.raises(StoreError, match="was opened read-only"):
            opened(reader, uri)
        opened(gallery, uri).close()
        with closing(opened(reader, uri)) as door:
            agrees(door, reader)


def test_steps():
    assert [some.tolist() for some in copying.steps(np.arange(5), 2)] == [[0, 1], [2, 3], [4]]
