from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import roc_curve

from vultus.errors import InputError, ShapeError
from vultus.metrics.verification import det_points, eer, fmr, fnmr, min_dcf, threshold_at_fnmr

TIED = arrays(np.float64, st.integers(1, 40), elements=st.integers(-8, 8).map(lambda n: n / 8))
RATE = st.floats(0, 1)


@given(TIED, RATE)
def test_threshold_at_fnmr_is_the_largest_that_keeps_the_promise(genuine, target):
    threshold = threshold_at_fnmr(genuine, target)
    assert fnmr(genuine, threshold) <= target + 1e-9
    if np.isfinite(threshold):
        assert fnmr(genuine, np.nextafter(threshold, np.inf)) > target


def test_threshold_at_fnmr_by_hand():
    assert threshold_at_fnmr([0.4, 0.1, 0.3, 0.2], 0.25) == 0.2
    assert threshold_at_fnmr([0.4, 0.1], 1.0) == np.inf
    with pytest.raises(InputError, match=r"a false non-match rate lies between 0 and 1, not at 1\.5"):
        threshold_at_fnmr([0.4], 1.5)


@pytest.mark.parametrize(("prior", "miss", "false_match"), [(0.01, 1, 1), (0.5, 1, 1), (0.05, 10, 1), (0.3, 1, 4)])
def test_min_dcf_agrees_with_the_roc_of_scikit_learn(prior, miss, false_match):
    random = np.random.default_rng(3)
    genuine, impostor = random.normal(1.5, 1, 300).round(2), random.normal(0, 1, 500).round(2)
    truth = np.r_[np.ones(300), np.zeros(500)]
    found, hit, _ = roc_curve(truth, np.r_[genuine, impostor], drop_intermediate=False)
    cost = miss * prior * (1 - hit) + false_match * (1 - prior) * found
    best, threshold = min_dcf(genuine, impostor, prior=prior, miss_cost=miss, false_match_cost=false_match)
    scale = min(miss * prior, false_match * (1 - prior))
    assert best == pytest.approx(cost.min() / scale, abs=1e-12)
    reached = miss * prior * fnmr(genuine, threshold) + false_match * (1 - prior) * fmr(impostor, threshold)
    assert reached / scale == pytest.approx(best)


@given(TIED, TIED, st.floats(0.01, 0.99))
def test_min_dcf_is_never_worse_than_not_looking(genuine, impostor, prior):
    cost, _ = min_dcf(genuine, impostor, prior=prior)
    assert 0 <= cost <= 1 + 1e-12
    assert min_dcf(genuine + 3, impostor, prior=prior)[0] <= cost + 1e-12
    assert min_dcf(genuine * 5, impostor * 5, prior=prior)[0] == pytest.approx(cost)


def test_min_dcf_of_nothing_but_failures_is_that_of_not_looking():
    assert min_dcf([-np.inf], [-np.inf]) == (1, np.inf)
    assert min_dcf([-np.inf], [0.5])[0] == 1


@pytest.mark.parametrize("prior", [0, 1, -0.1, float("nan")])
def test_min_dcf_refuses_a_prior_that_is_none(prior):
    with pytest.raises(InputError, match="prior of a genuine comparison lies strictly between"):
        min_dcf([1.0], [0.0], prior=prior)


@pytest.mark.parametrize("costs", [{"miss_cost": 0}, {"false_match_cost": float("inf")}, {"miss_cost": -1}])
def test_min_dcf_refuses_costs_that_are_none(costs):
    with pytest.raises(InputError, match="costs of errors are positive and finite"):
        min_dcf([1.0], [0.0], **costs)


@pytest.mark.parametrize("measure", [min_dcf])
def test_costs_need_both_kinds_without_nan(measure):
    with pytest.raises(ShapeError, match=r"impostor \w+ must be at least one score, but is empty"):
        measure([1.0], [])
    with pytest.raises(ShapeError, match=r"genuine \w+ must be finite or -inf"):
        measure([float("nan")], [1.0])


@given(TIED, TIED)
def test_the_crossing_that_is_found_by_halves_is_that_of_the_whole_curve(genuine, impostor):
    curve = det_points(genuine, impostor, 10_000)
    gap = curve.fnmr - curve.fmr
    index = int(np.argmax(gap >= 0))
    rate, threshold = eer(genuine, impostor)
    assert threshold == curve.threshold[index]
    if gap[index] == 0:
        assert rate == pytest.approx(curve.fmr[index])
    else:
        part = -gap[index - 1] / (gap[index] - gap[index - 1])
        assert rate == pytest.approx(curve.fmr[index - 1] + part * (curve.fmr[index] - curve.fmr[index - 1]))


@given(TIED, TIED)
def test_scores_of_32_bits_give_the_same_figures(genuine, impostor):
    """Eighths are exact in both."""
    small = genuine.astype(np.float32), impostor.astype(np.float32)
    assert eer(*small)[0] == eer(genuine, impostor)[0]
    assert min_dcf(*small)[0] == min_dcf(genuine, impostor)[0]
    one, other = det_points(*small), det_points(genuine, impostor)
    np.testing.assert_array_equal(one.fmr, other.fmr)
    np.testing.assert_array_equal(one.fnmr, other.fnmr)
