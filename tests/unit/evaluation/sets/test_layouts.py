"""Layouts by name."""

from __future__ import annotations

import pytest

from vultus.errors import UnknownNameError
from vultus.evaluation.sets.layouts import ATTACKS, PAIRS, SEARCHES, read_attacks_of, read_pairs_of, read_searches_of


def test_names(text, tmp_path) -> None:
    assert {"lfw", "cfp-ff", "cfp-fp", "calfw", "cplfw", "ijb", "bin", "rfw-indian", "agedb-30"} <= set(PAIRS)
    assert set(SEARCHES) == {"ijb", "ijb-g1", "ijb-g2"}
    assert set(ATTACKS) == {"oulu", "siw", "casia"}
    with pytest.raises(UnknownNameError, match="unknown layout 'lfv'; did you mean 'lfw'"):
        read_pairs_of("lfv", tmp_path)
    with pytest.raises(UnknownNameError, match="unknown layout 'ijc'"):
        read_searches_of("ijc", tmp_path)
    with pytest.raises(UnknownNameError, match="unknown layout 'siv'"):
        read_attacks_of("siv", tmp_path, tmp_path)
    listed = text("test.txt", "12/1", "12/HR_4")
    got = read_attacks_of("casia", listed, text("scores.csv", "file,score", "test_release/12/1.avi,1", "12/HR_4,0"))
    assert got.scores.tolist() == [1, 0]
