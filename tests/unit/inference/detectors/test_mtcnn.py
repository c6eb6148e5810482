"""The cascade on a real face: place, scale, batches, borders, nobody."""

from __future__ import annotations

import numpy as np
import pytest

from unit.inference.portraits import FACE_XYXY, POINTS, empty, head, portrait, scaled, turned
from vultus.inference.detect import Detections
from vultus.inference.detectors.mtcnn import Finisher, Mtcnn, MtcnnOptions, _crop
from vultus.inference.session import open_session
from vultus.types import Box
from vultus.weights.store import resolve
from vultus.weights.table import load_pack


@pytest.fixture(scope="module")
def sessions() -> list:
    files = resolve(load_pack("dlib"))
    return [open_session(files[f"{name}.onnx"], threads=1) for name in ("pnet", "rnet", "onet")]


@pytest.fixture(scope="module")
def detector(sessions: list) -> Mtcnn:
    return Mtcnn(sessions[0], sessions[1], Finisher(sessions[2]), MtcnnOptions())


def _only(faces: Detections) -> Detections:
    assert len(faces) == 1
    return faces


def test_the_face_is_where_it_was_marked_by_hand(detector: Mtcnn) -> None:
    faces = _only(detector.detect([portrait()])[0])
    assert Box(faces.boxes[0]).iou(Box(FACE_XYXY)) > 0.75
    assert np.abs(faces.landmarks[0] - POINTS).max() < 5
    assert faces.scores[0] > 0.99
    assert (faces.boxes.dtype, faces.scores.dtype, faces.landmarks.dtype) == (np.float32,) * 3


@pytest.mark.parametrize("factor", [0.25, 0.5, 2.0, 3.0])
def test_scaling_the_picture_scales_the_answer(detector: Mtcnn, factor: float) -> None:
    """Of the best face, up to a picture of 1,536 pixels, which is scaled down inside."""
    (faces,) = detector.detect([scaled(portrait(), factor)])
    assert np.abs(faces.landmarks[0] / factor - POINTS).max() < 7


def test_a_turned_head_has_turned_points(detector: Mtcnn) -> None:
    points = _only(detector.detect([turned(head(), 20)])[0]).landmarks[0]
    eyes = points[1] - points[0]
    assert np.degrees(np.arctan2(-eyes[1], eyes[0])) == pytest.approx(20, abs=6)


def test_pictures_together_are_as_pictures_alone(detector: Mtcnn) -> None:
    pictures = [portrait(), empty(), head(), portrait()[:, ::-1].copy(), scaled(head(), 0.5)]
    together = detector.detect(pictures)
    assert [len(faces) for faces in together] == [1, 0, 1, 1, 1]
    for picture, faces in zip(pictures, together, strict=True):
        (alone,) = detector.detect([picture])
        np.testing.assert_allclose(faces.boxes, alone.boxes, atol=0.01)
        np.testing.assert_allclose(faces.landmarks, alone.landmarks, atol=0.01)


def test_many_faces_are_all_found_best_first(detector: Mtcnn) -> None:
    (faces,) = detector.detect([np.tile(scaled(head(), 0.5), (2, 3, 1))])
    assert len(faces) == 6
    assert (np.diff(faces.scores) <= 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (11, 11), (12, 12), (25, 640)])
def test_tiny_and_narrow_pictures_hold_nobody(detector: Mtcnn, shape: tuple[int, int]) -> None:
    assert [len(faces) for faces in detector.detect([np.full((*shape, 3), 90, np.uint8)])] == [0]


def test_no_picture_no_answer(detector: Mtcnn) -> None:
    assert detector.detect([]) == []


def test_a_larger_smallest_face_leaves_small_ones_out(sessions: list) -> None:
    choosy = Mtcnn(sessions[0], sessions[1], Finisher(sessions[2]), MtcnnOptions(min_face_px=150))
    assert len(choosy.detect([scaled(head(), 0.5)])[0]) == 0


def test_what_a_square_has_outside_the_picture_is_black() -> None:
    out = np.full((24, 24, 3), 7, np.uint8)
    _crop(np.full((50, 50, 3), 200, np.uint8), [-24, 0, 24, 48], out)
    assert out[:, :11].max() == 0
    assert out[:, 13:].min() == 200
    beyond = np.zeros((24, 24, 3), np.uint8)
    _crop(np.full((50, 50, 3), 200, np.uint8), [60, 60, 90, 90], beyond)
    assert beyond.max() == 0
