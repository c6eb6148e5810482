from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from unit.evaluation.audit.made import made
from vultus.evaluation.audit.rates import group_errors
from vultus.evaluation.audit.significance import differences, holm, two_sided


@given(st.floats(-40, 40), st.floats(1, 500))
def test_students_distribution(t, freedom):
    assert two_sided(t, freedom) == pytest.approx(2 * stats.t.sf(abs(t), freedom), rel=1e-6, abs=1e-12)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    found = holm([0.2, math.nan, 0.01])
    assert found[0] == 0.2
    assert math.isnan(found[1])
    assert found[2] == 0.02
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_never_makes_smaller_and_keeps_the_order(values):
    found = holm(values)
    assert all(after >= before for before, after in zip(values, found, strict=True))
    order = np.argsort(values, kind="stable")
    assert np.all(np.diff(np.array(found)[order]) >= 0)


def compared(rates, **more):
    found = made(rates, **more)
    names, group = found.group_of(("group",))
    return {(one.group, one.error): one for one in differences(group_errors(found, names, group, 0.5))}


def test_a_planted_difference_is_found_and_nothing_else():
    found = compared([(0.15, 0.1), (0.03, 0.1), (0.03, 0.1)], people=100)
    assert {key for key, one in found.items() if one.significant()} == {("a", "fmr"), ("b", "fmr"), ("c", "fmr")}
    assert found["a", "fmr"].value > found["a", "fmr"].others


def test_names_and_order_of_groups_change_nothing():
    one = compared([(0.15, 0.1), (0.03, 0.1), (0.03, 0.2)])
    found = made([(0.15, 0.1), (0.03, 0.1), (0.03, 0.2)])
    found.labels["group"][:] = np.array(["z", "a", "m"])[np.searchsorted(["a", "b", "c"], found.labels["group"])]
    names, group = found.group_of(("group",))
    other = {(row.group, row.error): row for row in differences(group_errors(found, names, group, 0.5))}
    for ours, theirs in (("a", "z"), ("b", "a"), ("c", "m")):
        assert one[ours, "fmr"].p == pytest.approx(other[theirs, "fmr"].p)


def test_small_groups_are_not_judged():
    found = compared([(0.15, 0.1), (0.03, 0.1)], people=20)
    assert all(math.isnan(one.p_holm) and not one.significant() for one in found.values())


def test_groups_without_errors_can_be_compared():
    found = compared([(0.0, 0.1), (0.0, 0.1), (0.2, 0.1)], people=80)
    assert found["c", "fmr"].significant()
    assert found["a", "fmr"].p > 0.001
