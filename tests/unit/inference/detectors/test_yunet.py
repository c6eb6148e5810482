from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from unit.inference.detectors.nets import picture, yunet
from vultus.errors import WeightsError
from vultus.inference.detect import Detections
from vultus.inference.detectors.yunet import Yunet, YunetOptions
from vultus.inference.session import open_session
from vultus.weights.onnx_graph import Graph

BOX = np.array([20, 12, 36, 28], np.float32)  # two cells around the middle of cell (3, 2), which is (28, 20)
POINTS = np.array([[24, 16], [32, 16], [28, 20], [24, 24], [32, 24]], np.float32)


def detector(path: Path, *, size: int | None = None, **options: float) -> Yunet:
    return Yunet(open_session(yunet(path / "net.onnx", size=size)), YunetOptions(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [64, None])
def test_one_face(tmp_path: Path, size: int | None) -> None:
    (found,) = detector(tmp_path, size=size, side=64).detect([picture(64, 64, (3, 2))])
    np.testing.assert_allclose(found.boxes, BOX[None], rtol=1e-6)
    np.testing.assert_allclose(found.landmarks, POINTS[None], rtol=1e-6)
    assert found.scores[0] == pytest.approx(1.0)
    assert (found.boxes.dtype, found.scores.dtype, found.landmarks.dtype) == (np.float32,) * 3


def test_many_pictures_of_many_sizes_come_back_in_order(tmp_path: Path) -> None:
    places = [(1, 1), (3, 2), (7, 5), (2, 6), (5, 0)]
    images = [picture(64 + 16 * (index % 3), 64 + 40 * (index % 2), place) for index, place in enumerate(places)]
    for net in (detector(tmp_path, batch=2), detector(tmp_path, size=128)):
        found = net.detect(images)
        for (column, row), faces in zip(places, found, strict=True):
            left, top = column * 8 - 4, row * 8 - 4
            np.testing.assert_allclose(faces.boxes, [[left, top, left + 16, top + 16]], rtol=1e-6)


def test_a_large_picture_is_scaled_and_its_faces_are_scaled_back(tmp_path: Path) -> None:
    (found,) = detector(tmp_path, size=64).detect([picture(128, 128, (3, 2), side=16)])
    np.testing.assert_allclose(found.boxes, BOX[None] * 2, rtol=1e-6)


def test_nothing_to_find(tmp_path: Path) -> None:
    net = detector(tmp_path)
    assert net.detect([]) == []
    (found,) = net.detect([picture(64, 64)])
    assert len(found) == 0


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    graph = Graph("other")
    x = graph.input("x", np.float32, (1, 3, 64, 64))
    graph.output(x, np.float32, (1, 3, 64, 64), "cls_8")
    (tmp_path / "x.onnx").write_bytes(graph.save())
    with pytest.raises(WeightsError, match="this is no YuNet model: it lacks the outputs bbox_16, bbox_32"):
        Yunet(open_session(tmp_path / "x.onnx"))


def _overlap(box: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    both = np.clip(high - low, 0, None).prod(1)
    return both / ((box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(1) - both)


def _oracle(path: Path, image: NDArray[np.uint8], size: tuple[int, int], scale: float) -> Detections:
    """OpenCV's own YuNet on the same canvas."""
    high, wide = round(image.shape[0] * scale), round(image.shape[1] * scale)
    small = image if scale == 1 else cv2.resize(image, (wide, high), interpolation=cv2.INTER_AREA)
    canvas = np.zeros((*size, 3), np.uint8)
    canvas[:high, :wide] = small
    _, rows = cv2.FaceDetectorYN.create(str(path), "", size[::-1], 0.6, 0.3, 5000).detect(canvas[..., ::-1].copy())
    rows = np.zeros((0, 15), np.float32) if rows is None else rows
    boxes = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], 1) / scale
    return Detections(boxes, rows[:, 14], rows[:, 4:14].reshape(-1, 5, 2) / scale)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["yunet_s_640_640", "yunet_n_dynamic"])
def test_the_same_faces_as_opencv_finds(shared: Path, name: str) -> None:
    model = shared / "data" / "ref_weights" / f"{name}.onnx"
    paths = sorted((shared / "data" / "detection_small" / "images").iterdir())[:12]
    images = [cv2.imread(str(path))[..., ::-1].copy() for path in paths]
    ours = Yunet(open_session(model)).detect(images)
    n, same = 0, 0
    for image, found in zip(images, ours, strict=True):
        scale = min(1.0, 640 / max(image.shape[:2]))
        sides = (640, 640) if "640" in name else tuple(-(-round(side * scale) // 64) * 64 for side in image.shape[:2])
        expected = _oracle(model, image, (sides[0], sides[1]), scale)
        # OpenCV rounds boxes to whole pixels before it suppresses, so one face in hundreds may differ.
        for box, points in zip(expected.boxes, expected.landmarks, strict=True):
            overlap = _overlap(box, found.boxes)
            near = int(overlap.argmax())
            n += 1
            same += int(overlap[near] > 0.99 and np.abs(found.landmarks[near] - points).max() < 0.01)
        assert abs(len(found) - len(expected)) <= 1
    assert n > 20
    assert same >= 0.99 * n


@pytest.mark.shared
def test_every_true_face_of_the_group_photos_is_found(shared: Path) -> None:
    folder = shared / "data" / "detection_small"
    with (folder / "boxes.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["ignore"] in ("0", "False", "")]
    names = sorted({row["image"] for row in rows})
    images = [cv2.imread(str(folder / "images" / name))[..., ::-1].copy() for name in names]
    net = Yunet(open_session(shared / "data" / "ref_weights" / "yunet_s_640_640.onnx"))
    found = dict(zip(names, net.detect(images), strict=True))
    for row in rows:
        left, top, width, height = (float(row[key]) for key in ("left", "top", "width", "height"))
        box = np.array([left, top, left + width, top + height], np.float32)
        assert _overlap(box, found[row["image"]].boxes).max() > 0.4
