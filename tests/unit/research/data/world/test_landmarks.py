from __future__ import annotations

import numpy as np
import pytest

from vultus.research.data.world import head, landmarks


@pytest.mark.parametrize("fineness", [1, 2])
def test_points_stand_in_the_order_of_ibug(fineness: int) -> None:
    chosen = landmarks.vertices(fineness)
    points = head.shape(fineness)[chosen]
    assert points.shape == (68, 3)
    assert len(np.unique(chosen)) >= 66
    assert (np.diff(points[:17, 0]) > 0).all(), "the jaw from the subject's right to the left"
    assert points[8, 1] < points[:17, 1].min() + 0.05
    assert (np.diff(points[27:31, 1]) < 0).all()
    assert (points[36:42, 0] < 0).all()
    assert (points[42:48, 0] > 0).all()
    assert points[37, 1] > points[41, 1]
    assert points[51, 1] > points[62, 1] >= points[66, 1] - 0.1 > points[57, 1]
    mirror = points[48] * [-1, 1, 1]
    assert points[54] == pytest.approx(mirror, abs=1e-6)


def test_five_points_of_68() -> None:
    points = np.arange(136, dtype=np.float32).reshape(68, 2)
    found = landmarks.five(points)
    assert found.shape == (5, 2)
    assert found[0] == pytest.approx(points[36:42].mean(0))
    assert found[2] == pytest.approx(points[30])
