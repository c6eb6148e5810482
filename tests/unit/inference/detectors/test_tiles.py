from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.inference.detect import suppress
from vultus.inference.detectors.tiles import paint, pyramid, windows
from vultus.metrics.detection import iou_matrix


def test_layout_of_a_small_picture():
    plan = pyramid(192, 192)
    assert plan.sizes[:4].tolist() == [[192, 192], [160, 160], [133, 133], [110, 110]]
    assert plan.corners[:4].tolist() == [[11, 11], [213, 11], [383, 11], [526, 11]]
    assert (plan.height, plan.width) == (748, 214)
    # The fifth level no longer goes below but to the right, from the bottom upwards.
    assert (plan.corners[5] + plan.sizes[5]).tolist()[1] == 11 + 192


@given(st.integers(1, 900), st.integers(1, 900))
def test_tiles_lie_on_the_canvas(height, width):
    plan = pyramid(height, width)
    assert (plan.corners >= 11).all()
    assert (plan.corners + plan.sizes <= [plan.height - 11, plan.width - 11]).all()


@given(st.integers(40, 900), st.integers(40, 900))
def test_large_tiles_do_not_overlap(height, width):
    plan = pyramid(height, width)
    boxes = np.concatenate([plan.corners, plan.corners + plan.sizes], axis=1)[plan.sizes.min(axis=1) >= 40]
    assert (iou_matrix(boxes, boxes) - np.eye(len(boxes)) <= 1e-9).all()


def test_levels_are_drawn_where_the_plan_says():
    image = np.random.default_rng(0).integers(0, 255, (120, 90, 3), dtype=np.uint8)
    plan = pyramid(120, 90)
    canvas = paint(image, plan)
    assert canvas.shape == (plan.height, plan.width, 3)
    assert (canvas[11:131, 11:101] == image).all()
    assert canvas[0, 0].tolist() == [123, 117, 104]
    top, left = plan.corners[1]
    assert (canvas[top, left] == image[0, 0]).all()
    assert (canvas[top + 99, left + 74] == image[-1, -1]).all()


def test_windows_are_found_again_in_the_picture():
    plan = pyramid(400, 400)
    # Cell (20, 20) is about pixel 174 of the canvas, thus 163 of the picture; the window is 80 px wide.
    assert windows(plan, np.array([20]), np.array([20])).tolist() == [[123.5, 123.5, 203.5, 203.5]]
    top, left = plan.corners[1]
    (box,) = windows(plan, np.array([(top + 100) // 8]), np.array([(left + 100) // 8]))
    assert box[2] - box[0] == pytest.approx(96)
    assert windows(plan, np.empty(0, np.intp), np.empty(0, np.intp)).shape == (0, 4)


def test_detections_are_those_of_dlib():
    data = pytest.importorskip("skimage.data")
    pytest.importorskip("dlib")
    from vultus.evaluation.peer import Dlib
    from vultus.inference.session import open_session
    from vultus.weights.store import resolve
    from vultus.weights.table import load_pack

    session = open_session(resolve(load_pack("dlib-mmod"))["mmod.onnx"], threads=1)
    dlib = Dlib(threads=1)
    portrait = data.astronaut()
    for picture in (portrait[:300, 60:400], portrait[20:210, 130:320]):
        plan = pyramid(*picture.shape[:2])
        (margins,) = session.run(["score"], {"image": paint(picture, plan)[None]})
        row, column = np.nonzero(margins[0] > 0)
        boxes, scores = windows(plan, row, column), margins[0][row, column]
        keep = suppress(boxes, scores, 0.338)
        theirs = dlib.detect(picture, "cnn")
        assert len(theirs) == len(keep) == 1
        assert iou_matrix([theirs[0].box], boxes[keep])[0, 0] > 0.95
        assert scores[keep[0]] == pytest.approx(theirs[0].score, abs=0.01)
