"""A search set is plain data."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vultus.evaluation.sets.searchset import Listed, SearchSet


def test_it_holds_galleries_and_searches() -> None:
    one = np.zeros(1, np.int64)
    got = SearchSet((Path("a.jpg"),), one, one, (Listed("G1", one, one),), Listed("probe", one, one))
    assert [gallery.name for gallery in got.galleries] == ["G1"]
