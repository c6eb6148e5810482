"""Scores of a system put to a list."""

from __future__ import annotations

from pathlib import PurePath

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.evaluation.sets.attacks import Presentation, put_scores

LISTED = [Presentation("a", "bona_fide", "1"), Presentation("b", "print", "1"), Presentation("c", "print", "2")]


def stem(name: str) -> str:
    return PurePath(name).stem


def test_films_without_a_score_have_no_answer(text) -> None:
    got = put_scores(text("s.csv", "file,score", "films/b.avi,0.1", "a,0.9", "z,0.5"), LISTED, stem)
    assert got.scores.tolist() == [0.9, 0.1, -np.inf]
    assert got.names == ("1", "2")
    assert got.warnings == ("1 of the list have no score and count as not answered (c, ...)",
                            "1 scores are of files that the list does not name (z, ...)")  # fmt: skip


def test_bad_files(text) -> None:
    with pytest.raises(InputError, match="line 3: a stands there twice"):
        put_scores(text("s.csv", "file,score", "a.avi,1", "a.mp4,1"), LISTED, stem)
    with pytest.raises(InputError, match="has no score of a file of the list, such as a"):
        put_scores(text("s.csv", "file,score", "z,1"), LISTED, stem)
