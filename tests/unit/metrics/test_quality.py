from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from sklearn.metrics import recall_score

from vultus.errors import InputError, ShapeError
from vultus.metrics.quality import best_partial_area, error_discard, pair_quality, partial_area

LEVELS = st.integers(0, 6).map(float)
PAIRS = st.lists(st.tuples(st.sampled_from([-np.inf, 0.2, 0.8]), LEVELS), min_size=1, max_size=40)


def test_curve_by_hand():
    scores = [0.1, 0.9, 0.2, 0.8, 0.7]
    quality = [10, 20, 20, 30, 40]
    curve = error_discard(scores, quality, 0.5)
    assert curve.quality.tolist() == [10, 20, 30, 40]
    assert curve.discarded.tolist() == [0, 1 / 5, 3 / 5, 4 / 5]
    assert curve.fnmr.tolist() == [2 / 5, 1 / 4, 0, 0]
    assert partial_area(curve, 0.2) == pytest.approx(2 / 5)
    assert partial_area(curve, 0.6) == pytest.approx((0.2 * 0.4 + 0.4 * 0.25) / 0.6)
    assert partial_area(curve, 1) == pytest.approx(0.18)
    assert error_discard(scores, quality, 0.2).fnmr[0] == 1 / 5  # a score at the threshold matches


def test_each_step_agrees_with_the_recall_of_scikit_learn():
    random = np.random.default_rng(1)
    quality = random.integers(0, 20, 300)
    scores = random.normal(quality / 10, 1)
    curve = error_discard(scores, quality, 0.5)
    for least, discarded, fnmr in zip(curve.quality, curve.discarded, curve.fnmr, strict=True):
        kept = quality >= least
        assert discarded == pytest.approx(1 - kept.mean())
        assert fnmr == pytest.approx(1 - recall_score(np.ones(kept.sum()), scores[kept] >= 0.5))


@given(PAIRS, st.floats(0.05, 1))
def test_the_area_lies_between_the_best_and_the_worst(pairs, limit):
    scores, quality = map(np.array, zip(*pairs, strict=True))
    curve = error_discard(scores, quality, 0.5)
    area = partial_area(curve, limit)
    assert best_partial_area(curve.fnmr[0], limit) - 1e-12 <= area <= curve.fnmr.max() + 1e-12
    assert (np.diff(curve.discarded) > 0).all()


@given(PAIRS)
def test_only_the_order_of_qualities_matters(pairs):
    scores, quality = map(np.array, zip(*pairs, strict=True))
    one, two = error_discard(scores, quality, 0.5), error_discard(scores[::-1], np.exp(quality[::-1]), 0.5)
    np.testing.assert_allclose(one.fnmr, two.fnmr)
    np.testing.assert_allclose(one.discarded, two.discarded)


def test_a_measure_that_knows_the_errors_reaches_the_best_area():
    scores = np.r_[np.zeros(500), np.ones(9500)]
    curve = error_discard(scores, np.arange(10_000), 0.5)
    assert partial_area(curve) == pytest.approx(best_partial_area(0.05), abs=5e-5)


def test_a_measure_that_knows_nothing_leaves_the_rate_where_it_is():
    random = np.random.default_rng(2)
    scores = (random.random(20_000) > 0.1).astype(float)
    curve = error_discard(scores, random.random(20_000), 0.5)
    assert partial_area(curve) == pytest.approx(curve.fnmr[0], abs=0.01)


@given(st.floats(0, 1), st.floats(0.01, 1))
def test_the_best_area_agrees_with_the_integral_of_scipy(fnmr, limit):
    end = min(fnmr, limit, 1 - 1e-12)
    area, _ = quad(lambda x: (fnmr - x) / (1 - x), 0, end)
    assert best_partial_area(fnmr, limit) == pytest.approx(area / limit, abs=1e-6)


def test_pair_quality_is_the_worse_picture():
    assert pair_quality([1, 5, -np.inf], [2, 3, 4]).tolist() == [1, 3, -np.inf]
    with pytest.raises(ShapeError, match="b must be as long as a, 2, but is 1 long"):
        pair_quality([1, 2], [1])
    with pytest.raises(ShapeError, match="b must be without NaN and plus infinity"):
        pair_quality([1.0], [float("nan")])


def test_what_is_no_quality_is_refused():
    with pytest.raises(ShapeError, match=r"quality must be of shape \(2,\), but is of shape \(1,\)"):
        error_discard([0.1, 0.2], [1], 0.5)
    with pytest.raises(ShapeError, match="quality must be one-dimensional and not empty"):
        error_discard([0.1], [], 0.5)
    with pytest.raises(ShapeError, match="quality must be without NaN and plus infinity"):
        error_discard([0.1, 0.2], [1, float("nan")], 0.5)
    with pytest.raises(ShapeError, match="genuine scores must be at least one score"):
        error_discard([], [], 0.5)


@pytest.mark.parametrize("limit", [0, -0.1, 1.1, float("nan")])
def test_a_limit_is_a_share(limit):
    curve = error_discard([0.1], [1], 0.5)
    with pytest.raises(InputError, match="the limit of discards lies above 0 and at most at 1"):
        partial_area(curve, limit)
    with pytest.raises(InputError, match="the limit of discards lies above 0 and at most at 1"):
        best_partial_area(0.1, limit)


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_an_initial_rate_is_a_rate(rate):
    with pytest.raises(InputError, match="the initial FNMR lies between 0 and 1"):
        best_partial_area(rate)
