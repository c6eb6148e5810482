"""Best faces and their vote."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.inference.people import face, person
from vultus.inference.vote import BestFaces, rank, vote

ANN, BEN = person(1), person(2)


def qualities(best: BestFaces) -> list[float]:
    return [kept.quality.score for kept in best.faces]


def test_the_best_faces_stay() -> None:
    best = BestFaces(3, 0.0)
    for step, quality in enumerate([0.2, 0.9, 0.5, 0.1, 0.7]):
        best.add(face(0, quality=quality), float(step))
    assert qualities(best) == [0.9, 0.7, 0.5]


def test_of_one_moment_only_the_best_stays() -> None:
    best = BestFaces(3, 0.5)
    for time_s, quality in [(0.0, 0.5), (0.1, 0.8), (0.2, 0.6), (1.0, 0.3), (1.1, 0.2)]:
        best.add(face(0, quality=quality), time_s)
    assert qualities(best) == [0.8, 0.3]


def test_a_face_that_comes_nearer_is_kept_from_several_moments() -> None:
    best = BestFaces(4, 0.2)
    for step in range(100):
        best.add(face(0, quality=step / 100), step / 25)
    assert qualities(best) == [0.99, 0.95, 0.9, 0.85]


def test_usable_faces_go_first() -> None:
    good, gated = face(0, who=ANN, quality=0.3), face(0, who=ANN, quality=0.6, reasons=("blurred",))
    refused = face(0, quality=0.9)
    best = BestFaces(3, 0.0)
    for step, one in enumerate([refused, gated, good]):
        best.add(one, float(step))
    assert best.faces == (good, gated, refused)
    assert rank(good) > rank(gated) > rank(refused)


def test_merging_keeps_the_bounds() -> None:
    one, two = BestFaces(2, 0.1), BestFaces(2, 0.1)
    for step, quality in enumerate([0.1, 0.8]):
        one.add(face(0, quality=quality), float(step))
    for step, quality in enumerate([0.9, 0.2]):
        two.add(face(0, quality=quality), float(step) + 5)
    one.merge(two)
    assert qualities(one) == [0.9, 0.8]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 100)), max_size=60), st.integers(1, 6))
def test_bounds_hold(sights: list[tuple[float, float]], keep: int) -> None:
    best = BestFaces(keep, 0.5)
    for quality, time_s in sorted(sights, key=lambda sight: sight[1]):
        best.add(face(0, quality=quality), time_s)
    assert len(best.faces) == min(keep, len({time_s // 0.5 for _, time_s in sights}))
    assert qualities(best) == sorted(qualities(best), reverse=True)
    if sights:
        assert qualities(best)[0] == max(quality for quality, _ in sights)


def test_the_vote_is_the_weighted_mean() -> None:
    faces = [face(0, who=ANN, quality=0.8), face(0, who=BEN, quality=0.4), face(0, quality=1.0)]
    mean = 0.64 * ANN + 0.16 * BEN
    voted = vote(faces)
    assert voted is not None
    assert voted.vector == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)
    assert voted.contract == "test:0"


def test_a_stranger_among_the_faces_is_outvoted() -> None:
    faces = [face(0, who=ANN, noise=0.3, seed=seed) for seed in range(5)] + [face(0, who=BEN)]
    loose, strict = vote(faces), vote(faces, unlike=0.4)
    assert loose is not None
    assert strict is not None
    assert strict.vector @ ANN > loose.vector @ ANN
    assert abs(strict.vector @ BEN) < 0.2


def test_a_split_vote_leaves_nobody_out() -> None:
    faces = [face(0, who=ANN, quality=0.5), face(0, who=BEN, quality=0.5)]
    even, strict = vote(faces), vote(faces, unlike=0.99)
    assert even is not None
    assert strict is not None
    assert strict.vector == pytest.approx(even.vector)


def test_no_voters() -> None:
    assert vote([]) is None
    assert vote([face(0)]) is None
    assert vote([face(0, who=ANN), face(0, who=-ANN)]) is None
    worthless = vote([face(0, who=ANN, quality=0.0)])
    assert worthless is not None
    assert worthless.vector == pytest.approx(ANN, abs=1e-6)
