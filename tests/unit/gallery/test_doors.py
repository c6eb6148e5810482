from __future__ import annotations

import importlib

import numpy as np
import pytest

from vultus.errors import ConfigError, MissingExtraError, UnknownNameError
from vultus.gallery.doors import DOORS, TABLE, Recall, check_door, open_door
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
    with pytest.raises(ConfigError, match="the graph door has no option 'deep'; it has: none"):
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
