from __future__ import annotations

import numpy as np
import pytest

from vultus.research.data.world import truth
from vultus.research.data.world.raster import FAR


def _sheet() -> tuple[np.ndarray, ...]:
    """Two fine samples per pixel; the lower right half shows a triangle at depth 50."""
    which, depth = np.full((8, 8), -1, np.int32), np.full((8, 8), FAR, np.float32)
    which[3:, 3:], depth[3:, 3:] = 0, 50.0
    return which, depth, np.full((8, 8, 2), 1 / 3, np.float32), np.array([[0, 1, 2]], np.int32)


def test_the_nearest_sample_of_a_pixel_counts() -> None:
    which, depth, place, triangles = _sheet()
    normals = np.tile(np.array([0, 0, -2], np.float32), (3, 1))
    far, faced, regions = np.zeros((4, 4), np.float32), np.zeros((4, 4, 3), np.float32), np.zeros((4, 4), np.uint8)
    truth.gathered(which, place, depth, triangles, normals, np.full((8, 8), 7, np.uint8), far, faced, regions)
    assert (far > 0).sum() == 9, "a pixel of which a quarter shows something shows it"
    assert far.max() == 50
    assert faced[3, 3] == pytest.approx([0, 0, 1])
    assert set(regions.reshape(-1)) == {0, 7}


def test_flow_is_where_the_triangle_went() -> None:
    which, depth, place, triangles = _sheet()
    screen = np.array([[5.5, 3.5, 50]] * 3, np.float32)
    flow, seen = np.zeros((4, 4, 2), np.float32), np.zeros((4, 4), bool)
    truth.moved(which, place, depth, triangles, screen, depth, flow, seen)
    assert flow[1, 1] == pytest.approx([(5.5 - 3.5) / 2, 0], abs=1e-5)
    assert seen[1, 1]
    assert flow[0, 0] == pytest.approx([0, 0])
    nearer = np.where(which >= 0, 20.0, depth).astype(np.float32)
    truth.moved(which, place, depth, triangles, screen, nearer, flow, seen)
    assert not seen[1, 1], "something else is before it now"
