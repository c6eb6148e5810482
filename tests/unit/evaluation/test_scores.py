"""Thresholds from listed comparisons, held against counting and against a plain bootstrap."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vultus.errors import InputError, UnsupportedTargetError
from vultus.evaluation.acquire import Acquired
from vultus.evaluation.calibration import calibrate_vectors
from vultus.evaluation.impostors import highest_impostors
from vultus.evaluation.lists import Listed
from vultus.evaluation.scores import calibrate_scores, false_non_matches, genuine_scores, score_listed
from vultus.metrics.verification import fmr, threshold_at_fmr

NONE = np.empty(0, np.int64)


def _listed(scores, same, left=None, right=None):
    each = np.arange(len(scores))
    subjects = 0 if left is None else int(max(left.max(), right.max())) + 1
    sides = (each, each) if left is None else (left, right)
    return Listed(np.asarray(same, bool), subjects, *sides, np.asarray(scores, float), (), NONE, NONE)


def _calibrated(listed, repeats=50):
    return calibrate_scores(listed, "their scores", name="theirs", repeats=repeats)


@pytest.mark.parametrize("scale", [1.0, 1e-9, 1e6])
def test_thresholds_on_any_scale_are_those_of_counting(scale):
    random = np.random.default_rng(1)
    impostor, genuine = random.normal(0, 1, 3000) * scale, random.normal(3, 1, 500) * scale
    got = _calibrated(_listed([*genuine, *impostor], [True] * 500 + [False] * 3000))
    assert (got.n_impostor, got.n_subjects, got.smallest_fmr) == (3000, 6000, 0.001)
    assert got.calibration_id.startswith("theirs:")
    for point in got.points:
        assert point.threshold == threshold_at_fmr(impostor, point.fmr)
        assert fmr(impostor, point.threshold) <= point.fmr
        assert point.low <= point.threshold <= point.high
    rates = false_non_matches(genuine, got)
    assert rates == [np.mean(genuine < point.threshold) for point in got.points]
    assert false_non_matches(genuine[:0], got) == [None] * len(got.points)
    with pytest.raises(UnsupportedTargetError, match="their scores has 3,000 impostor comparisons"):
        got.threshold(1e-4)


def test_equal_scores_stay_on_one_side():
    got = _calibrated(_listed([9.0] * 5 + [1.0] * 60 + [2.0] * 40, [True] * 5 + [False] * 100))
    assert [point.fmr for point in got.points] == [0.1, 0.05]
    assert all(point.threshold == np.nextafter(2.0, np.inf) for point in got.points)


def test_all_pairs_give_what_the_calibration_of_embeddings_gives(make_population):
    vectors, people = make_population(30, 3)
    a, b = np.triu_indices(len(vectors), 1)
    scores = np.einsum("pd,pd->p", vectors[a], vectors[b])
    listed = _listed(scores, people[a] == people[b], people[a], people[b])
    there = calibrate_vectors(vectors, people, "all", name="x", repeats=200)
    here = _calibrated(listed, repeats=200)
    assert (here.n_impostor, here.n_subjects) == (there.n_impostor, 30)
    for one, other in zip(here.points, there.points, strict=True):
        assert (one.threshold, one.low, one.high) == pytest.approx((other.threshold, other.low, other.high), abs=3e-6)
    narrow = _calibrated(_listed(scores, people[a] == people[b]), repeats=200).points[2]
    assert narrow.high - narrow.low < here.points[2].high - here.points[2].low


def test_the_interval_of_comparisons_is_that_of_a_plain_bootstrap():
    random = np.random.default_rng(3)
    impostor = random.normal(size=400)
    got = _calibrated(_listed([5.0, *impostor], [True] + [False] * 400), repeats=400).points[0]
    plain = [threshold_at_fmr(random.choice(impostor, 400), 0.1) for _ in range(400)]
    assert got.low == pytest.approx(np.quantile(plain, 0.025), abs=0.1)
    assert got.high == pytest.approx(np.quantile(plain, 0.975), abs=0.1)


def test_too_little_is_refused():
    with pytest.raises(InputError, match="at least 30 impostor comparisons, but there are 29"):
        _calibrated(_listed([1.0] * 30, [True] + [False] * 29))
    with pytest.raises(InputError, match="the comparisons have no scores yet; make them with score_listed"):
        _calibrated(replace(_listed([1.0], [True]), scores=None))


def test_pairs_get_scores_and_those_without_a_face_are_left_out(make_population):
    vectors, people = make_population(4, 2)
    acquired = np.ones(8, bool)
    acquired[7] = False
    vectors[7] = np.nan
    got = Acquired(vectors, acquired, {7: "no face found"})
    a, b = np.triu_indices(8, 1)
    images = tuple(Path(f"{number}.jpg") for number in range(8))
    listed = Listed(people[a] == people[b], 4, people[a], people[b], None, images, a, b)
    scored, left_out = score_listed(listed, got)
    assert (left_out, scored.same.size) == (7, 21)
    assert scored.scores == pytest.approx(np.einsum("pd,pd->p", vectors[scored.a], vectors[scored.b]))
    genuine = genuine_scores(got, [str(person) for person in people])
    assert sorted(genuine) == pytest.approx(sorted(scored.scores[scored.same]), abs=1e-6)
    assert genuine_scores(got, list("abcdefgh")).size == 0
    tail = highest_impostors(vectors[:7], people[:7], 100).scores
    assert sorted(scored.scores[~scored.same]) == pytest.approx(sorted(tail), abs=1e-6)
