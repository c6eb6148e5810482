from __future__ import annotations

import contextlib
import os
import stat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.gallery.fake import FakeEngine, person, picture
from vultus.gallery import Gallery, matrix
from vultus.gallery.matrix import Mark, forget_matrix, keep_matrix, kept_templates, load_matrix, matrix_path
from vultus.gallery.store import Store
from vultus.gallery.templates import Templates

MARK = Mark("g1", "pack:abc", 7, "beef", 12, "f00d")
KEYS = {"plain": lambda salt, key_ids: None, "sealed": lambda salt, key_ids: salt * 2}


def templates(count: int = 300, seed: int = 0) -> Templates:
    vectors = np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)
    names = tuple(f"Zoë {n}" for n in range(count // 2))
    return Templates(5, names, np.arange(0, count, 2), np.arange(count) + 9, vectors, np.arange(count // 2) * 3, "g1")


def same(one: Templates, other: Templates) -> bool:
    fields = ("starts", "face_ids", "vectors", "person_ids")
    return list(one.names) == list(other.names) and one.revision == other.revision and all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in fields
    )  # fmt: skip


@pytest.mark.parametrize("way", KEYS)
@pytest.mark.parametrize("count", [0, 2, 300])
def test_there_and_back(way, count, tmp_path, monkeypatch):
    monkeypatch.setattr(matrix, "_CHUNK", 1000)
    gallery = tmp_path / "a.vultus"
    assert keep_matrix(gallery, templates(count), MARK, KEYS[way])
    found, mark = load_matrix(gallery, KEYS[way])
    assert same(found, templates(count))
    assert mark == MARK
    path = matrix_path(gallery)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["a.vultus-matrix"]
    assert (templates(300).vectors[:8].tobytes() in path.read_bytes()) == (way == "plain" and count == 300)
    assert ("Zoë 0".encode() in path.read_bytes()) == (way == "plain" and count > 0)


@pytest.mark.parametrize("way", KEYS)
def test_damage_is_noticed_wherever_it_is(way, tmp_path):
    gallery = tmp_path / "a.vultus"
    keep_matrix(gallery, templates(20), MARK, KEYS[way])
    path = matrix_path(gallery)
    whole = path.read_bytes()
    used = [at for at in range(0, len(whole), 7) if whole[at]]

    @given(st.sampled_from(used), st.integers(1, 255))
    def damaged(at, change):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ change]) + whole[at + 1 :])
        found = load_matrix(gallery, KEYS[way])
        if found is not None:
            # A plain header may tell another state, and `Store` looks at that; the numbers are right.
            assert way == "plain"
            assert found[1] != MARK or found[0].revision != 5 or same(found[0], templates(20))

    damaged()
    for length in (0, 10, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert load_matrix(gallery, KEYS[way]) is None


def test_another_key_or_none(tmp_path):
    gallery = tmp_path / "a.vultus"
    assert load_matrix(gallery, KEYS["plain"]) is None
    keep_matrix(gallery, templates(), MARK, KEYS["sealed"])
    assert load_matrix(gallery, KEYS["plain"]) is None
    assert load_matrix(gallery, lambda salt, key_ids: bytes(32)) is None
    keep_matrix(gallery, templates(), MARK, KEYS["plain"])
    assert load_matrix(gallery, KEYS["sealed"]) is None


def test_a_disk_that_refuses(tmp_path):
    assert not keep_matrix(tmp_path / "no folder/a.vultus", templates(), MARK, KEYS["plain"])


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(matrix, "_write", full)
    assert not keep_matrix(tmp_path / "a.vultus", templates(), MARK, KEYS["plain"])
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_program_left_is_forgotten_too(tmp_path):
    for name in ("a.vultus-matrix", "a.vultus-matrix.77-ab", "a.vultus", "b.vultus-matrix"):
        (tmp_path / name).touch()
    forget_matrix(tmp_path / "a.vultus")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.vultus", "b.vultus-matrix"]
    forget_matrix(tmp_path / "no folder/a.vultus")
    (tmp_path / "b.vultus-matrix.77-ab").touch()
    assert keep_matrix(tmp_path / "b.vultus", templates(), MARK, KEYS["plain"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.vultus", "b.vultus-matrix"]


@pytest.fixture(params=[True, False], ids=["vault", "plain"])
def gallery_file(request, tmp_path, monkeypatch):
    monkeypatch.setattr(matrix, "KEPT_FROM", 3)
    path = tmp_path / "people.vultus"
    with Gallery.open(path, engine=FakeEngine(), vault=request.param) as gallery:
        for name in ("ada", "bob", "eve"):
            gallery.enroll(name, picture(person(name)))
        assert asked(gallery, "bob") == "bob"
    assert matrix_path(path).exists()
    return path


def asked(gallery: Gallery, who: str) -> str | None:
    (found,) = gallery.identify(picture(person(who)))
    return found.name


def test_the_next_program_reads_no_rows(gallery_file, monkeypatch):
    monkeypatch.setattr(Store, "templates", lambda self: pytest.fail("it is there already"))
    with Gallery.open(gallery_file, engine=FakeEngine()) as gallery:
        assert asked(gallery, "eve") == "eve"
        gallery.enroll("joe", picture(person("joe")))
        assert asked(gallery, "joe") == "joe"
    with Gallery.open(gallery_file, engine=FakeEngine()) as gallery:
        assert asked(gallery, "joe") == "joe", "an older matrix, and what has changed since"


def test_removing_somebody_deletes_it(gallery_file):
    with Gallery.open(gallery_file, engine=FakeEngine()) as gallery:
        gallery.remove("bob")
        assert not matrix_path(gallery_file).exists()
        assert asked(gallery, "bob") is None
        assert asked(gallery, "eve") == "eve"


def test_a_damaged_one_is_made_anew(gallery_file):
    path = matrix_path(gallery_file)
    path.write_bytes(path.read_bytes()[:-200])
    with Gallery.open(gallery_file, engine=FakeEngine()) as gallery:
        assert asked(gallery, "ada") == "ada"
    with contextlib.closing(Store(gallery_file)) as store:
        assert kept_templates(store) is not None


def test_a_gallery_that_was_set_back_and_changed(gallery_file, tmp_path):
    old = tmp_path / "old"
    with Gallery.open(gallery_file, engine=FakeEngine()) as gallery:
        gallery._store.forget()
    saved = gallery_file.read_bytes()
    with Gallery.open(gallery_file, engine=FakeEngine()) as gallery:
        gallery.enroll("joe", picture(person("joe")))
        assert asked(gallery, "joe") == "joe"
    kept = matrix_path(gallery_file).read_bytes()
    for extra in ("", "-wal", "-shm"):
        old.with_name(gallery_file.name + extra).unlink(missing_ok=True)
    gallery_file.write_bytes(saved)
    matrix_path(gallery_file).write_bytes(kept)
    with Gallery.open(gallery_file, engine=FakeEngine()) as gallery:
        gallery.enroll("kim", picture(person("kim")))
        gallery.enroll("lea", picture(person("lea")))
        assert kept_templates(gallery._store) is None
        assert asked(gallery, "joe") is None
        assert asked(gallery, "kim") == "kim"


def test_a_read_only_gallery_keeps_nothing(gallery_file):
    os.unlink(matrix_path(gallery_file))
    with Gallery.open(gallery_file, engine=FakeEngine(), read_only=True) as gallery:
        assert asked(gallery, "ada") == "ada"
    assert not matrix_path(gallery_file).exists()


def test_somebody_is_removed_while_it_is_written(gallery_file, monkeypatch):
    forget_matrix(gallery_file)
    with Gallery.open(gallery_file, engine=FakeEngine()) as gallery:

        def late(*given):
            gallery.remove("bob")
            return keep_matrix(*given)

        monkeypatch.setattr(matrix, "keep_matrix", late)
        asked(gallery, "ada")
        monkeypatch.undo()
        assert not matrix_path(gallery_file).exists()


@pytest.mark.parametrize("how", ["shred", "rotate"])
def test_an_older_copy_does_not_open_once_a_key_is_gone(how, gallery_file):
    with Gallery.open(gallery_file, engine=FakeEngine()) as gallery:
        if not gallery.vault_state().on:
            pytest.skip("there are no keys")
        gallery.enroll("joe", picture(person("joe")), collection="guests")
        forget_matrix(gallery_file)
        matrix.templates_of(gallery._store)
        copy = matrix_path(gallery_file).read_bytes()
        assert load_matrix(gallery_file, matrix._key_of(gallery._store)) is not None
        _ = gallery.shred("guests") if how == "shred" else gallery.rotate()
        matrix_path(gallery_file).write_bytes(copy)
        assert load_matrix(gallery_file, matrix._key_of(gallery._store)) is None
        assert asked(gallery, "ada") == "ada"


def test_a_key_that_goes_while_it_is_written(tmp_path):
    def gone(salt, key_ids):
        raise KeyError(3)

    assert not keep_matrix(tmp_path / "a.vultus", templates(), MARK, gone, (3,))
    assert list(tmp_path.iterdir()) == []


def test_a_plain_one_is_not_taken_for_a_sealed_one(gallery_file):
    with contextlib.closing(Store(gallery_file)) as store:
        found, mark = load_matrix(gallery_file, matrix._key_of(store))
        for key_ids in ((), (999,)):
            assert keep_matrix(gallery_file, found, mark, KEYS["plain"], key_ids)
            assert (kept_templates(store) is None) == store.vault.on
