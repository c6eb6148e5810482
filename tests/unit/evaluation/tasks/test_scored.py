"""Files of comparisons: what is read, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.evaluation.tasks.scored import leaked, read_scored


def test_all_columns(scores_csv) -> None:
    rows = [(0.9, 1, "ada", "ada", "1.png", "2.png", "a", "?"), ("", 0, "ada", "bob", "1.png", "3.png", "b", "?")]
    got = read_scored(scores_csv("score,same,subject1,subject2,image1,image2,fold,colour", rows))
    assert got.scores.tolist() == [0.9, -np.inf]
    assert (got.names, got.left.tolist(), got.right.tolist()) == (("ada", "bob"), [0, 0], [0, 1])
    assert got.fold.tolist() == ["a", "b"]
    assert got.warnings == ("columns of scores.csv that were not used: colour",)
    assert (got.n_resampled, got.people()) == (2, ())


def test_without_people(scores_csv) -> None:
    got = read_scored(scores_csv("score,same", [(1, 1), (0, "false"), (0, 0)]))
    assert (got.names, got.n_resampled) == ((), 3)
    assert "intervals are too narrow" in got.people()[0]


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        ("similarity,label", [(1, 1)], "must have the columns score,same"),
        ("score,same,score", [(1, 1, 1)], "each once"),
        ("score,same", [("nan", 1), (0, 0)], "line 2: score must be a finite number, but is 'nan'; leave it empty"),
        ("score,same", [("high", 1), (0, 0)], "score must be a finite number, but is 'high'"),
        ("score,same", [("inf", 1), (0, 0)], "score must be a finite number, but is 'inf'"),
        ("score,same", [(1, "yes"), (0, 0)], "line 2: same must be 1 or 0, but is 'yes'"),
        ("score,same", [(1, 1)], "has genuine comparisons only"),
        ("score,same", [(1, 0)], "has impostor comparisons only"),
        ("score,same,subject1", [(1, 1, "a"), (0, 0, "a")], "has the column subject1 alone"),
        ("score,same,subject1,subject2", [(1, 1, "a", "b"), (0, 0, "a", "b")], "same is 1, but the subjects are a and"),
        ("score,same,subject1,subject2", [(1, 1, "a", "a"), (0, 0, "a", "")], "line 3: subject2 is empty"),
        ("score,same,image1,image2", [(1, 1, "x", "y"), (0, 0, "y", "x")], "line 3: this pair is in line 2 already"),
    ],
)  # fmt: skip
def test_bad_files(scores_csv, header: str, rows: list[tuple[object, ...]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_scored(scores_csv(header, rows))


def test_leaks() -> None:
    assert leaked(("a", "b"), ("c",)) == ()
    assert leaked(("a", "b"), ("b", "c"))[0].startswith("1 of the people are in the development file too (b)")
