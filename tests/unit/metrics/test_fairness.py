from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import gmean
from sklearn.metrics import confusion_matrix

from vultus.errors import InputError, ShapeError
from vultus.metrics.fairness import (
    GroupRates,
    fairness_discrepancy_rate,
    garbe,
    gini,
    group_rates,
    max_geometric_mean_ratio,
    max_min_ratio,
)

RATES = arrays(np.float64, st.integers(2, 9), elements=st.integers(0, 50).map(lambda n: n / 50))


def _sample(seed: int, size: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    a, b = random.integers(0, 3, size), random.integers(0, 3, size)
    same = random.random(size) < 0.4
    b[same] = a[same]
    return random.normal(same * 1.0, 1).round(1), same, a, b


def test_rates_by_hand():
    scores = [0.9, 0.2, 0.8, 0.7, 0.1, 0.6, 0.2, 0.9, -np.inf]
    same = [True, True, True, False, False, False, False, False, False]
    left = ["f", "f", "m", "f", "f", "m", "f", "m", "m"]
    right = ["f", "f", "m", "f", "f", "m", "m", "f", "f"]
    rates = group_rates(scores, same, left, right, 0.5)
    assert rates.groups == ("f", "m")
    assert rates.fnmr.tolist() == [1 / 2, 0]
    assert rates.fmr_within.tolist() == [1 / 2, 1]
    assert rates.fmr_cross.tolist() == [1 / 3, 1 / 3]
    assert rates.fmr.tolist() == [[1 / 2, 1 / 3], [1 / 3, 1]]
    assert rates.n_genuine.tolist() == [2, 1]
    assert rates.n_impostor.tolist() == [[2, 3], [3, 1]]


def test_each_group_agrees_with_scikit_learn():
    scores, same, a, b = _sample(1)
    rates = group_rates(scores, same, a, b, 0.5)
    for group in range(3):
        own = (a == group) & (b == group)
        (right, wrong), (missed, hit) = confusion_matrix(same[own], scores[own] >= 0.5)
        assert rates.fnmr[group] == pytest.approx(missed / (missed + hit))
        assert rates.fmr_within[group] == pytest.approx(wrong / (wrong + right))
        other = (a != b) & ((a == group) | (b == group))
        assert rates.fmr_cross[group] == pytest.approx((scores[other] >= 0.5).mean())
        for second in range(3):
            pair = ~same & (((a == group) & (b == second)) | ((a == second) & (b == group)))
            assert rates.fmr[group, second] == pytest.approx((scores[pair] >= 0.5).mean())
            assert rates.n_impostor[group, second] == pair.sum()


def _equal(one: GroupRates, two: GroupRates, order: list[int]) -> None:
    for name in ("fnmr", "fmr_within", "fmr_cross", "n_genuine"):
        np.testing.assert_allclose(getattr(one, name)[order], getattr(two, name))
    for name in ("fmr", "n_impostor"):
        np.testing.assert_allclose(getattr(one, name)[np.ix_(order, order)], getattr(two, name))


@given(st.integers(0, 1000), st.permutations([0, 1, 2]), st.floats(-1, 2))
def test_renaming_groups_permutes_the_rates_and_changes_no_summary(seed, order, threshold):
    scores, same, a, b = _sample(seed)
    names = np.array(["x", "y", "z"])
    place = np.argsort(order)
    one = group_rates(scores, same, a, b, threshold)
    two = group_rates(scores, same, names[place[a]], names[place[b]], threshold)
    _equal(one, two, list(order))
    for summary in (fairness_discrepancy_rate, garbe):
        assert summary(one.fmr_within, one.fnmr) == pytest.approx(summary(two.fmr_within, two.fnmr))


@given(st.integers(0, 1000), st.floats(-1, 2))
def test_sides_and_order_do_not_matter(seed, threshold):
    scores, same, a, b = _sample(seed)
    random = np.random.default_rng(seed)
    swap, order = random.random(a.size) < 0.5, random.permutation(a.size)
    left, right = np.where(swap, b, a)[order], np.where(swap, a, b)[order]
    first = group_rates(scores, same, a, b, threshold)
    _equal(first, group_rates(scores[order], same[order], left, right, threshold), [0, 1, 2])


@given(st.integers(0, 1000), st.floats(-1, 1), st.floats(0, 1))
def test_a_higher_threshold_trades_fmr_for_fnmr_in_every_group(seed, threshold, step):
    scores, same, a, b = _sample(seed)
    low, high = (group_rates(scores, same, a, b, t) for t in (threshold, threshold + step))
    assert (high.fmr <= low.fmr).all()
    assert (high.fnmr >= low.fnmr).all()


def test_weights_are_repeats():
    scores, same, a, b = _sample(2)
    times = np.random.default_rng(0).integers(1, 4, scores.size)
    repeated = group_rates(*(np.repeat(x, times) for x in (scores, same, a, b)), 0.5)
    _equal(group_rates(scores, same, a, b, 0.5, weights=times), repeated, [0, 1, 2])


def test_a_draw_without_a_group_leaves_its_rates_open():
    scores, same, a, b = _sample(3)
    rates = group_rates(scores, same, a, b, 0.5, weights=(a != 1) & (b != 1))
    for part in (rates.fnmr, rates.fmr_within, rates.fmr_cross):
        assert np.isnan(part).tolist() == [False, True, False]


def test_groups_that_never_meet_have_no_cross_rate():
    rates = group_rates([0.9, 0.1, 0.9, 0.1], [True, False, True, False], [0, 0, 1, 1], [0, 0, 1, 1], 0.5)
    assert np.isnan(rates.fmr_cross).all()
    assert np.isnan(rates.fmr[0, 1])
    assert rates.fmr_within.tolist() == [0, 0]


def test_what_cannot_be_counted_is_refused():
    good = ([0.9, 0.1, 0.9, 0.1], [True, False, True, False], [0, 0, 1, 1], [0, 0, 1, 1])
    with pytest.raises(InputError, match="rates of groups need at least two groups, and there is only 'f'"):
        group_rates([0.9, 0.1], [True, False], ["f", "f"], ["f", "f"], 0.5)
    with pytest.raises(
        InputError, match="1 genuine comparisons are of one person in two groups; the first is number 2"
    ):
        group_rates(good[0], good[1], good[2], [0, 0, 0, 1], 0.5)
    with pytest.raises(InputError, match="group '1' has no genuine comparison, so it has no rate"):
        group_rates(good[0], [True, False, False, False], good[2], good[3], 0.5)
    with pytest.raises(InputError, match="group '0' has no impostor comparison within it, so it has no rate"):
        group_rates(good[0], [True, True, True, False], good[2], good[3], 0.5)
    with pytest.raises(ShapeError, match="same must be True and False of shape"):
        group_rates(good[0], [1, 0, 1, 0], good[2], good[3], 0.5)
    with pytest.raises(ShapeError, match=r"group_a must be of shape \(4,\), but is of shape \(3,\)"):
        group_rates(good[0], good[1], [0, 0, 1], good[3], 0.5)
    with pytest.raises(ShapeError, match="group_b must be the kind of labels that group_a has"):
        group_rates(good[0], good[1], good[2], ["0", "0", "1", "1"], 0.5)
    with pytest.raises(ShapeError, match="group_b must be text, whole numbers or truth values"):
        group_rates(good[0], good[1], good[2], [0, 0, 1, float("nan")], 0.5)
    with pytest.raises(ShapeError, match="scores must be finite or -inf"):
        group_rates([float("nan"), 0.1, 0.9, 0.1], *good[1:], 0.5)


@given(RATES)
def test_ratios_agree_with_scipy(rates):
    if rates.min() > 0:
        assert max_min_ratio(rates) == pytest.approx(rates.max() / rates.min())
        assert max_geometric_mean_ratio(rates) == pytest.approx(rates.max() / gmean(rates))
    else:
        expected = np.inf if rates.max() > 0 else 1
        assert max_min_ratio(rates) == max_geometric_mean_ratio(rates) == expected


@given(RATES)
def test_gini_is_the_mean_difference_of_all_pairs(rates):
    n = rates.size
    pairs = np.abs(rates[:, None] - rates[None, :]).sum()
    expected = 0 if rates.max() == 0 else n / (n - 1) * pairs / (2 * n * n * rates.mean())
    assert gini(rates) == pytest.approx(expected, abs=1e-12)
    assert -1e-12 <= gini(rates) <= 1 + 1e-12


def test_summaries_by_hand():
    assert gini([0.2, 0.2, 0.2]) == pytest.approx(0)
    assert gini([0, 0, 0.3]) == pytest.approx(1)
    assert gini([0.1, 0.3]) == pytest.approx(0.5)
    assert garbe([0.1, 0.3], [0.2, 0.2], alpha=0.25) == pytest.approx(0.125)
    assert fairness_discrepancy_rate([0.1, 0.3], [0.5, 0.1], alpha=0.25) == pytest.approx(1 - 0.05 - 0.3)
    assert max_geometric_mean_ratio([0.01, 0.04]) == pytest.approx(2)


@given(RATES, st.floats(0, 1), st.integers(0, 100))
def test_even_rates_are_even_and_order_does_not_matter(rates, alpha, seed):
    even = np.full(rates.size, rates[0])
    assert garbe(even, even, alpha) == pytest.approx(0)
    assert fairness_discrepancy_rate(even, even, alpha) == 1
    order = np.random.default_rng(seed).permutation(rates.size)
    assert garbe(rates[order], even, alpha) == pytest.approx(garbe(rates, even, alpha))
    assert 0 <= fairness_discrepancy_rate(rates, rates[::-1], alpha) <= 1


@given(RATES)
def test_ratios_and_gini_do_not_care_for_the_size_of_the_rates(rates):
    for summary in (max_min_ratio, max_geometric_mean_ratio, gini):
        assert summary(rates / 7) == pytest.approx(summary(rates), abs=1e-9)


def test_summaries_refuse_what_are_no_rates_of_groups():
    for summary in (max_min_ratio, max_geometric_mean_ratio, gini):
        with pytest.raises(ShapeError, match="rates must be those of at least two groups"):
            summary([0.1])
        for bad in ([0.1, float("nan")], [0.1, 1.1], [-0.1, 0.1]):
            with pytest.raises(InputError, match="rates of groups lie between 0 and 1, and some are outside or NaN"):
                summary(bad)
    for both in (garbe, fairness_discrepancy_rate):
        with pytest.raises(ShapeError, match="fnmr must be of the 2 groups of fmr, but is of 3"):
            both([0.1, 0.2], [0.1, 0.2, 0.3])
        with pytest.raises(InputError, match=r"alpha lies between 0 and 1, not at 1\.5"):
            both([0.1, 0.2], [0.1, 0.2], 1.5)


def test_a_million_comparisons_in_a_moment():
    scores, same, a, b = _sample(0, 1_000_000)
    start = time.perf_counter()
    group_rates(scores, same, a, b, 0.5)
    assert time.perf_counter() - start < 5
