"""Galleries of packs that do not come with Vultus."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.gallery.fake import FakeEngine, person, picture
from vultus.errors import StoreError
from vultus.gallery import Gallery


def test_a_gallery_of_a_users_pack_asks_for_its_engine(tmp_path: Path) -> None:
    path, photo = tmp_path / "people.vultus", picture(person("ada"))
    with Gallery.open(path, engine=FakeEngine()) as gallery:
        gallery.enroll("Ada", photo)
    words = "was made with a pack of your own, fake; open it with engine=FaceEngine"
    with Gallery.open(path) as gallery, pytest.raises(StoreError, match=words):
        gallery.identify(photo)
