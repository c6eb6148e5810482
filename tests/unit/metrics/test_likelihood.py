from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import log_loss

from vultus.errors import ShapeError
from vultus.metrics.likelihood import cllr, min_cllr

TIED = arrays(np.float64, st.integers(1, 40), elements=st.integers(-8, 8).map(lambda n: n / 8))


def test_cllr_is_the_balanced_log_loss_of_scikit_learn():
    random = np.random.default_rng(4)
    genuine, impostor = random.normal(2, 2, 200), random.normal(-2, 2, 700)
    truth = np.r_[np.ones(200), np.zeros(700)]
    weight = np.r_[np.full(200, 1 / 200), np.full(700, 1 / 700)]
    loss = log_loss(truth, expit(np.r_[genuine, impostor]), sample_weight=weight)
    assert cllr(genuine, impostor) == pytest.approx(loss / np.log(2))


def test_cllr_of_no_information_is_one_and_of_certainty_zero_or_infinite():
    assert cllr([0.0] * 3, [0.0] * 5) == pytest.approx(1)
    assert cllr([800.0], [-800.0]) == pytest.approx(0)
    assert cllr([3.0], [-np.inf]) == pytest.approx(np.log2(1 + np.exp(-3)) / 2)
    assert cllr([-np.inf], [0.0]) == np.inf


@given(TIED, TIED)
def test_cllr_does_not_care_which_side_is_called_genuine(genuine, impostor):
    assert cllr(genuine, impostor) == pytest.approx(cllr(-impostor, -genuine))


@pytest.mark.parametrize("measure", [cllr, min_cllr])
def test_costs_need_both_kinds_without_nan(measure):
    with pytest.raises(ShapeError, match=r"impostor \w+ must be at least one score, but is empty"):
        measure([1.0], [])
    with pytest.raises(ShapeError, match=r"genuine \w+ must be finite or -inf"):
        measure([float("nan")], [1.0])


def test_min_cllr_is_the_loss_after_isotonic_regression():
    random = np.random.default_rng(4)
    genuine, impostor = random.normal(1, 1, 300).round(2), random.normal(-1, 1, 500).round(2)
    truth = np.r_[np.ones(300), np.zeros(500)]
    weight = np.r_[np.full(300, 1 / 300), np.full(500, 1 / 500)]
    fitted = IsotonicRegression(y_min=0, y_max=1).fit_transform(np.r_[genuine, impostor], truth, sample_weight=weight)
    certain = (fitted == 0) | (fitted == 1)
    assert (truth == fitted)[certain].all()
    loss = -(weight * np.log(np.where(truth == 1, fitted, 1 - fitted), where=~certain, out=np.zeros(800))).sum()
    assert min_cllr(genuine, impostor) == pytest.approx(loss / (2 * np.log(2)))


@given(TIED, TIED)
def test_min_cllr_lies_between_certainty_and_nothing(genuine, impostor):
    assert -1e-12 <= min_cllr(genuine, impostor) <= 1 + 1e-12
    assert min_cllr(genuine, impostor) <= cllr(genuine, impostor) + 1e-12
    assert min_cllr(np.exp(genuine), np.exp(impostor)) == pytest.approx(min_cllr(genuine, impostor))


def test_min_cllr_by_hand():
    assert min_cllr([1.0, 2.0], [-1.0, 0.0]) == 0
    assert min_cllr([0.0], [0.0]) == pytest.approx(1)
    assert min_cllr([-1.0], [1.0]) == pytest.approx(1)
    # the pair at 0 is a pool of half hits, the rest is certain
    assert min_cllr([0.0, 1.0], [0.0, -1.0]) == pytest.approx(0.5)
