"""The linear probe beside scikit-learn's logistic regression."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from vultus.evaluation.geometry.probe import balanced_accuracy, fitted


def made(shift: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    side = random.random(200) < 0.3
    rows = random.normal(size=(200, 6))
    rows[:, 0] += shift * side
    return rows, side


def test_the_weights_are_those_of_scikit_learn() -> None:
    rows, side = made(1.5)
    theirs = LogisticRegression(C=1.0, class_weight="balanced", tol=1e-10, max_iter=1000).fit(rows, side)
    ours = fitted(rows, side)
    assert ours[:-1] == pytest.approx(theirs.coef_[0], abs=1e-4)
    assert ours[-1] == pytest.approx(theirs.intercept_[0], abs=1e-4)


def test_what_is_there_is_read_and_what_is_not_is_not() -> None:
    assert balanced_accuracy(*made(6.0)) > 0.97
    assert balanced_accuracy(*made(0.0)) == pytest.approx(0.5, abs=0.12)
    assert balanced_accuracy(*made(0.0), seed=1) == balanced_accuracy(*made(0.0), seed=1)
