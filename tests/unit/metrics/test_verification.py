from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import gamma
from sklearn.metrics import roc_curve

from vultus.errors import InputError, ShapeError, UnsupportedTargetError
from vultus.metrics.verification import (
    as_scores,
    as_weights,
    best_threshold,
    det_points,
    eer,
    fmr,
    fnmr,
    fold_match_rate,
    rule_of_thirty,
    rule_of_three,
    threshold_at_fmr,
    tmr_at_fmr,
)

# Few distinct values, so that ties are the rule.
TIED = arrays(np.float32, st.integers(1, 60), elements=st.integers(-8, 8).map(lambda n: n / 8))
RATE = st.floats(0, 1)


def test_rates_of_a_hand_made_case():
    genuine = [0.9, 0.8, 0.5, -np.inf]
    impostor = [0.5, 0.4, 0.1, 0.0, -np.inf]
    assert fmr(impostor, 0.5) == 1 / 5
    assert fmr(impostor, 0.50001) == 0
    assert fnmr(genuine, 0.5) == 1 / 4
    assert fnmr(genuine, 0.6) == 2 / 4
    assert fmr(impostor, 0.4, weights=[1, 3, 1, 0, 5]) == 4 / 10


def test_a_threshold_between_two_float32_values_is_not_rounded():
    score = np.float32(0.1)
    assert fmr(np.array([score]), float(score)) == 1.0
    assert fmr(np.array([score]), float(score) + 1e-12) == 0.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_threshold_lies_just_above_the_first_refused_score(dtype):
    impostor = np.array([0.1, 0.2, 0.3, 0.4, 0.5], dtype=dtype)
    assert threshold_at_fmr(impostor, 0.4) == np.nextafter(dtype(0.3), dtype(1))
    assert threshold_at_fmr(impostor, 0.0) == np.nextafter(dtype(0.5), dtype(1))
    assert threshold_at_fmr(impostor, 1.0) == -np.inf


def test_ties_fall_on_one_side():
    impostor = [0.5] * 4 + [0.1] * 6
    threshold = threshold_at_fmr(impostor, 0.2)
    assert threshold > 0.5
    assert fmr(impostor, threshold) == 0


def test_a_rate_whose_product_is_a_hair_below_a_whole_number():
    impostor = np.arange(100) / 100
    assert fmr(impostor, threshold_at_fmr(impostor, 0.29)) == 0.29


@given(TIED, RATE)
def test_threshold_keeps_the_target_and_is_the_smallest(impostor, target):
    threshold = threshold_at_fmr(impostor, target)
    assert fmr(impostor, threshold) <= target + 1e-9
    if threshold > -np.inf:
        below = np.nextafter(np.float32(threshold), np.float32(-2))
        assert fmr(impostor, float(below)) > target


@given(TIED, RATE, st.data())
def test_weights_mean_the_same_as_repetition(impostor, target, data):
    weights = data.draw(arrays(np.int64, impostor.size, elements=st.integers(0, 3)).filter(lambda w: w.sum() > 0))
    repeated = np.repeat(impostor, weights)
    weighted = threshold_at_fmr(impostor, target, weights)
    assert fmr(impostor, weighted, weights) <= target + 1e-9
    assert fmr(repeated, weighted) == pytest.approx(fmr(repeated, threshold_at_fmr(repeated, target)))


@given(TIED, TIED)
def test_rates_are_the_reference_ones(genuine, impostor):
    truth = np.r_[np.ones(genuine.size), np.zeros(impostor.size)]
    false_match, true_match, thresholds = roc_curve(truth, np.r_[genuine, impostor], drop_intermediate=False)
    for rate, hit, at in zip(false_match[1:], true_match[1:], thresholds[1:], strict=True):
        assert fmr(impostor, at) == pytest.approx(rate)
        assert 1 - fnmr(genuine, at) == pytest.approx(hit)


@given(TIED, TIED)
def test_det_points_are_rates_and_monotone(genuine, impostor):
    curve = det_points(genuine, impostor)
    for at, false_match, false_non_match in zip(curve.threshold, curve.fmr, curve.fnmr, strict=True):
        assert false_match == pytest.approx(fmr(impostor, at))
        assert false_non_match == pytest.approx(fnmr(genuine, at))
    assert (np.diff(curve.fmr) <= 0).all()
    assert (np.diff(curve.fnmr) >= 0).all()
    assert (curve.fmr[0], curve.fnmr[0], curve.fmr[-1], curve.fnmr[-1]) == (1, 0, 0, 1)


def test_det_points_are_thinned_with_both_ends():
    random = np.random.default_rng(0)
    curve = det_points(random.normal(2, 1, 5000), random.normal(0, 1, 5000), max_points=50)
    assert curve.threshold.size == 50
    assert (curve.fmr[0], curve.fmr[-1]) == (1, 0)
    with pytest.raises(InputError, match="a curve needs at least 2 points, not 1"):
        det_points([0.1], [0.2], max_points=1)


@given(TIED, TIED)
def test_eer_lies_between_the_rates_around_it(genuine, impostor):
    rate, at = eer(genuine, impostor)
    assert 0 <= rate <= 1
    lower = fmr(impostor, at)
    assert lower <= rate + 1e-9 or fnmr(genuine, at) <= rate + 1e-9


def test_eer_of_known_cases():
    assert eer([0.8, 0.9], [0.1, 0.2])[0] == 0
    assert eer([0.1, 0.2], [0.8, 0.9])[0] == 1
    assert eer([0.2, 0.6, 0.7, 0.8], [0.1, 0.15, 0.3, 0.65])[0] == pytest.approx(0.25)
    random = np.random.default_rng(1)
    # Two normal distributions two standard deviations apart cross at Phi(-1).
    assert eer(random.normal(2, 1, 200_000), random.normal(0, 1, 200_000))[0] == pytest.approx(0.15866, abs=2e-3)


def test_eer_counts_failures_to_acquire():
    assert eer([-np.inf, 0.9], [0.1, -np.inf])[0] == 0.5


def test_the_rule_of_thirty_is_a_bound_of_thirty_errors():
    assert rule_of_thirty(3000) == 1e-2
    assert rule_of_thirty(1) == 1.0
    with pytest.raises(InputError, match="the rule of thirty needs at least one comparison, not 0"):
        rule_of_thirty(0)
    # 30 errors: nine intervals of ten reach no farther than 30 % from what was observed
    low, high = (poisson_errors(30, tail) / 30 for tail in (0.05, 0.95))
    assert low > 0.68
    assert high < 1.38


def poisson_errors(observed: int, tail: float) -> float:
    return float(gamma.ppf(tail, observed + (tail > 0.5)))


def test_tmr_at_fmr_and_the_rule_of_three():
    random = np.random.default_rng(2)
    genuine, impostor = random.normal(0.6, 0.1, 3000), random.normal(0, 0.1, 3000)
    assert rule_of_three(3000) == 1e-3
    assert rule_of_three(1) == 1.0
    assert tmr_at_fmr(genuine, impostor, 1e-3) > 0.9
    with pytest.raises(UnsupportedTargetError, match=r"FMR 0.0001 is not supported.*3,000.*smallest.*0.001"):
        tmr_at_fmr(genuine, impostor, 1e-4)
    with pytest.raises(InputError, match="at least one comparison, not 0"):
        rule_of_three(0)


def test_refusals():
    with pytest.raises(ShapeError, match=r"impostor scores must be one-dimensional, but is of shape \(1, 2\)"):
        fmr([[0.1, 0.2]], 0.5)
    with pytest.raises(ShapeError, match="genuine scores must be at least one score, but is empty"):
        fnmr([], 0.5)
    for bad in (np.nan, np.inf):
        with pytest.raises(ShapeError, match=r"scores must be finite or -inf, but is NaN or \+inf somewhere"):
            as_scores([0.1, bad])
    with pytest.raises(InputError, match=r"a false match rate lies between 0 and 1, not at 1\.5"):
        threshold_at_fmr([0.1], 1.5)
    with pytest.raises(ShapeError, match=r"weights must be of shape \(2,\)"):
        as_weights([1, 2, 3], 2)
    for bad_weights in ([0, 0], [-1, 2], [np.nan, 1]):
        with pytest.raises(ShapeError, match="weights must be non-negative with a positive finite sum"):
            as_weights(bad_weights, 2)


def test_best_threshold_is_in_the_middle_of_the_best_gap():
    assert best_threshold([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]) == pytest.approx(0.5)
    assert best_threshold([0.1, 0.2, 0.8, 0.9], [0, 0, 0, 1]) == pytest.approx(0.85)
    assert best_threshold([0.3, 0.4], [1, 1]) < 0.3
    assert best_threshold([0.3, 0.4], [0, 0]) > 0.4
    assert best_threshold([-np.inf, 0.4, 0.2], [1, 1, 0]) == pytest.approx(0.3)
    with pytest.raises(InputError, match="no pair has a score"):
        best_threshold([-np.inf], [1])


@given(TIED, st.data())
def test_best_threshold_is_as_good_as_trying_all(scores, data):
    same = data.draw(arrays(np.bool_, scores.size))
    found = ((scores >= np.float64(best_threshold(scores, same))) == same).mean()
    tried = max(((scores >= at) == same).mean() for at in np.r_[scores, 2.0])
    assert found == pytest.approx(tried)


def test_fold_match_rate_uses_the_other_folds():
    scores = [0.1, 0.9, 0.2, 0.8, 0.85, 0.95]
    same = [0, 1, 0, 1, 0, 1]
    folds = [1, 1, 2, 2, 3, 3]
    result = fold_match_rate(scores, same, folds)
    assert result.folds == ("1", "2", "3")
    # Fold 3: 0.85 is above every threshold that separates the other folds, so its impostor pair is wrong.
    assert result.rates == (1.0, 0.5, 0.5)
    assert result.mean == pytest.approx(2 / 3)
    assert result.standard_error == pytest.approx(np.std([1, 0.5, 0.5], ddof=1) / np.sqrt(3))


def test_failures_to_acquire_stay_in_the_denominator():
    scores = [0.1, 0.9, -np.inf, 0.1, 0.9, -np.inf]
    result = fold_match_rate(scores, [0, 1, 1, 0, 1, 0], [1, 1, 1, 2, 2, 2])
    assert result.rates == pytest.approx((2 / 3, 1.0))


def test_fold_weights_mean_repetition():
    random = np.random.default_rng(3)
    same = random.integers(0, 2, 300).astype(bool)
    scores = random.normal(same * 1.5, 1).astype(np.float32)
    folds, weights = random.integers(0, 5, 300), random.integers(0, 4, 300)
    weighted = fold_match_rate(scores, same, folds, weights)
    repeated = fold_match_rate(*(np.repeat(column, weights) for column in (scores, same, folds)))
    assert weighted.rates == pytest.approx(repeated.rates)


def test_fold_refusals():
    with pytest.raises(InputError, match="at least two folds, not 1"):
        fold_match_rate([0.1, 0.2], [0, 1], [1, 1])
    with pytest.raises(ShapeError, match=r"folds must be of shape \(2,\)"):
        fold_match_rate([0.1, 0.2], [0, 1], [1])
    with pytest.raises(ShapeError, match=r"same must be of shape \(2,\)"):
        fold_match_rate([0.1, 0.2], [0], [1, 2])


def test_ten_million_scores_in_seconds():
    scores = np.random.default_rng(4).standard_normal(10_000_000, dtype=np.float32)
    start = time.perf_counter()
    assert fmr(scores, threshold_at_fmr(scores, 1e-6)) == pytest.approx(1e-6)
    assert time.perf_counter() - start < 5
