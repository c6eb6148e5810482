from __future__ import annotations

import sys
import threading
import types

import pytest

from unit.gallery.fake import CONTRACT, FakeEngine, names, photos
from vultus.errors import (
    ConfigError,
    ContractError,
)
from vultus.gallery import Gallery
from vultus.gallery.filters import Filter


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


def test_a_door_that_keeps_the_templates_elsewhere(gallery, path, engine, tmp_path):
    """It follows the gallery, also where others change it, and forgets whom the gallery forgets."""
    pytest.importorskip("milvus_lite")
    gallery.enroll("Ada", photos("ada"), collection="staff")
    gallery.enroll("Eve", photos("eve"))
    far = {"door": "milvus", "door_options": {"uri": str(tmp_path / "milvus.db"), "allow_plain": True}}
    with Gallery.open(path, engine=engine, **far) as here:
        assert names(here.identify(photos("ada")[0])) == ["Ada"]
        assert names(here.identify(photos("ada")[0], within=Filter(collections=("default",)))) == [None]
        gallery.enroll("Bob", photos("bob"))
        assert names(here.identify(photos("bob")[0])) == ["Bob"]
        gallery.remove("Ada")
        assert here._door[2]._copier.mirror.count() == 2, "before anybody asks again"
        assert names(here.identify(photos("ada")[0])) == [None]
        assert here.check() == []
        assert here.recall() is None
        here.close()
    with Gallery.open(path, engine=engine, door="milvus", door_options={"uri": far["door_options"]["uri"]}) as here:
        with pytest.raises(ConfigError, match="this gallery is encrypted, but Milvus keeps templates readable"):
            here.identify(photos("bob")[0])
        assert here.remove("Bob") == 2, "whoever may read them or not: they are deleted there"


def test_threads_search_while_a_copy_is_written_anew(path, engine, tmp_path):
    pytest.importorskip("milvus_lite")
    far = {"door": "milvus", "door_options": {"uri": str(tmp_path / "milvus.db"), "allow_plain": True}}
    with Gallery.open(path, engine=engine, **far) as gallery:
        for n in range(6):
            gallery.enroll(f"p{n}", photos(f"p{n}"), collection=f"part{n % 2}")
        stop, found = threading.Event(), []

        def look():
            while not stop.is_set():
                found.append(names(gallery.identify(photos("p0")[0])))
                found.append(names(gallery.identify(photos("p0")[1], within=Filter(collections=("part0",)))))

        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        for n in range(3, 6):
            gallery.enroll(f"new{n}", photos(f"new{n}"))
            gallery.remove(f"p{n}")
        stop.set()
        for thread in threads:
            thread.join()
        assert len(found) >= 6
        assert all(one == ["p0"] for one in found)
