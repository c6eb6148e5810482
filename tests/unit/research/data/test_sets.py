"""The table of sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from vultus.errors import UnknownNameError
from vultus.research.data.sets import SETS, open_set


def test_names_are_known_and_mistakes_are_told(tmp_path: Path) -> None:
    assert len({one.name for one in SETS}) == len(SETS)
    with pytest.raises(UnknownNameError, match="unknown set 'fer2031'; did you mean 'fer2013'"):
        open_set("fer2031", tmp_path)


def test_every_set_says_what_it_looks_for_and_where_it_is_from() -> None:
    for one in SETS:
        assert one.wanted, one.name
        assert one.access, one.name
        assert one.classes or not one.label, one.name
