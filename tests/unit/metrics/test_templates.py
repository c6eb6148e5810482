from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.metrics import roc_curve

from vultus.errors import InputError, ShapeError, UnsupportedTargetError
from vultus.metrics.templates import iapar, iapar_at_fmr, riapar, unlinkability

SCORES = arrays(np.float64, st.integers(1, 60), elements=st.integers(-8, 8).map(lambda n: n / 8))


def test_unlinkability_by_hand():
    mated, nonmated = [0.1, 0.6, 0.6, 0.9], [0.1, 0.1, 0.1, 0.6]
    result = unlinkability(mated, nonmated, bins=2)
    assert result.edges.tolist() == [0.1, 0.5, 0.9]
    assert result.local.tolist() == [0, 0.5]
    assert result.d_sys == 0.375
    # twice as likely to be of one person: 0.5 against 0.75, and 1.5 against 0.25
    assert unlinkability(mated, nonmated, bins=2, prior_ratio=2).local.tolist() == [0, 1.25 / 1.75]


@pytest.mark.parametrize(("apart", "prior_ratio"), [(0.5, 1.0), (1.0, 1.0), (2.0, 1.0), (1.0, 0.2), (1.0, 3.0)])
def test_unlinkability_agrees_with_the_integral_of_scipy(apart, prior_ratio):
    def weighted(score: float) -> float:
        ratio = prior_ratio * norm.pdf(score, apart) / norm.pdf(score)
        return (2 * ratio / (1 + ratio) - 1) * norm.pdf(score, apart) if ratio > 1 else 0.0

    expected, _ = quad(weighted, -8, 8 + apart, points=[apart / 2 - np.log(prior_ratio) / apart])
    random = np.random.default_rng(0)
    mated, nonmated = random.normal(apart, 1, 400_000), random.normal(0, 1, 400_000)
    result = unlinkability(mated, nonmated, prior_ratio=prior_ratio)
    assert result.d_sys == pytest.approx(expected, abs=0.004)
    assert result.local.size == 100


@given(SCORES, SCORES)
def test_unlinkability_is_a_share_and_does_not_care_for_the_scale(mated, nonmated):
    result = unlinkability(mated, nonmated)
    assert 0 <= result.d_sys <= 1
    assert ((result.local >= 0) & (result.local <= 1)).all()
    assert unlinkability(mated * 4, nonmated * 4).d_sys == pytest.approx(result.d_sys)
    assert unlinkability(mated[::-1], nonmated[::-1]).d_sys == result.d_sys


@given(SCORES)
def test_equal_scores_cannot_be_linked_and_separate_ones_always(scores):
    assert unlinkability(scores, scores, bins=20).d_sys == 0
    assert unlinkability(scores + 9, scores, bins=20).d_sys == pytest.approx(1)


@given(SCORES, SCORES, st.floats(0.1, 5), st.floats(1, 5))
def test_likelier_mates_are_easier_to_link(mated, nonmated, prior, more):
    low = unlinkability(mated, nonmated, prior_ratio=prior)
    assert low.d_sys <= unlinkability(mated, nonmated, prior_ratio=prior * more).d_sys + 1e-12


def test_what_has_no_unlinkability_is_refused():
    with pytest.raises(ShapeError, match="mated scores must be finite: leave comparisons out that could not be made"):
        unlinkability([-np.inf, 1], [0.0])
    with pytest.raises(ShapeError, match="nonmated scores must be at least one score"):
        unlinkability([1.0], [])
    with pytest.raises(ShapeError, match="nonmated scores must be finite or -inf, but is NaN"):
        unlinkability([1.0], [float("nan")])
    for ratio in (0, -1, float("inf"), float("nan")):
        with pytest.raises(InputError, match="the prior ratio is positive and finite"):
            unlinkability([1.0], [0.0], prior_ratio=ratio)
    with pytest.raises(InputError, match="a histogram needs at least one bin, not 0"):
        unlinkability([1.0], [0.0], bins=0)


def test_iapar_is_the_share_of_attacks_that_match():
    assert iapar([0.9, 0.5, 0.2, -np.inf], 0.5) == 0.5
    with pytest.raises(ShapeError, match="attack scores must be at least one score"):
        iapar([], 0.5)


def test_iapar_at_fmr_agrees_with_the_roc_of_scikit_learn():
    random = np.random.default_rng(1)
    attacks, impostor = random.normal(1.5, 1, 300), random.normal(0, 1, 1000)
    far, hit, _ = roc_curve(np.r_[np.ones(300), np.zeros(1000)], np.r_[attacks, impostor], drop_intermediate=False)
    assert iapar_at_fmr(attacks, impostor, 0.01) == pytest.approx(hit[far <= 0.01].max())
    with pytest.raises(UnsupportedTargetError, match="there are only 1,000 impostor comparisons"):
        iapar_at_fmr(attacks, impostor, 0.001)
    with pytest.raises(ShapeError, match="attack scores must be finite or -inf, but is NaN"):
        iapar_at_fmr([float("nan")], impostor, 0.01)


def test_refusing_everybody_does_not_shine():
    assert riapar(0.0, 1.0) == 1
    assert riapar(0.1, 0.05) == pytest.approx(0.15)
    assert riapar(0.1, 0.05, 0.2) == pytest.approx(0.1 + 0.2 + 0.04)
    with pytest.raises(InputError, match=r"IAPAR lies between 0 and 1, not at 1\.2"):
        riapar(1.2, 0)
    with pytest.raises(InputError, match="an error rate lies between 0 and 1"):
        riapar(0, 2)
