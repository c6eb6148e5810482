from __future__ import annotations

import importlib

import numpy as np
import pytest

from unit.gallery.fake import FakeEngine, person, picture
from vultus.errors import ConfigError, MissingExtraError, UnknownNameError
from vultus.gallery import Gallery
from vultus.gallery.doors import DOORS, GRAPH_FROM, TABLE, Recall, check_door, chosen, open_door
from vultus.gallery.graph import GraphDoor
from vultus.gallery.search import ExactDoor, background_of
from vultus.gallery.templates import Templates


def somebody() -> Templates:
    return Templates(1, ("ada",), np.zeros(1, np.int64), np.ones(1, np.int64), np.eye(1, 4, dtype=np.float32))


def test_every_row_of_the_table_is_a_door():
    for kind in TABLE.values():
        assert {"search", "count", "update"} <= set(dir(getattr(importlib.import_module(kind.module), kind.name)))


def test_a_door_that_is_not_there():
    known = ", ".join(DOORS)
    with pytest.raises(
        UnknownNameError, match=rf"unknown gallery door 'exakt'; did you mean 'exact'\? \(there are: {known}\)"
    ):
        open_door("exakt", somebody(), "average")


def test_an_option_that_is_not_there():
    with pytest.raises(ConfigError, match="the graph door has no option 'deep'; it has: kernel"):
        check_door("graph", {"deep": 3})


def test_a_rule_that_is_not_there():
    with pytest.raises(ConfigError, match="templates must be one of average, best, but is 'mean'"):
        open_door("exact", somebody(), "mean")  # type: ignore[arg-type]


def test_a_package_that_is_not_there(monkeypatch):
    monkeypatch.setattr("vultus.gallery.doors.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'usearch is not installed; run: pip install "vultus\[graph\]"'):
        open_door("graph", somebody(), "average")
    assert open_door("exact", somebody(), "average").n_people == 1


def test_shortfall():
    assert Recall(0.99, 10, 200, 0.99).shortfall() == []
    assert "finds only 50.0% of the 10 most similar people instead of 99%" in Recall(0.5, 10, 9, 0.99).shortfall()[0]


def test_the_door_that_is_chosen(monkeypatch):
    assert [chosen("auto", n) for n in (0, GRAPH_FROM - 1, GRAPH_FROM)] == ["exact", "exact", "graph"]
    assert chosen("milvus", GRAPH_FROM) == "milvus"
    check_door("auto", {"kernel": "int8"})
    monkeypatch.setattr("vultus.gallery.doors.find_spec", lambda name: None)
    assert chosen("auto", GRAPH_FROM) == "exact"


def test_a_gallery_takes_the_graph_by_itself(tmp_path, monkeypatch):
    with Gallery.open(tmp_path / "a.vultus", engine=FakeEngine()) as gallery:
        for n in range(3):
            gallery.enroll(f"p{n}", picture(person(f"p{n}")))
        assert gallery.recall() is None
        assert isinstance(gallery._searcher(0.0), ExactDoor)
    monkeypatch.setattr("vultus.gallery.doors.GRAPH_FROM", 3)
    with Gallery.open(tmp_path / "a.vultus", engine=FakeEngine()) as gallery:
        (found,) = gallery.identify(picture(person("p1")))
        assert found.name == "p1"
        assert isinstance(gallery._searcher(background_of(gallery.engine.calibration)), GraphDoor)
