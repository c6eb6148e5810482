from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import norm

from unit.evaluation.audit.made import made
from vultus.evaluation.audit.comparisons import Comparisons
from vultus.evaluation.audit.rates import group_errors, rate, wilson


def by_hand():
    """Three people of two groups; the impostor pairs (0,1), (0,2), (1,2) and a genuine one of each."""
    left, right = np.array([0, 1, 2, 0, 0, 1]), np.array([0, 1, 2, 1, 2, 2])
    scores = np.array([0.9, 0.1, 0.9, 0.9, 0.1, 0.9])
    return Comparisons(scores, left == right, left, right, 3, {"g": np.array(["a", "a", "b"])})


def test_rates_by_hand():
    found = by_hand()
    names, group = found.group_of(("g",))
    a, b = group_errors(found, names, group, 0.5)
    assert (a.fnmr.errors, a.fnmr.n, a.fmr.errors, a.fmr.n, a.fmr_cross.errors, a.fmr_cross.n) == (1, 2, 1, 1, 1, 2)
    assert (b.fnmr.errors, b.fnmr.n, b.fmr.n, b.fmr_cross.errors) == (0, 1, 0, 1)
    assert np.isnan(b.fmr.value)
    assert (b.fmr.low, b.fmr.high) == (0.0, 1.0)
    assert (b.fnmr.people, b.fnmr.enough) == (1, False)


def test_the_variance_of_pairs_by_hand():
    found = by_hand()
    got = rate(found, ~found.same, found.scores >= 0.5)
    # deviations 1/3, -2/3, 1/3 of the pairs 01, 02, 12; of the people -1/3, 2/3, -1/3
    people, pairs = np.array([-1, 2, -1]) / 3, np.array([1, -2, 1]) / 3
    raw = max((people @ people - pairs @ pairs) / 9, (pairs @ pairs) / 9)
    assert got.value == pytest.approx(2 / 3)
    assert got.variance == pytest.approx(raw * 3 / 2)


@given(st.floats(0, 1), st.floats(0.5, 1e7))
@example(0.0, 2.0)
@example(1.0, 7.3)
def test_the_share_lies_in_its_interval(value, n):
    """Drawings take the ends' distances, which must not be negative by a rounding."""
    low, high = wilson(value, n)
    assert 0 <= low <= value <= high <= 1


def test_wilson_is_the_score_interval():
    low, high = wilson(0.3, 50)
    # the ends are the rates at which 0.3 is 1.96 standard errors away
    for end in (low, high):
        assert abs(0.3 - end) / np.sqrt(end * (1 - end) / 50) == pytest.approx(norm.ppf(0.975))
    assert wilson(0.5, 0) == (0.0, 1.0)


def test_people_who_recur_make_a_rate_less_sure():
    alone, clustered = made([(0.1, 0.1)] * 2), made([(0.1, 0.1)] * 2, effect=1.5)
    for found, most, least in ((alone, 1.8, 0.5), (clustered, 30, 2.5)):
        got = rate(found, found.same, found.scores < 0.5)
        assert least < got.n / got.effective < most


def test_the_interval_covers_when_people_differ():
    covered, naive = 0, 0
    for seed in range(150):
        found = made([(0.05, 0.1)], people=75, each=14, seed=seed, effect=1.2)
        robust, plain = (rate(found, found.same, found.scores < 0.5, robust=one) for one in (True, False))
        truth = float(np.mean(1 / (1 + np.exp(-(np.log(0.1 / 0.9) + 1.2 * norm.ppf(np.linspace(0.001, 0.999, 999)))))))
        covered += robust.low <= truth <= robust.high
        naive += plain.low <= truth <= plain.high
    assert 0.88 <= covered / 150 <= 0.99
    assert naive / 150 <= covered / 150 - 0.08


def test_no_error_at_all_still_has_an_upper_end():
    found = made([(0.05, 0.0), (0.05, 0.2)], effect=1.0)
    names, group = found.group_of(("group",))
    a, _ = group_errors(found, names, group, 0.5)
    assert (a.fnmr.value, a.fnmr.low) == (0.0, 0.0)
    assert a.fnmr.effective < a.fnmr.n
    assert a.fnmr.high > 3 / a.fnmr.n
