from __future__ import annotations

import sys
import types

import pytest

from unit.gallery.fake import CONTRACT, FakeEngine, person, picture
from vultus.errors import (
    ContractError,
)
from vultus.gallery import Gallery


@pytest.fixture
def path(tmp_path):
    return tmp_path / "people.vultus"


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def gallery(path, engine):
    with Gallery.open(path, engine=engine) as gallery:
        yield gallery


def photos(who: str, count: int = 2) -> list[bytes]:
    return [picture(person(who, seed=n), seed=n) for n in range(count)]


def names(found) -> list[str | None]:
    return [one.name for one in found]


def test_another_contract(gallery, path):
    gallery.enroll("Ada", photos("ada"))
    with pytest.raises(ContractError, match=f"holds embeddings of contract {CONTRACT}, but these are of other:1"):
        Gallery.open(path, engine=FakeEngine("other:1"))


def test_another_contract_comes_first(path):
    with Gallery.open(path, engine=FakeEngine("a:1")) as one, Gallery.open(path, engine=FakeEngine("b:2")) as two:
        one.enroll("Ada", photos("ada"))
        with pytest.raises(ContractError, match="contract a:1, but these are of b:2"):
            two.enroll("Bob", photos("bob"))
        with pytest.raises(ContractError, match="contract a:1, but these are of b:2"):
            two.identify(photos("ada")[0])
        assert two.people()[0].name == "Ada"


def test_an_engine_is_built_when_it_is_needed(path, engine, monkeypatch):
    asked = []

    class Built(FakeEngine):
        def __init__(self, pack="dlib"):
            super().__init__(CONTRACT if pack == "fake" else "dlib:1")
            asked.append(pack)

    monkeypatch.setitem(sys.modules, "vultus.inference.engine", types.SimpleNamespace(FaceEngine=Built))
    with Gallery.open(path.with_name("new.vultus")) as gallery:
        assert len(gallery) == 0
        assert asked == []
        gallery.enroll("Ada", photos("ada"))
        assert (asked, gallery.contract) == (["dlib"], "dlib:1")
    with Gallery.open(path, engine=engine) as gallery:
        gallery.enroll("Ada", photos("ada"))
    with Gallery.open(path) as gallery:
        assert names(gallery.identify(photos("ada")[0])) == ["Ada"]
        assert asked == ["dlib", "fake"]
        assert gallery.engine is gallery.engine
    monkeypatch.setattr(Built, "__init__", lambda self, pack: FakeEngine.__init__(self, "fake:new"))
    with Gallery.open(path) as gallery, pytest.raises(ContractError, match="but these are of fake:new"):
        gallery.identify(photos("ada")[0])


def test_another_writer_is_seen_at_once(gallery, path, engine):
    with Gallery.open(path, engine=engine) as other:
        gallery.enroll("Ada", photos("ada"))
        assert names(other.identify(photos("ada")[0])) == ["Ada"]
        door = other._door
        other.identify(photos("ada")[0])
        assert other._door is door, "built once"
        gallery.remove("Ada")
        assert names(other.identify(photos("ada")[0])) == [None]
