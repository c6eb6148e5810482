"""Detections, suppression and scaling, against naive versions of themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vultus.inference.detect import Detections, fit_scale, suppress, suppress_each

Float = NDArray[np.float32]


def _overlap(a: Float, b: Float, *, by_smaller: bool) -> float:
    """Overlap of two boxes with whole-number corners, in plain Python numbers."""
    ax1, ay1, ax2, ay2 = (int(v) for v in a)
    bx1, by1, bx2, by2 = (int(v) for v in b)
    both = max(min(ax2, bx2) - max(ax1, bx1), 0) * max(min(ay2, by2) - max(ay1, by1), 0)
    areas = (ax2 - ax1) * (ay2 - ay1), (bx2 - bx1) * (by2 - by1)
    return both / (min(areas) if by_smaller else sum(areas) - both)


def _naive(boxes: Float, scores: Float, limit: float, *, by_smaller: bool) -> list[int]:
    """Take boxes best first; drop one as soon as it overlaps with any that was taken."""
    taken: list[int] = []
    for index in sorted(range(len(boxes)), key=lambda index: (-float(scores[index]), index)):
        if all(_overlap(boxes[index], boxes[other], by_smaller=by_smaller) <= limit for other in taken):
            taken.append(index)
    return taken


_BOX = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 30), st.integers(1, 30))


@given(
    shapes=st.lists(_BOX, max_size=25),
    by_smaller=st.booleans(),
    limit=st.sampled_from([0.0, 0.3301, 0.5003, 0.7001, 1.0]),
    seed=st.integers(0, 2**16),
)
def test_suppression_is_the_naive_one(
    shapes: list[tuple[int, int, int, int]], by_smaller: bool, limit: float, seed: int
) -> None:
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in shapes], np.float32).reshape(-1, 4)
    scores = np.random.default_rng(seed).choice(np.float32([0.1, 0.2, 0.5, 0.9]), len(boxes))
    kept = suppress(boxes, scores, limit, by_smaller=by_smaller)
    assert kept.dtype == np.intp
    assert kept.tolist() == _naive(boxes, scores, limit, by_smaller=by_smaller)
    assert (np.diff(scores[kept]) <= 0).all()


@pytest.mark.parametrize("count", [0, 1, 40, 300])
def test_suppression_of_many_pictures_is_that_of_each(count: int) -> None:
    random = np.random.default_rng(count)
    corner = random.integers(0, 40, (count, 2))
    boxes = np.concatenate([corner, corner + random.integers(1, 30, (count, 2))], axis=1).astype(np.float32)
    scores, owner = random.choice(np.float32([0.1, 0.5, 0.9]), count), random.integers(0, 5, count)
    expected = []
    for picture in range(5):
        mine = np.flatnonzero(owner == picture)
        expected += mine[suppress(boxes[mine], scores[mine], 0.5)].tolist()
    assert suppress_each(owner, boxes, scores, 0.5).tolist() == expected


def test_suppression_of_nothing_and_of_boxes_without_area() -> None:
    nothing = Detections.none()
    assert suppress(nothing.boxes, nothing.scores, 0.5).tolist() == []
    points = np.full((3, 4), 7, np.float32)
    turned = np.array([[9, 9, 3, 3], [0, 0, 10, 10]], np.float32)  # right of its own right side: no area, no overlap
    assert suppress(points, np.float32([0.1, 0.3, 0.2]), 0.5).tolist() == [1, 2, 0]
    assert suppress(turned, np.float32([0.9, 0.8]), 0.5).tolist() == [0, 1]


def test_a_small_box_inside_a_large_one_goes_only_when_measured_by_the_smaller() -> None:
    boxes = np.array([[0, 0, 100, 100], [10, 10, 30, 30]], np.float32)
    scores = np.float32([0.9, 0.8])
    assert suppress(boxes, scores, 0.7).tolist() == [0, 1]
    assert suppress(boxes, scores, 0.7, by_smaller=True).tolist() == [0]


def test_detections_are_taken_in_the_order_asked() -> None:
    many = Detections(
        np.arange(12, dtype=np.float32).reshape(3, 4),
        np.float32([0.9, 0.8, 0.7]),
        np.arange(30, dtype=np.float32).reshape(3, 5, 2),
    )
    assert len(many) == 3
    some = many.take(np.array([2, 0]))
    assert len(some) == 2
    np.testing.assert_array_equal(some.scores, np.float32([0.7, 0.9]))
    np.testing.assert_array_equal(some.boxes, many.boxes[[2, 0]])
    np.testing.assert_array_equal(some.landmarks, many.landmarks[[2, 0]])
    none = many.take(np.zeros(0, np.intp))
    for empty in (none, Detections.none()):
        assert len(empty) == 0
        assert (empty.boxes.shape, empty.scores.shape, empty.landmarks.shape) == ((0, 4), (0,), (0, 5, 2))
        assert {array.dtype for array in (empty.boxes, empty.scores, empty.landmarks)} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("height", "width", "longest", "factor"),
    [(100, 200, 400, 1.0), (400, 100, 400, 1.0), (1600, 400, 400, 0.25), (300, 1200, 400, 1 / 3), (1, 1, 1, 1.0)],
)
def test_pictures_are_only_ever_scaled_down(height: int, width: int, longest: int, factor: float) -> None:
    assert fit_scale(height, width, longest) == pytest.approx(factor)
