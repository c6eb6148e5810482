"""Rates of spotting and recognising, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from vultus.research.data.sample import Samples
from vultus.research.methods.micro_expression.boosting_vrme.outcome import (
    Outcome,
    decoder_f1,
    equally_long,
    harmonic_f1,
    mean_f1,
    outcome,
)


@pytest.mark.parametrize(
    ("hits", "expected"),
    [([], 0.0), ([(0, 0), (1, 1)], 1.0), ([(0, 0), (0, 1), (1, 1)], 2 * 0.75 * 0.75 / 1.5), ([(0, 1)], 0.0)],
)
def test_recognition_by_hand(hits, expected) -> None:
    assert harmonic_f1(np.array(hits, np.int64).reshape(-1, 2)) == pytest.approx(expected)


def test_mean_of_the_classes_by_hand() -> None:
    assert mean_f1(np.array([(0, 0), (0, 1), (1, 1)])) == pytest.approx(2 / 3)
    assert mean_f1(np.array([(2, 2)])) == 1
    assert mean_f1(np.empty((0, 2), np.int64)) == 0


def test_frames_behind_the_end_of_a_film_do_not_count() -> None:
    curve = np.zeros((1, 120), np.float32)
    curve[0, 30:41] = 1
    curve[0, 80:110] = 1
    emotion = np.zeros((1, 120, 5), np.float32)
    emotion[..., 2] = 1
    marks = np.array([[[30, 35, 40, 2], [-1, -1, -1, -1]]])
    films = Samples({"flow": np.zeros((1, 120, 38)), "marks": marks, "kp": np.array([5]), "length": np.array([70])})
    came = outcome({"curve": curve, "emotion": emotion}, films, prior=True)
    ((marked, spotted),) = came.pairs
    assert marked.tolist() == [[30, 40]]
    assert len(spotted) == 1
    assert came.hits.tolist() == [[2, 2]]
    longer = outcome({"curve": curve, "emotion": emotion}, films.with_fields(length=np.array([120])), prior=True)
    assert len(longer.pairs[0][1]) == 2
    both = came + longer
    assert len(both.pairs) == 2
    assert both.hits.tolist() == [[2, 2], [2, 2]]
    assert isinstance(both, Outcome)


def test_the_decoder_alone_on_films_of_several_lengths() -> None:
    marks = np.array([[[20, 25, 30, 0], [60, 66, 70, 1]], [[20, 25, 30, 0], [-1, -1, -1, -1]]])
    assert decoder_f1(marks, np.array([100, 50]), 6, True) > 0.6
    same = equally_long(marks, 9)
    assert (same[..., 2] - same[..., 0])[same[..., 0] >= 0].tolist() == [8, 8, 8]
    assert same[1, 1].tolist() == [-1, -1, -1, -1]
