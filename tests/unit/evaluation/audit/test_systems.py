from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unit.evaluation.audit.made import made
from vultus.errors import InputError
from vultus.evaluation.audit.rates import group_errors
from vultus.evaluation.audit.systems import accuracy, decomposed, equally_accurate, matched, reversed_within


def compared(a, b, names, group, threshold):
    equal = equally_accurate(a, b, threshold)
    rows = (group_errors(one, names, group, at) for one, at in ((a, threshold), (b, equal.threshold_b)))
    return matched(equal, *rows)


def test_accuracy_weighs_both_kinds_the_same():
    found = made([(0.2, 0.0), (0.2, 0.0)])
    assert accuracy(found, 0.5) == pytest.approx((1 + (found.scores[~found.same] < 0.5).mean()) / 2)
    assert accuracy(found, 2.0) == 0.5


def test_accuracy_is_the_sum_over_groups():
    found = made([(0.2, 0.1), (0.05, 0.3)])
    names, group = found.group_of(("group",))
    rows = group_errors(found, names, group, 0.5)
    shares = [(group[found.left] == at).mean() for at in range(2)]
    genuine = [found.same[group[found.left] == at].mean() for at in range(2)]
    plain = ((found.scores >= 0.5) == found.same).mean()
    assert decomposed(rows, shares, genuine) == pytest.approx(plain, abs=1e-12)


def test_one_accuracy_hides_what_groups_meet():
    random = np.random.default_rng(0)
    uneven = made([(0.02, 0.02), (0.18, 0.02), (0.1, 0.14)], people=120, each=30)
    even = replace(made([(0.1, 0.06)] * 3, people=120, each=30), source="even")
    even = replace(even, left=uneven.left, right=uneven.right)
    spread = [replace(one, scores=one.scores + 0.05 * random.normal(size=one.scores.size)) for one in (uneven, even)]
    names, group = uneven.group_of(("group",))
    found = compared(spread[0], spread[1], names, group, 0.5)
    assert abs(found.accuracy_a - found.accuracy_b) < 0.005
    assert (found.uneven_a, found.uneven_b) == (("fmr", "fnmr"), ())
    assert found.hidden is True
    assert found.gap_fmr_a > 2 * found.gap_fmr_b
    assert compared(spread[1], spread[1], names, group, 0.5).hidden is False


def test_other_comparisons_are_refused():
    one, other = made([(0.1, 0.1)] * 2), made([(0.1, 0.1)] * 2, each=10)
    with pytest.raises(InputError, match="must hold the same comparisons in the same order"):
        equally_accurate(one, other, 0.5)


def test_equal_thresholds_as_in_a_loop():
    """Every candidate looked at over all comparisons, ties between scores and thresholds included."""
    for seed in range(4):
        random = np.random.default_rng(seed)
        a = made([(0.1, 0.2)] * 2, seed=seed)
        b = replace(a, scores=np.round(a.scores + 0.3 * random.normal(size=a.scores.size), 2))
        found = equally_accurate(a, b, 0.5)
        candidates = np.unique(np.quantile(b.scores, np.linspace(0, 1, 2001)))
        off = np.array([abs(accuracy(b, at) - accuracy(a, 0.5)) for at in candidates])
        near = candidates[off <= max(off.min(), 0.001)]
        fmr = [(b.scores[~b.same] >= at).mean() for at in near]
        wanted = (a.scores[~a.same] >= 0.5).mean()
        assert found.threshold_b == near[int(np.argmin(np.abs(np.array(fmr) - wanted)))]
        assert (b.scores[~b.same] >= found.same_fmr_b).mean() <= wanted
        assert found.ahead == pytest.approx(accuracy(a, 0.5) - accuracy(b, found.same_fmr_b))


def test_simpsons_paradox():
    better, worse = made([(0.1, 0.1)] * 2), made([(0.2, 0.2)] * 2)
    names, group = better.group_of(("group",))
    a, b = (group_errors(one, names, group, 0.5) for one in (worse, better))
    assert reversed_within(a, b, 0.1) is True
    assert reversed_within(a, b, -0.1) is False
    assert reversed_within(b, a, -0.1) is True
    assert reversed_within(a, b, 0.001) is False
    assert reversed_within([], [], 0.1) is False
