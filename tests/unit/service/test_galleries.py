from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from unit.gallery.fake import FakeEngine, photos
from vultus.gallery import Gallery
from vultus.service.database import Database
from vultus.service.envelope import ServiceError
from vultus.service.galleries import Galleries
from vultus.service.settings import Settings


@pytest.fixture
def galleries(settings: Settings, engine: FakeEngine) -> Iterator[Galleries]:
    database = Database(settings.data)
    galleries = Galleries(settings, database, engine)
    yield galleries
    galleries.close()
    database.close()


def test_there_is_one_from_the_start(galleries: Galleries) -> None:
    assert galleries.ids() == ["default"]
    assert galleries.open("default") is galleries.open("default")
    assert galleries.check() == []


def test_two_may_hold_people_of_one_name(galleries: Galleries) -> None:
    galleries.make("staff", "who works here")
    for one in galleries.ids():
        galleries.open(one).enroll("Ada", photos("ada"))
    assert [len(galleries.open(one)) for one in galleries.ids()] == [1, 1]


@pytest.mark.parametrize("name", ["", "UPPER", "../x", "-a", "a" * 61, "a b"])
def test_ids_are_plain_words(galleries: Galleries, name: str) -> None:
    with pytest.raises(ServiceError, match="a collection's id is 1 to 60 of a-z"):
        galleries.make(name)


def test_an_id_is_given_once(galleries: Galleries) -> None:
    with pytest.raises(ServiceError, match="there is a collection 'default' already"):
        galleries.make("default")
    with pytest.raises(ServiceError, match="there is no collection 'nowhere'"):
        galleries.open("nowhere")


def test_what_is_deleted_leaves_no_file(galleries: Galleries) -> None:
    galleries.make("staff")
    galleries.open("staff").enroll("Adelaide", photos("ada"))
    path = galleries.path("staff")
    assert path.exists()
    assert galleries.describe("staff", "new").description == "new"
    assert galleries.delete("staff") == 1
    assert list(path.parent.glob("staff*")) == []
    with pytest.raises(ServiceError, match="there is no collection"):
        galleries.open("staff")


def test_a_file_of_its_own_is_served_and_never_deleted(settings: Settings, engine: FakeEngine, tmp_path: Path) -> None:
    path = tmp_path / "My People.vultus"
    with Gallery.open(path, engine=engine) as gallery:
        gallery.enroll("Ada", photos("ada"))
    database = Database(settings.data)
    galleries = Galleries(replace(settings, gallery=path), database, engine)
    assert "my-people" in galleries.ids()
    assert len(galleries.open("my-people")) == 1
    with pytest.raises(ServiceError, match="this collection is a file of its own: delete the file"):
        galleries.delete("my-people")
    galleries.close()
    database.close()


def test_a_gallery_that_cannot_be_opened_is_told(galleries: Galleries) -> None:
    galleries.make("broken")
    galleries.path("broken").write_bytes(b"no gallery" * 1000)
    (problem,) = galleries.check()
    assert problem.startswith("collection broken: ")


def test_the_door_is_the_settings_one(settings: Settings, engine: FakeEngine, monkeypatch) -> None:
    opened: list[dict[str, object]] = []
    whole = Gallery.open
    monkeypatch.setattr(Gallery, "open", lambda path, **more: opened.append(more) or whole(path, engine=engine))
    database = Database(settings.data)
    for door, options in (("exact", {}), ("milvus", {"uri": "http://milvus:19530", "allow_plain": True})):
        how = replace(settings, door=door, milvus_uri="http://milvus:19530", allow_plain=True)
        galleries = Galleries(how, database, engine)
        galleries.open("default")
        galleries.close()
        assert (opened[-1]["door"], opened[-1]["door_options"]) == (door, options)
    database.close()
