"""Spotted intervals: cases worked out by hand."""

from __future__ import annotations

import pytest

from vultus.errors import InputError
from vultus.evaluation.tasks.spotting import evaluate_spotting, read_intervals

TRUTH = [
    ("a", 10, 19, "happy", "s1"),
    ("a", 50, 59, "sad", "s1"),
    ("b", 5, 14, "sad", "s2"),
    ("c", 1, 9, "happy", "s2"),
]
FOUND = [("a", 10, 17, "happy"), ("a", 52, 61, "happy"), ("b", 30, 40, "sad"), ("d", 1, 5, "sad"), ("c", 1, 9, "happy")]


@pytest.fixture
def truth(scores_csv):
    return read_intervals(scores_csv("film,first,last,expression,subject", TRUTH, "truth.csv"))


def test_by_hand(truth, scores_csv) -> None:
    """Hits: both in a (overlap 8/10 and 8/12) and c; false: b and d; missed: b."""
    got = evaluate_spotting(truth, read_intervals(scores_csv("film,first,last,expression", FOUND)), "x", repeats=30)
    assert got.sizes == {"films": 4, "marked": 4, "spotted": 5, "people": 2, "hits": 3}
    assert got.value("f1", "iou 0.5") == pytest.approx(6 / 9)
    assert got.value("precision", "iou 0.5") == 0.6
    assert got.value("recall", "iou 0.5") == 0.75
    # hits: happy as happy twice, sad as happy: F1 of happy is 4/5, of sad 0
    assert got.value("recognition_f1", "iou 0.5") == pytest.approx(0.4)
    assert got.value("strs", "iou 0.5") == pytest.approx(6 / 9 * 0.4)
    assert "1 films have no marked interval (d)" in got.warnings[0]


def test_without_expressions_and_people(scores_csv, truth) -> None:
    found = read_intervals(scores_csv("film,first,last", [row[:3] for row in FOUND]))
    got = evaluate_spotting(truth, found, "x", repeats=30)
    assert got.value("strs", "iou 0.5") is None
    assert "strs is not measured" in " ".join(got.warnings)
    bare = read_intervals(scores_csv("film,first,last", [row[:3] for row in TRUTH], "bare.csv"))
    assert "films are resampled" in evaluate_spotting(bare, found, "x", repeats=30).warnings[0]


def test_nothing_found(scores_csv, truth) -> None:
    found = read_intervals(scores_csv("film,first,last,expression", [("a", 100, 110, "sad")]))
    got = evaluate_spotting(truth, found, "x", repeats=30)
    assert (got.value("f1", "iou 0.5"), got.value("strs", "iou 0.5")) == (0, 0)
    one = read_intervals(scores_csv("film,first,last,expression", [FOUND[0]]))
    assert evaluate_spotting(truth, one, "x", repeats=30).value("recognition_f1", "iou 0.5") == 1


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        ("film,onset,offset", [("a", 1, 2)], "must have the columns film,first,last"),
        ("film,first,last", [("a", 5, 2)], "line 2: the interval ends at 2, before it starts"),
        ("film,first,last", [("a", 1, 2), ("a", 1, 2)], "line 3: this interval is in line 2 already"),
        ("film,first,last,subject", [("a", 1, 2, "x"), ("a", 3, 4, "y")], "film a is of x in an earlier line"),
        ("film,first,last", [("a", 1, "")], "line 2: last must be a finite number"),
    ],
)  # fmt: skip
def test_bad_files(scores_csv, header: str, rows, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_intervals(scores_csv(header, rows))
