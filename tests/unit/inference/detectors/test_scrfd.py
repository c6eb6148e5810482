from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unit.inference.detectors.nets import picture, scrfd
from vultus.errors import WeightsError
from vultus.inference.detectors.scrfd import Scrfd, ScrfdOptions
from vultus.inference.session import open_session
from vultus.weights.onnx_graph import Graph

BOX = np.array([16, 8, 40, 32], np.float32)  # the anchor at (24, 16), one cell up and left, two cells down and right
POINTS = np.array([[24, 16], [32, 16], [28, 20], [24, 24], [32, 24]], np.float32)


def detector(path: Path, *, batched: bool, size: int | None = None, **options: float) -> Scrfd:
    return Scrfd(open_session(scrfd(path / "net.onnx", batched=batched, size=size)), ScrfdOptions(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("size", [64, None])
def test_one_face_of_two_equal_anchors(tmp_path: Path, batched: bool, size: int | None) -> None:
    (found,) = detector(tmp_path, batched=batched, size=size, side=64).detect([picture(64, 64, (3, 2))])
    np.testing.assert_allclose(found.boxes, BOX[None])
    np.testing.assert_allclose(found.landmarks, POINTS[None])
    assert found.scores[0] == pytest.approx((255 - 127.5) / 128)
    assert (found.boxes.dtype, found.scores.dtype, found.landmarks.dtype) == (np.float32,) * 3


@pytest.mark.parametrize("batched", [True, False])
def test_many_pictures_of_many_sizes_come_back_in_order(tmp_path: Path, batched: bool) -> None:
    places = [(1, 1), (3, 2), (7, 5), (2, 6), (5, 0)]
    images = [picture(64 + 16 * (index % 3), 64 + 40 * (index % 2), place) for index, place in enumerate(places)]
    found = detector(tmp_path, batched=batched, batch=2).detect(images)
    assert [len(faces) for faces in found] == [1] * 5
    for (column, row), faces in zip(places, found, strict=True):
        np.testing.assert_allclose(faces.boxes[0], [column * 8 - 8, row * 8 - 8, column * 8 + 16, row * 8 + 16])


def test_a_large_picture_is_scaled_and_its_faces_are_scaled_back(tmp_path: Path) -> None:
    (found,) = detector(tmp_path, batched=False, side=64).detect([picture(128, 128, (3, 2), side=16)])
    np.testing.assert_allclose(found.boxes, BOX[None] * 2)
    np.testing.assert_allclose(found.landmarks, POINTS[None] * 2)


def test_a_coarser_stride_answers_for_a_larger_face(tmp_path: Path) -> None:
    (found,) = detector(tmp_path, batched=False, nms_threshold=0.99).detect([picture(128, 128, (1, 1), side=32)])
    sides = sorted({float(box[2] - box[0]) for box in found.boxes})
    assert sides == [24, 48, 96]


def test_nothing_to_find(tmp_path: Path) -> None:
    net = detector(tmp_path, batched=False)
    assert net.detect([]) == []
    (found,) = net.detect([picture(64, 64)])
    assert found.boxes.shape == (0, 4)
    assert found.landmarks.shape == (0, 5, 2)


def test_threshold_and_most_candidates(tmp_path: Path) -> None:
    image = picture(64, 64, (1, 1), (5, 5))
    image[8:16, 8:16] = 200
    assert len(detector(tmp_path, batched=False).detect([image])[0]) == 2
    assert len(detector(tmp_path, batched=False, score_threshold=0.9).detect([image])[0]) == 1
    assert len(detector(tmp_path, batched=False, top_k=1).detect([image])[0]) == 1


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    graph = Graph("other")
    x = graph.input("x", np.float32, (1, 3, 64, 64))
    graph.output(x, np.float32, (1, 3, 64, 64), "y")
    (tmp_path / "x.onnx").write_bytes(graph.save())
    with pytest.raises(WeightsError, match=r"no SCRFD model with landmarks: it has 1 outputs of \[4\] axes"):
        Scrfd(open_session(tmp_path / "x.onnx"))


def test_outputs_of_other_lengths_are_refused(tmp_path: Path) -> None:
    graph = Graph("other")
    x = graph.input("x", np.float32, (1, 3, "H", "W"))
    row = graph.node("Reshape", x, graph.constant(np.array([-1, 1], np.int64)))
    for index in range(9):
        graph.output(row, np.float32, ("M", 1), f"y{index}")
    (tmp_path / "x.onnx").write_bytes(graph.save())
    with pytest.raises(WeightsError, match="at stride 8 outputs of 128 rows and 1, 4 and 10 columns were expected"):
        Scrfd(open_session(tmp_path / "x.onnx")).detect([picture(64, 64)])
