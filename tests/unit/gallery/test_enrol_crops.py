from __future__ import annotations

import numpy as np
import pytest

from unit.gallery.fake import CONTRACT, POINTS, FakeEngine, calibration, vector
from vultus.errors import InputError
from vultus.gallery import Gallery
from vultus.gallery.crop import meant
from vultus.gallery.locksmith import CROP
from vultus.inference.image import jpeg, read
from vultus.types import Box, Embedding, Face, Quality

BOX = Box(np.array([60, 40, 120, 110], dtype=np.float32))


class PixelEngine:
    """Finds one face, always at the same place of real pictures."""

    contract, calibration = CONTRACT, calibration()

    def find(self, image):
        who = str(int(read(image)[0, 0, 0]) // 64)
        return [Face(BOX, POINTS, 0.9, Quality(0.9), Embedding(vector(who), CONTRACT))]

    def find_each(self, sources, *, embed=True, batch=16):
        for source in sources:
            yield source, self.find(source)


def photograph(level=100) -> np.ndarray:
    picture = np.full((200, 300, 3), level, dtype=np.uint8)
    picture[40:110, 60:120] = 220
    return picture


def crops(gallery):
    store = gallery._store
    with store.reading() as connection:
        rows = connection.execute("SELECT face_id, key_id, jpeg FROM crop").fetchall()
        return [(row[1], store.vault.open(row[1], CROP, row[0], row[2]), row[2]) for row in rows]


@pytest.mark.parametrize("vault", [True, False])
@pytest.mark.parametrize("wanted", [None, True, False])
def test_cut_outs_are_kept_where_the_gallery_is_encrypted_unless_told(tmp_path, vault, wanted):
    with Gallery.open(tmp_path / "a.vultus", engine=PixelEngine(), vault=vault, crops=wanted) as gallery:
        path = tmp_path / "ada.jpg"
        path.write_bytes(jpeg(photograph()))
        gallery.enroll("Ada", path)
        list(gallery.enroll_many([("Bob", photograph(30)), ("Cid", jpeg(photograph(200)))]))
        kept = crops(gallery)
        assert len(kept) == (3 if (vault if wanted is None else wanted) else 0)
        for key_id, plain, stored in kept:
            assert (key_id > 0, plain == stored) == (vault, not vault)
            cut = read(plain)
            side = cut.shape[0]
            assert cut[side // 2, side // 2].min() > 200
            edge = (side - 70) / 2
            box = Box(np.array([edge, edge, side - edge, side - edge], dtype=np.float32))
            assert meant([Face(box, POINTS, 0.9, Quality(1.0))], side) is not None


def test_a_picture_that_is_gone_gives_no_cut_out(tmp_path, monkeypatch):
    """Between the look at a picture and the cut, somebody takes it away."""
    path = tmp_path / "ada.jpg"
    path.write_bytes(jpeg(photograph()))

    class Thief(PixelEngine):
        def find(self, image):
            found = super().find(image)
            path.unlink()
            return found

    with Gallery.open(tmp_path / "a.vultus", engine=Thief()) as gallery:
        assert len(gallery.enroll("Ada", path).accepted) == 1
        assert crops(gallery) == []


def test_people_are_filed(tmp_path):
    with Gallery.open(tmp_path / "a.vultus", engine=PixelEngine()) as gallery:
        gallery.enroll("Ada", photograph(), collection="staff", tags=["night"], keep_days=10)
        list(gallery.enroll_many([("Bob", photograph(30))], collection="guests", tags=["day"], keep_days=1))
        gallery.enroll("Ada", photograph(31), tags=["day"])
        ada, bob = gallery.person("Ada"), gallery.person("Bob")
        assert (ada.collection, ada.tags, bob.collection, bob.tags) == ("staff", ("day", "night"), "guests", ("day",))
        assert bob.keep_until < ada.keep_until
        later = gallery.person("Ada").keep_until
        gallery.enroll("Ada", photograph(32), keep_days=100)
        assert gallery.person("Ada").keep_until > later
        assert [one.name for one in gallery.due("2100-01-01")] == ["Ada", "Bob"]
        with pytest.raises(InputError, match="people are kept for 0 to 36525 days"):
            gallery.enroll("Cid", photograph(200), keep_days=-1)
        with pytest.raises(InputError, match="a tag must be 1 to 60 visible characters, but is ''"):
            gallery.enroll("Cid", photograph(200), tags=[" "])
        assert [one.name for one in gallery.people()] == ["Ada", "Bob"]


def test_pictures_that_are_none_give_no_cut_out(tmp_path):
    """The engine of the other tests reads JSON."""
    from unit.gallery.fake import person, picture

    with Gallery.open(tmp_path / "a.vultus", engine=FakeEngine()) as gallery:
        assert len(gallery.enroll("Ada", picture(person("Ada"))).accepted) == 1
        assert crops(gallery) == []
