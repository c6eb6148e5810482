from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vultus.errors import ConfigError
from vultus.evaluation.acquire import acquire, calibration_of
from vultus.types import Box, Face, Quality

PICTURES = [Path(name) for name in ("one.jpg", "none.jpg", "two.jpg", "broken.jpg", "bare.jpg")]


@pytest.fixture
def filled(engine, make_face):
    small, large = make_face([1, 0, 0], box=(0, 0, 10, 10)), make_face([0, 1, 0], box=(20, 20, 90, 90))
    bare = Face(Box([0, 0, 9, 9]), np.zeros((5, 2)), 0.9, Quality(0.1, ("too_small",)))
    engine.faces = {
        "one.jpg": [small],
        "none.jpg": [],
        "two.jpg": [small, large],
        "broken.jpg": "it is truncated",
        "bare.jpg": [bare],
    }
    return engine


def test_one_row_per_picture_and_a_reason_for_each_gap(filled):
    seen = []
    got = acquire(filled, PICTURES, batch=4, progress=seen.append)
    assert got.acquired.tolist() == [True, False, True, False, False]
    assert got.vectors[[0, 2]].tolist() == [[1, 0, 0], [0, 1, 0]]
    assert np.isnan(got.vectors[1]).all()
    assert got.reasons == {
        1: "no face found",
        3: "cannot read image broken.jpg: it is truncated",
        4: "face not embedded",
    }
    assert got.fta == pytest.approx(3 / 5)
    assert seen == [1, 2, 3, 4, 5]
    assert filled.batches == [4]


def test_a_missing_face_scores_minus_infinity(filled):
    got = acquire(filled, PICTURES)
    scores = got.similarity(np.array([0, 0, 1]), np.array([0, 2, 2]))
    assert scores.tolist() == [1.0, 0.0, -np.inf]
    assert scores.dtype == np.float32


def test_the_largest_face_counts_unless_told_otherwise(filled, make_face):
    picked = acquire(filled, PICTURES[2:3], pick=lambda faces: faces[0])
    assert picked.vectors.tolist() == [[1, 0, 0]]


def test_a_pack_without_calibration(engine):
    assert calibration_of(engine) is engine.calibration

    class Uncalibrated:
        @property
        def calibration(self):
            raise ConfigError("pack stub has no calibration")

    assert calibration_of(Uncalibrated()) is None


def test_nothing_to_do_is_no_failure(engine):
    assert acquire(engine, []).fta == 0
