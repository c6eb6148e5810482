from __future__ import annotations

import pytest

from unit.gallery.fake import CONTRACT, FakeEngine, names, photos
from vultus.errors import (
    ContractError,
)
from vultus.gallery import Gallery


@pytest.mark.parametrize("name", ["Zoë Ångström", "李小龍", "محمد", "👩‍🚀", "O'Brien\"; DROP TABLE face; --"])
def test_unicode_names(gallery, tmp_path, name):
    file = tmp_path / f"{name.replace('/', '_')[:20]}.jpg"
    file.write_bytes(photos("ada")[0])
    done = gallery.enroll(f" {name} ", file)
    assert done.name == name
    assert gallery.faces(name)[0].source == str(file)
    assert names(gallery.identify(file)) == [name]
    gallery.rename(name, name + "!")
    gallery.remove(name + "!")
    assert len(gallery) == 0


def test_two_spellings_are_one_person(gallery):
    gallery.enroll("Zoe\u0308", photos("zoe", 1))
    gallery.enroll("Zo\u00eb", photos("zoe", 2))
    assert [(one.name, one.n_faces) for one in gallery.people()] == [("Zo\u00eb", 2)]
    assert gallery.person("Zoe\u0308").n_faces == 2


def test_export_and_import(gallery, path, tmp_path):
    gallery.enroll("Ada", photos("ada"))
    assert gallery.export(tmp_path / "people.json") == 2
    with Gallery.open(tmp_path / "new.vultus") as other:
        assert other.import_(tmp_path / "people.json") == 2
        assert other.people()[0].name == "Ada"
    with (
        Gallery.open(tmp_path / "third.vultus", engine=FakeEngine("other:1")) as other,
        pytest.raises(ContractError, match=f"contract other:1, but these are of {CONTRACT}"),
    ):
        other.import_(tmp_path / "people.json")
