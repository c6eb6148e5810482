from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vultus.errors import ConfigError
from vultus.research.contract import Claim, Metric
from vultus.research.verdict import interval, judge, leaks

UAR, ERROR = Metric("uar"), Metric("eer", worst=0.5, best=0.0)


def figures(name="uar", **arms):
    return {arm: {name: np.array(values, dtype=float)} for arm, values in arms.items()}


def test_the_interval_is_students():
    values = np.array([0.61, 0.64, 0.66, 0.60])
    wanted = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values))
    assert interval(values) == pytest.approx(wanted)
    assert interval(np.array([0.5, 0.5])) == (0.5, 0.5)
    with pytest.raises(ConfigError, match="an interval needs at least 2 seeds, but there is 1"):
        interval(np.array([1.0]))


@pytest.mark.parametrize(
    ("claim", "full", "over", "word"),
    [
        (Claim("uar", over="a", by=0.02), [0.70, 0.71, 0.72], [0.60, 0.61, 0.62], "holds"),
        (Claim("uar", over="a", by=0.02), [0.61, 0.62, 0.63], [0.60, 0.61, 0.62], "does not hold"),
        (Claim("uar", over="a", by=0.02), [0.60, 0.61, 0.62], [0.60, 0.61, 0.62], "does not hold"),
        (Claim("uar", over="a"), [0.60, 0.61, 0.62], [0.60, 0.61, 0.62], "does not hold"),
        (Claim("uar", over="a", by=-0.02), [0.60, 0.61, 0.62], [0.60, 0.61, 0.62], "holds"),
        (Claim("uar", over="a", by=-0.02), [0.55, 0.56, 0.57], [0.60, 0.61, 0.62], "does not hold"),
        (Claim("uar", over="a", by=0.02), [0.50, 0.70, 0.90], [0.60, 0.61, 0.62], "undecided"),
        (Claim("uar", by=0.6), [0.61, 0.62, 0.63], [0, 0, 0], "undecided"),
        (Claim("uar", by=0.5), [0.61, 0.62, 0.63], [0, 0, 0], "holds"),
        (Claim("uar", by=0.9), [0.61, 0.62, 0.63], [0, 0, 0], "does not hold"),
        (Claim("uar", by=0.6), [0.6, 0.6, 0.6], [0, 0, 0], "holds"),
    ],
)
def test_claims(claim, full, over, word):
    found = judge(claim, UAR, figures(full=full, a=over, chance=[0.2, 0.2, 0.2]))
    assert found.verdict == word
    assert (found.reason != "") == (word == "undecided")


def test_where_lower_is_better():
    arms = figures("eer", full=[0.02, 0.03, 0.02], a=[0.12, 0.13, 0.12], chance=[0.5, 0.5, 0.5])
    found = judge(Claim("eer", over="a", by=0.05), ERROR, arms)
    assert (found.verdict, round(found.difference, 6)) == ("holds", 0.1)
    assert judge(Claim("eer", by=0.05), ERROR, arms).verdict == "holds"
    assert judge(Claim("eer", by=0.001), ERROR, arms).verdict == "does not hold"
    worse = judge(Claim("eer", arm="a", over="full"), ERROR, arms)
    assert worse.verdict == "does not hold"


def test_words_of_a_claim():
    assert Claim("uar", over="a", by=0.02).text == "uar of full is better than of a by 0.02"
    assert Claim("uar", over="a").text == "uar of full is better than of a"
    assert Claim("uar", over="a", by=-0.02).text == "uar of full is at most 0.02 worse than of a"
    assert Claim("uar", by=0.6, arm="b").text == "uar of b reaches 0.6"


@given(st.lists(st.floats(0.3, 0.9), min_size=3, max_size=6), st.floats(-0.1, 0.1))
def test_a_shift_of_both_arms_changes_no_difference(values, shift):
    over = np.array(values)[::-1] - 0.05
    one = judge(Claim("uar", over="a", by=0.02), UAR, figures(full=values, a=over, chance=[0.0] * len(values)))
    moved = figures(full=np.array(values) + shift, a=over + shift, chance=[0.0] * len(values))
    other = judge(Claim("uar", over="a", by=0.02), UAR, moved)
    assert one.difference == pytest.approx(other.difference)
    assert one.interval == pytest.approx(other.interval)


def test_a_control_near_chance_is_no_leak():
    assert leaks(UAR, figures(destroyed=[0.2, 0.21, 0.2], chance=[0.2, 0.2, 0.2])) == ""
    assert leaks(UAR, figures(destroyed=[0.1, 0.11, 0.1], chance=[0.2, 0.2, 0.2])) == ""
    assert "uar is still 0.303 better than chance" in leaks(
        UAR, figures(destroyed=[0.5, 0.51, 0.5], chance=[0.2, 0.2, 0.2])
    )
