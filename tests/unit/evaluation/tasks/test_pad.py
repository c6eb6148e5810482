"""Attack detection figures, against the metrics and cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.evaluation.tasks.pad import Terms, evaluate_pad, read_presentations
from vultus.metrics.pad import bpcer_at_apcer, half_total_error

HEADER = "score,species,subject,file"
QUICK = Terms(repeats=40)


def rows_of(seed: int = 0, n: int = 60, people: str = "p"):
    random = np.random.default_rng(seed)
    middle = {"bona_fide": 2.0, "print": 0.0, "replay": 0.5}
    return [
        (round(random.normal(at), 3), kind, f"{people}{number % 12}", f"{kind}{number}.avi")
        for kind, at in middle.items() for number in range(n)
    ]  # fmt: skip


def test_figures_are_those_of_the_metrics(scores_csv) -> None:
    test = read_presentations(scores_csv(HEADER, rows_of()))
    other = read_presentations(scores_csv(HEADER, rows_of(1, people="q"), "dev.csv"))
    got = evaluate_pad(test, "x", Terms((1.0,), 40), other)
    real = test.real
    args = test.scores[real], test.scores[~real], test.species[~real]
    for target in (0.1, 0.05):
        assert got.value("bpcer", f"apcer {target:g}") == pytest.approx(bpcer_at_apcer(*args, target))
    dev = other.scores[other.real], other.scores[~other.real]
    assert got.value("hter", "eer of the development file") == pytest.approx(half_total_error(dev, args[:2]).hter)
    each = [got.value("apcer_of_species", f"threshold 1, species {kind}") for kind in ("print", "replay")]
    assert each == [pytest.approx(np.mean(args[1][args[2] == kind] >= 1)) for kind in ("print", "replay")]
    assert got.value("apcer", "threshold 1") == max(each)
    assert got.value("acer", "threshold 1") == (max(each) + got.value("bpcer", "threshold 1")) / 2
    thin = next(one for one in got.measures if one.at == "apcer 0.01")
    assert (thin.value, thin.remark) == (None, "only 60 attacks of species 'print' (rule of three)")
    assert got.warnings == ()
    for one in got.measures:
        assert one.low is None or one.low <= one.value <= one.high


def test_people_in_both_files_are_named(scores_csv) -> None:
    test = read_presentations(scores_csv(HEADER, rows_of()))
    other = read_presentations(scores_csv(HEADER, rows_of(1), "dev.csv"))
    assert "12 of the people are in the development file too" in evaluate_pad(test, "x", QUICK, other).warnings[0]
    with pytest.raises(InputError, match="the development set is the test set"):
        evaluate_pad(test, "x", QUICK, test)


def test_presentations_without_an_answer(scores_csv) -> None:
    rows = [(1, "bona_fide"), ("", "bona_fide"), (0, "mask"), ("-inf", "mask")]
    got = evaluate_pad(read_presentations(scores_csv("score,species", rows)), "x", Terms((0.5,), 40))
    assert (got.value("bpnrr"), got.value("apnrr"), got.value("bpcer", "threshold 0.5")) == (0.5, 0.5, 0.5)
    assert "presentations are resampled" in got.warnings[0]


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        ("score,kind", [(1, "print")], "must have the columns score,species"),
        ("score,species", [(1, "bona_fide")], "has bona fide presentations only"),
        ("score,species", [(1, "print")], "has attacks only; error rates need attacks and presentations of species"),
        ("score,species", [(1, "print"), (1, "")], "line 3: species is empty"),
        ("score,species,file", [(1, "print", "a"), (1, "bona_fide", "a")], "line 3: this file is in line 2 already"),
    ],
)
def test_bad_files(scores_csv, header: str, rows, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_presentations(scores_csv(header, rows))
