"""Classifier figures against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, recall_score

from vultus.errors import InputError
from vultus.evaluation.tasks.expression import evaluate_expression, read_labelled

KINDS = ("happy", "sad", "neutral")


def rows_of(n: int = 300):
    random = np.random.default_rng(0)
    truth = random.choice(KINDS, n, p=(0.6, 0.1, 0.3))
    wrong = random.choice(KINDS, n)
    predicted = np.where(random.random(n) < 0.7, truth, wrong)
    return [(t, p, f"s{i % 30}", "ab"[i % 2]) for i, (t, p) in enumerate(zip(truth, predicted, strict=True))]


def test_figures_are_those_of_scikit_learn(scores_csv) -> None:
    rows = rows_of()
    got = evaluate_expression(read_labelled(scores_csv("truth,predicted,subject,group", rows)), "x", repeats=50)
    truth, predicted = [row[0] for row in rows], [row[1] for row in rows]
    assert got.value("uar") == pytest.approx(balanced_accuracy_score(truth, predicted))
    assert got.value("war") == pytest.approx(accuracy_score(truth, predicted))
    assert got.value("macro_f1") == pytest.approx(f1_score(truth, predicted, average="macro"))
    for kind, recall in zip(sorted(KINDS), recall_score(truth, predicted, average=None), strict=True):
        assert got.value("recall", f"class {kind}") == pytest.approx(recall)
    assert got.sizes == {"examples": 300, "classes": 3, "people": 30}
    assert got.value("gap", "2 groups, recall") >= 0
    assert sum(map(sum, got.curves["predicted happy, neutral, sad"].values())) == 300


def test_groups_that_are_too_small(scores_csv) -> None:
    rows = [("happy", "happy", "a"), ("sad", "sad", "a"), ("happy", "sad", "b")]
    got = evaluate_expression(read_labelled(scores_csv("truth,predicted,group", rows)), "x", repeats=20)
    told = " ".join(got.warnings)
    assert "group 'a' has 2 examples only" in told
    assert "gaps between the groups cannot be measured: group 'b' has no example of class 'sad'" in told
    assert "examples are resampled" in told


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        ("truth,guess", [("a", "b")], "must have the columns truth,predicted"),
        ("truth,predicted", [("a", "b"), ("a", "a")], "has examples of 'a' only"),
        ("truth,predicted,group", [("a", "b", ""), ("b", "a", "x")], "line 2: group is empty"),
        ("truth,predicted,file", [("a", "b", "1"), ("b", "a", "1")], "line 3: this file is in line 2 already"),
    ],
)
def test_bad_files(scores_csv, header: str, rows, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_labelled(scores_csv(header, rows))
