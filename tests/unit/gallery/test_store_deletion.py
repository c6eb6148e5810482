"""What was deleted is in no byte of any file of the gallery: neither templates nor cut-outs nor names."""

from __future__ import annotations

import sqlite3
import zlib
from pathlib import Path

import numpy as np
import pytest

from unit.gallery.fake import CONTRACT, POINTS, calibration, vector
from vultus.gallery import Gallery, matrix
from vultus.gallery.crop import cut
from vultus.gallery.locksmith import STAGED
from vultus.gallery.retention import Consent
from vultus.inference.image import read
from vultus.types import Box, Embedding, Face, Quality

BOX = Box(np.array([40, 40, 100, 100], dtype=np.float32))
NAME, OTHER = "Adalgisa Quux", "Bartholomew Zyx"
SECRETS = (NAME, "left-handed 7351", "/secret/quux.jpg", "cupboard 9, file 4711", "quuxtag")
COUNT = 12


class Engine:
    """The person and the number of a picture stand in its first pixels."""

    contract, calibration = CONTRACT, calibration()

    def find(self, image):
        first = read(image)[0, 0]
        return [Face(BOX, POINTS, 0.9, Quality(0.9), Embedding(template(int(first[0]), int(first[1])), CONTRACT))]

    def find_each(self, sources, *, embed=True, batch=16):
        for source in sources:
            yield source, self.find(source)


def template(who: int, number: int) -> np.ndarray:
    return vector(f"person {who}", 0.2, number)


def photograph(who: int, number: int) -> np.ndarray:
    """Noise, so that the cut-out is like no other."""
    picture = np.random.default_rng(zlib.crc32(f"{who} {number}".encode())).integers(0, 256, (160, 160, 3), np.uint8)
    picture[0, 0] = who, number, 0
    return picture


def numbers_as_bytes(values: np.ndarray) -> list[bytes]:
    """Parts of a vector as they would lie on a disk: float32, float64, float16, int8 by several scales."""
    found = []
    for part in (values[:12], values[-12:]):
        found += [part.astype(kind).tobytes() for kind in ("<f4", "<f8", "<f2")]
        found += [np.round(part * scale).astype(np.int8).tobytes() for scale in (127, 127 / np.abs(values).max(), 128)]
    return found


def traces(who: int) -> dict[str, list[bytes]]:
    """What must not be found of a person."""
    templates = [template(who, number) for number in range(COUNT)]
    mean = np.mean(templates, axis=0)
    rows = [*templates, mean, mean / np.linalg.norm(mean)]
    crops = [cut(photograph(who, number), BOX) for number in range(COUNT)]
    return {
        "templates": [pattern for row in rows for pattern in numbers_as_bytes(row)],
        # the first bytes of all JPEG files are alike
        "crops": [crop[start : start + 24] for crop in crops for start in (700, len(crop) // 2, len(crop) - 40)],
    }


def look(folder: Path, patterns: list[bytes]) -> int:
    """How many of the patterns are in any file."""
    raw = b"\0".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())
    return sum(pattern in raw for pattern in patterns)


def words(*texts: str) -> list[bytes]:
    return [text.encode(kind) for text in texts for kind in ("utf-8", "utf-16-le")]


@pytest.fixture(params=[True, False], ids=["vault on", "vault off"])
def gallery(tmp_path, request, monkeypatch):
    monkeypatch.setattr(matrix, "KEPT_FROM", 1)
    folder = tmp_path / "gallery"
    with Gallery.open(folder / "people.vultus", engine=Engine(), vault=request.param, crops=True) as gallery:
        for number in range(COUNT):
            gallery.enroll(
                NAME, [photograph(1, number)], metadata={"note": SECRETS[1]}, collection="one", tags=[SECRETS[4]]
            )
            gallery.enroll(OTHER, [photograph(2, number)])
        with gallery._store.writing() as writer:
            writer._connection.execute("UPDATE face SET source = ? WHERE person_id = 1", (SECRETS[2],))
            writer.refuse(NAME, "ab" * 32, "options", ["blurred"])
            # as a migration leaves them that has not come to its end
            for face_id, key_id, number in writer._connection.execute(
                "SELECT face_id, key_id, face_id / 2 FROM face WHERE person_id = 1"
            ).fetchall():
                sealed = gallery._store.vault.seal(key_id, STAGED, face_id, template(1, number).tobytes())
                writer._connection.execute("INSERT INTO staged VALUES (?, 'new:0', ?, ?)", (face_id, key_id, sealed))
        gallery.set_consent(NAME, Consent("consent", note=SECRETS[3]))
        assert gallery.identify(photograph(1, 0))[0].name == NAME
        assert matrix.matrix_path(gallery.path).exists()
        yield gallery


def remove(gallery):
    gallery.remove(NAME)


def expire(gallery):
    gallery.keep(NAME, until="2001-01-01")
    gallery.expire()


def shred(gallery):
    gallery.shred("one") if gallery._store.vault.on else gallery.remove(NAME)


def replace(gallery):
    """The faces go, the person stays with another one."""
    gallery.enroll(NAME, [photograph(3, 0)], on_clash="replace")


@pytest.mark.parametrize("delete", [remove, expire, shred, replace])
def test_templates_cut_outs_and_names_are_gone(gallery, delete):
    folder, sealed = gallery.path.parent, gallery._store.vault.on
    hers, his = traces(1), traces(2)
    gallery._store.forget()
    # the scan finds what there is, and with the vault on there is nothing to be found even before
    assert look(folder, words(*SECRETS)) == len(SECRETS)
    assert (look(folder, hers["templates"]) > 0) == (look(folder, hers["crops"]) > 0) == (not sealed)
    delete(gallery)
    assert look(folder, hers["templates"]) == look(folder, hers["crops"]) == 0
    if delete is not replace:
        assert look(folder, words(*SECRETS)) == 0
    assert gallery.identify(photograph(1, 0))[0].name is None
    assert gallery.identify(photograph(2, 0))[0].name == OTHER
    gallery.export(folder / "all.json")
    assert look(folder, [*hers["templates"], *hers["crops"]]) == 0
    assert (look(folder, words(*SECRETS)) == 0) == (delete is not replace)
    assert sealed or look(folder, his["crops"]) == len(his["crops"]), "somebody else has lost something"
    gallery.close()
    assert look(folder, [*hers["templates"], *hers["crops"]]) == 0
    assert {file.name for file in folder.iterdir()} <= {"people.vultus", "people.vultus-matrix", "all.json"}


def test_the_kept_matrix_is_looked_at_too(gallery):
    """It is the first thing to be deleted, so that the other tests would not see what is wrong with it."""
    kept, sealed = matrix.matrix_path(gallery.path), gallery._store.vault.on
    raw = kept.read_bytes()
    assert any(pattern in raw for pattern in traces(1)["templates"]) == (not sealed)
    assert any(pattern in raw for pattern in words(NAME)) == (not sealed)
    gallery.remove(NAME)
    assert not kept.exists()
    with Gallery.open(gallery.path, engine=Engine()) as anew:
        anew.identify(photograph(2, 0))
    raw = kept.read_bytes()
    assert not any(pattern in raw for pattern in [*traces(1)["templates"], *words(NAME)])


@pytest.mark.parametrize("delete", [remove, expire, replace, lambda gallery: gallery.rename(NAME, "Somebody")])
def test_killed_before_all_was_wiped_the_next_program_does_it(gallery, delete, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(type(gallery._store), "forget", lambda store: None)
        delete(gallery)
    assert matrix.matrix_path(gallery.path).exists()
    assert gallery._store.must_forget()
    with Gallery.open(gallery.path, read_only=True) as reader:
        assert not reader._store.must_forget(), "who may not write cannot wipe"
    with Gallery.open(gallery.path) as anew:
        assert not anew._store.must_forget()
        assert not matrix.matrix_path(gallery.path).exists()
        raw = b"".join(file.read_bytes() for file in gallery.path.parent.iterdir())
    assert not any(word in raw for word in words(NAME)) or delete is replace
    assert not any(pattern in raw for pattern in traces(1)["crops"]) or "Somebody" in str(gallery._store.names())


def test_what_is_sealed_later_was_never_plain(gallery):
    if gallery._store.vault.on:
        pytest.skip("it is sealed already")
    gallery.seal()
    gallery.identify(photograph(1, 0))
    assert (
        look(gallery.path.parent, [pattern for who in (1, 2) for part in traces(who).values() for pattern in part]) == 0
    )


def test_an_old_name_is_gone(gallery):
    gallery.rename(NAME, "Somebody")
    gallery.identify(photograph(1, 0))
    assert look(gallery.path.parent, words(NAME)) == 0


def test_old_notes_tags_and_consent_are_gone(gallery):
    gallery.set_consent(NAME, Consent())
    gallery.tag(NAME, ["seen"], [SECRETS[4]])
    gallery._store.forget()
    assert look(gallery.path.parent, words(SECRETS[3], SECRETS[4])) == 0
    assert look(gallery.path.parent, words(NAME)) == 1


def test_what_was_exported_about_a_person_is_hers(gallery, tmp_path):
    gallery.export_person(NAME, tmp_path / "hers")
    gallery.export_person(OTHER, tmp_path / "his")
    assert look(tmp_path / "hers", traces(1)["crops"]) == len(traces(1)["crops"])
    assert look(tmp_path / "his", [*traces(1)["crops"], *words(*SECRETS)]) == 0


def test_free_pages_hold_nothing(gallery):
    """SQLite keeps pages it does not need; `secure_delete` leaves zeros in them."""
    remove(gallery)
    connection = sqlite3.connect(gallery.path)
    assert connection.execute("PRAGMA freelist_count").fetchone()[0] > 10
    connection.close()
    gallery.close()
    assert gallery.path.read_bytes().count(bytes(2048)) > 10
    assert look(gallery.path.parent, [*traces(1)["templates"], *traces(1)["crops"], *words(*SECRETS)]) == 0


def test_a_reader_of_an_older_state_holds_up_only_until_it_closes(gallery, monkeypatch):
    from vultus.gallery import store

    monkeypatch.setattr(store, "FORGET_MS", 20)
    reader = sqlite3.connect(gallery.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM face").fetchone()
    remove(gallery)
    reader.close()
    gallery.close()
    assert look(gallery.path.parent, [*traces(1)["templates"], *traces(1)["crops"], *words(*SECRETS)]) == 0


@pytest.mark.shared
@pytest.mark.parametrize("vault", [True, False])
def test_of_real_people_nothing_is_left_either(shared, real_engine, tmp_path, vault, monkeypatch):
    monkeypatch.setattr(matrix, "KEPT_FROM", 1)
    photos = sorted((shared / "data/lfw_view2/images").glob("Wen_Jiabao_*.jpg"))[:4]
    others = sorted((shared / "data/lfw_view2/images").iterdir())[-3:]
    with Gallery.open(tmp_path / "g/people.vultus", engine=real_engine, vault=vault, crops=True) as gallery:
        gallery.enroll("Wen Jiabao", photos, override_quality=True)
        for other in others:
            gallery.enroll(other.stem, other, override_quality=True)
        store = gallery._store
        templates = [row for _, row in store.faces("Wen Jiabao")]
        crops = list(store.crops("Wen Jiabao").values())
        mean = np.mean(templates, axis=0)
        rows = [*templates, mean, mean / np.linalg.norm(mean)]
        hers = [pattern for row in rows for pattern in numbers_as_bytes(row)]
        hers += [crop[len(crop) // 2 :][:24] for crop in crops] + words("Wen Jiabao", "Wen_Jiabao_0")
        assert len(crops) == len(templates) > 1
        gallery.identify(photos[0])
        assert look(tmp_path, hers) >= (2 if vault else len(templates) + len(crops) + 2)
        gallery.remove("Wen Jiabao")
        gallery.identify(photos[0])
    assert look(tmp_path, hers) == 0


def test_wiping_does_not_wait_for_somebody_who_writes(gallery, monkeypatch):
    """The removal itself is done, so its caller must not be told of an error."""
    store = gallery._store
    with monkeypatch.context() as patch:
        patch.setattr(type(store), "forget", lambda store: None)
        remove(gallery)
    monkeypatch.setattr("vultus.gallery.store.FORGET_MS", 20)
    writer = sqlite3.connect(gallery.path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    store.forget()
    assert store.must_forget()
    writer.execute("ROLLBACK")
    writer.close()
    store.forget()
    assert not store.must_forget()
