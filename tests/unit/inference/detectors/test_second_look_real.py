"""The second look with the real networks: dlib's detector finds the face, MTCNN's third network draws it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from unit.inference.portraits import FACE_XYXY, POINTS, Image, empty, head, portrait
from vultus.inference.detect import Detections
from vultus.inference.detectors.mmod import Mmod, MmodOptions
from vultus.inference.detectors.mtcnn import Finisher
from vultus.inference.detectors.second_look import SecondLook
from vultus.inference.session import open_session
from vultus.types import Box
from vultus.weights.store import resolve
from vultus.weights.table import load_pack


class SeesNobody:
    def detect(self, images: Sequence[Image]) -> list[Detections]:
        return [Detections.none() for _ in images]


@pytest.fixture(scope="module")
def detector() -> SecondLook:
    files = resolve(load_pack("dlib"))
    onet, mmod = (open_session(files[name], threads=1) for name in ("onet.onnx", "mmod.onnx"))
    finisher = Finisher(onet)
    return SecondLook(SeesNobody(), Mmod(mmod, finisher, MmodOptions()), finisher)


def test_a_face_that_the_first_detector_misses_is_found(detector: SecondLook) -> None:
    found = detector.detect([empty(), portrait(), head()])
    assert [len(faces) for faces in found] == [0, 1, 1]
    assert Box(found[1].boxes[0]).iou(Box(np.array(FACE_XYXY, np.float32))) > 0.7
    assert np.abs(found[1].landmarks[0] - POINTS).max() < 6
    assert 0.5 <= found[1].scores[0] <= 1
    np.testing.assert_allclose(found[2].landmarks[0] + [90, 0], found[1].landmarks[0], atol=3)


@pytest.mark.parametrize("shape", [(1, 1), (5, 300), (79, 79)])
def test_tiny_pictures_hold_nobody(detector: SecondLook, shape: tuple[int, int]) -> None:
    assert [len(faces) for faces in detector.detect([np.full((*shape, 3), 99, np.uint8)])] == [0]


def test_no_picture_no_answer(detector: Any) -> None:
    assert detector.detect([]) == []
