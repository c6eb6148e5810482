from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from vultus.errors import InputError, ShapeError
from vultus.metrics.spotting import interval_iou, match_intervals, spotting_counts, strs

INTERVALS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)).map(lambda p: (p[0], sum(p))), max_size=12)
IOU = st.sampled_from([0.1, 0.3, 0.5, 0.75, 1.0])


@given(INTERVALS, INTERVALS)
def test_overlap_counts_frames(a, b):
    overlap = interval_iou(a, b)
    assert overlap.shape == (len(a), len(b))
    np.testing.assert_allclose(overlap, interval_iou(b, a).T)
    for i, left in enumerate(a):
        for j, right in enumerate(b):
            one, two = (set(range(first, last + 1)) for first, last in (left, right))
            assert overlap[i, j] == len(one & two) / len(one | two)


@given(INTERVALS, INTERVALS, IOU)
def test_as_many_pairs_as_the_matching_of_scipy(truth, spotted, iou):
    pairs = match_intervals(truth, spotted, iou=iou)
    allowed = interval_iou(truth, spotted) >= iou
    expected = 0
    if truth and spotted:
        expected = int((maximum_bipartite_matching(csr_matrix(allowed), perm_type="column") >= 0).sum())
    assert len(pairs) == expected
    assert all(allowed[i, j] for i, j in pairs)
    assert len(set(pairs[:, 0])) == len(set(pairs[:, 1])) == len(pairs)


@given(INTERVALS, INTERVALS, IOU, st.integers(0, 100), st.randoms())
def test_order_and_time_of_day_do_not_matter(truth, spotted, iou, later, random):
    moved = [[(a + later, b + later) for a, b in random.sample(part, len(part))] for part in (truth, spotted)]
    assert len(match_intervals(*moved, iou=iou)) == len(match_intervals(truth, spotted, iou=iou))
    assert len(match_intervals(spotted, truth, iou=iou)) == len(match_intervals(truth, spotted, iou=iou))


@given(INTERVALS.filter(bool), INTERVALS)
def test_a_stricter_overlap_finds_less(truth, spotted):
    hits = [spotting_counts([(truth, spotted)], iou=iou).n_hits for iou in (0.1, 0.3, 0.5, 0.75, 1.0)]
    assert hits == sorted(hits, reverse=True)
    assert spotting_counts([(truth, truth)], iou=1).f1 == 1


def test_counts_by_hand():
    first = ([(10, 19), (40, 59)], [(10, 14), (45, 59), (80, 90)])  # half of it is enough, three quarters too
    second = ([(5, 9)], [])
    third = ([], [(1, 2)])
    counts = spotting_counts([first, second, third])
    assert (counts.n_hits, counts.n_false, counts.n_missed) == (2, 2, 1)
    assert (counts.precision, counts.recall, counts.f1) == (2 / 4, 2 / 3, 4 / 7)
    assert spotting_counts([first], iou=0.51).n_hits == 1


def test_an_interval_counts_once():
    assert spotting_counts([([(0, 9)], [(0, 9), (0, 8), (1, 9)])]).n_false == 2
    assert spotting_counts([([(0, 9), (1, 9)], [(0, 9)])]).n_missed == 1


def test_a_greedy_choice_makes_room():
    # The first marked interval likes the first spotted one best, which is the only one of the second.
    assert match_intervals([(0, 9), (0, 5)], [(0, 7), (3, 9)]).tolist() == [[0, 1], [1, 0]]


def test_films_without_answers_have_rates():
    nothing = spotting_counts([([(1, 2)], [])])
    assert (nothing.precision, nothing.recall, nothing.f1) == (1, 0, 0)


def test_spot_then_recognise():
    assert strs(0.5, 0.4) == pytest.approx(0.2)
    for rates in ((-0.1, 0.5), (0.5, 1.1), (float("nan"), 0)):
        with pytest.raises(InputError, match="F1 lies between 0 and 1, not at"):
            strs(*rates)


def test_what_are_no_intervals_is_refused():
    with pytest.raises(InputError, match="spotting needs at least one marked interval"):
        spotting_counts([([], [(1, 2)])])
    with pytest.raises(InputError, match="spotting needs at least one marked interval"):
        spotting_counts([])
    with pytest.raises(InputError, match="b has an interval that ends before it starts: 5 to 4"):
        match_intervals([(1, 2)], [(1, 3), (5, 4)])
    with pytest.raises(ShapeError, match="a must be first and last frame of intervals"):
        interval_iou([1, 2], [])
    with pytest.raises(ShapeError, match="a must be finite frame numbers"):
        interval_iou([(1, float("nan"))], [])


@pytest.mark.parametrize("iou", [0, 1.1, float("nan")])
def test_an_overlap_is_a_share(iou):
    with pytest.raises(InputError, match="the overlap of a pair lies above 0 and at most at 1"):
        match_intervals([(1, 2)], [(1, 2)], iou=iou)
