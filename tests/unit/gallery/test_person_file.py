from __future__ import annotations

import base64
import json
import os
import stat
import zipfile

import numpy as np
import pytest

from unit.gallery.fake import CONTRACT, DIMENSION
from unit.gallery.test_store import new_face
from vultus.errors import InputError, StoreError, UnknownNameError
from vultus.gallery import person_file
from vultus.gallery.person_file import export_person
from vultus.gallery.store import Store


def with_crop(face, jpeg):
    return type(face)(**{name: getattr(face, name) for name in face.__slots__} | {"crop": jpeg})


@pytest.fixture(params=[True, False], ids=["vault on", "vault off"])
def store(tmp_path, request):
    store = Store(tmp_path / "people.vultus", vault=request.param)
    with store.writing() as writer:
        writer.bind(CONTRACT, DIMENSION)
        ada, bob = writer.person("Ada", {"team": "engines"}), writer.person("Bob")
        writer.add(ada, with_crop(new_face(), b"jpeg of ada"))
        writer.add(bob, with_crop(new_face("bob"), b"jpeg of bob"))
        writer.add(ada, new_face(seed=1))
        writer.refuse("Ada", "ab" * 32, "options", ["blurred"])
        connection = writer._connection
        connection.execute("INSERT INTO negative VALUES (2, ?)", (ada,))
        connection.execute("INSERT INTO link VALUES (1, 3, 1), (2, 3, 0)")
    yield store
    store.close()


def contents(path):
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", ["ada", "ada.zip"])
def test_everything_about_one_person(store, tmp_path, name):
    path = tmp_path / name
    assert export_person(store, "Ada", path) == 2
    files = contents(path)
    assert sorted(files) == ["crops/1.jpg", "person.json"]
    assert files["crops/1.jpg"] == b"jpeg of ada"
    document = json.loads(files["person.json"])
    assert document["schema"] == "vultus.person/1"
    assert (document["name"], document["number"], document["collection"]) == ("Ada", 1, "default")
    assert (document["metadata"], document["contract"]) == ({"team": "engines"}, CONTRACT)
    first, second = document["faces"]
    assert (first["face_id"], first["crop"], second["crop"]) == (1, "crops/1.jpg", None)
    assert (first["source"], first["picture_sha256"]) == ("a.jpg", new_face().picture)
    template = np.frombuffer(base64.b64decode(first["template"]), dtype="<f4")
    np.testing.assert_array_equal(template, new_face().template)
    assert document["refused_pictures"] == [{"picture_sha256": "ab" * 32, "reasons": ["blurred"]}]
    assert document["faces_said_to_be_others"] == [2]
    assert document["links"] == [{"faces": [1, 3], "same": True}, {"faces": [2, 3], "same": False}]
    assert b"Bob" not in files["person.json"]
    assert b"jpeg of bob" not in b"".join(files.values())


def test_only_the_owner_may_read_it(store, tmp_path):
    export_person(store, "Ada", tmp_path / "ada")
    export_person(store, "Ada", tmp_path / "ada.zip")
    files = [tmp_path / "ada.zip", tmp_path / "ada/person.json", tmp_path / "ada/crops/1.jpg"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert {stat.S_IMODE((tmp_path / folder).stat().st_mode) for folder in ("ada", "ada/crops")} == {0o700}
    with zipfile.ZipFile(tmp_path / "ada.zip") as archive:
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o600}


@pytest.mark.parametrize("name", ["there", "there.zip"])
def test_nothing_is_overwritten(store, tmp_path, name):
    path = tmp_path / name
    path.write_text("mine")
    with pytest.raises(InputError, match=r"exists already; name a new folder, or a new file that ends in \.zip"):
        export_person(store, "Ada", path)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["ada", "ada.zip"])
def test_all_or_nothing(store, tmp_path, name, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    before = sorted(tmp_path.iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match=r"cannot write .*: No space left on device; nothing was written"):
            export_person(store, "Ada", tmp_path / name)
    assert sorted(tmp_path.iterdir()) == before
    with pytest.raises(UnknownNameError, match="unknown person 'Adam'"):
        export_person(store, "Adam", tmp_path / name)
    with pytest.raises(StoreError, match=r"cannot write .*: No such file or directory"):
        export_person(store, "Ada", tmp_path / "nowhere" / name)
    assert sorted(tmp_path.iterdir()) == before
    assert person_file.export_person(store, "Ada", tmp_path / name) == 2
