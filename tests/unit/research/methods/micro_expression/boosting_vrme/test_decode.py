"""Intervals off a curve, by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.research.methods.micro_expression.boosting_vrme.decode import (
    Interval,
    decode,
    emotion_of,
    half_duration,
    smoothed,
)


def test_half_of_what_expressions_usually_last() -> None:
    assert half_duration(np.array([10, 18, 60])) == 9
    assert half_duration(np.array([17])) == 9


def test_smoothing_is_a_mean_over_what_is_there() -> None:
    np.testing.assert_allclose(smoothed(np.ones(9), 2), 1)
    smooth = smoothed(np.array([0, 0, 0, 0, 4, 0, 0, 0, 0], float), 2)
    np.testing.assert_allclose(smooth, [0, 0, 0, 1, 1, 1, 1, 0, 0])


def box(length: int, *spans: tuple[int, int]) -> np.ndarray:
    curve = np.zeros(length)
    for first, last in spans:
        curve[first : last + 1] = 1
    return curve


def test_intervals_grow_as_far_as_the_curve_says_and_fixed_ones_do_not() -> None:
    curve = box(400, (50, 61), (150, 210))
    grown, fixed = decode(curve, 9), decode(curve, 9, prior=False)
    assert [(one.onset, one.offset) for one in grown] == [(50, 61), (150, 210)]
    assert all(one.offset - one.onset == 18 for one in fixed)


def test_growing_ends_at_two_low_frames_and_at_five_half_durations() -> None:
    gap = box(200, (60, 80), (82, 90))
    (one,) = decode(gap, 10)
    assert (one.onset, one.offset) == (60, 90), "one low frame is passed over"
    (one,) = decode(box(400, (100, 300)), 10)[:1]
    assert one.offset - one.onset <= 2 * 5 * 10


def test_of_two_that_overlap_the_higher_stays() -> None:
    curve = box(300, (100, 130))
    curve[110] = 2
    (one,) = decode(curve, 8)
    assert one.apex == 110


def test_a_flat_curve_has_nothing() -> None:
    assert decode(np.zeros(100), 5) == []


@given(st.lists(st.floats(0, 1), min_size=30, max_size=120), st.integers(2, 12), st.booleans())
def test_intervals_lie_in_the_film_in_order_with_their_apex_inside(values, kp, prior) -> None:
    found = decode(np.array(values), kp, prior=prior)
    for one in found:
        assert 0 <= one.onset <= one.apex <= one.offset < len(values)
    assert [one.onset for one in found] == sorted(one.onset for one in found)
    apexes = sorted(one.apex for one in found)
    assert all(later - earlier >= kp for earlier, later in pairwise(apexes))


def test_frames_vote_and_neutral_has_no_voice() -> None:
    scores = np.zeros((10, 3), np.float32)
    scores[:, 2] = 9
    scores[3:6, 1] = 1
    scores[6, 0] = 5
    assert emotion_of(scores, Interval(2, 4, 8), neutral=2) == 1
    assert emotion_of(scores, Interval(4, 4, 4), neutral=2) in (0, 1)


@pytest.mark.parametrize("at", [0, 9])
def test_an_interval_at_the_end_of_a_film_has_a_vote_too(at) -> None:
    assert emotion_of(np.eye(10, 3, dtype=np.float32), Interval(at, at, at), neutral=2) in (0, 1)
