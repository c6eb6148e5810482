from __future__ import annotations

import numpy as np
import pytest

from vultus.research.data.world import raster


def _drawn(screen: np.ndarray, triangles: np.ndarray, cover: float = 1.0, closed: int = 0) -> tuple[np.ndarray, ...]:
    depth, which = np.full((16, 16), raster.FAR, np.float32), np.full((16, 16), -1, np.int32)
    place = np.zeros((16, 16, 2), np.float32)
    n = len(screen)
    grain = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4)
    raster.rasterise(
        screen.astype(np.float32), triangles.astype(np.int32), closed, np.full(n, cover, np.float32),
        (screen[:, :2] / 16).astype(np.float32), grain, depth, which, place,
    )  # fmt: skip
    return depth, which, place


SQUARE = np.array([[2, 2, 10], [14, 2, 10], [14, 14, 20], [2, 14, 20.0]])
HALVES = np.array([[0, 1, 2], [0, 2, 3]])


def test_a_square_is_filled_once_with_its_depth() -> None:
    depth, which, place = _drawn(SQUARE, HALVES)
    inside = which >= 0
    assert inside.sum() == 144
    rows = np.arange(16) + 0.5
    assert depth[5, 8] == pytest.approx(10 + (rows[5] - 2) / 12 * 10)
    t, (b, c) = which[5, 8], place[5, 8]
    weights = np.array([1 - b - c, b, c])
    assert weights @ SQUARE[HALVES[t], 0] == pytest.approx(8.5)


def test_the_nearer_wins_and_the_inside_of_closed_things_is_not_drawn() -> None:
    near = SQUARE - [0, 0, 5]
    _, which, _ = _drawn(np.concatenate([SQUARE, near]), np.concatenate([HALVES, HALVES + 4]))
    assert set(which[which >= 0]) == {2, 3}
    _, front, _ = _drawn(SQUARE, HALVES[:, ::-1], closed=2)
    _, back, _ = _drawn(SQUARE, HALVES, closed=2)
    assert (front >= 0).sum() >= 140  # the seam of the diagonal may be on neither side
    assert (back >= 0).sum() == 0


def test_thin_matter_has_holes_and_what_is_behind_the_camera_is_left_out() -> None:
    _, which, _ = _drawn(SQUARE, HALVES, cover=0.5)
    assert 30 < (which >= 0).sum() < 114
    _, none, _ = _drawn(SQUARE - [0, 0, 15], HALVES)
    assert (none >= 0).sum() == 0


def test_normals_of_a_sphere_point_outwards() -> None:
    from vultus.research.data.world.parts import sheet

    a, b = np.meshgrid(np.linspace(0.1, 3.04, 20), np.linspace(0, 2 * np.pi, 30), indexing="ij")
    points = np.stack([np.sin(a) * np.cos(b), np.sin(a) * np.sin(b), np.cos(a)], -1).reshape(-1, 3).astype(np.float32)
    found = np.zeros_like(points)
    raster.normals(points, sheet(20, 30), found)
    assert np.abs((found * points).sum(1)).min() > 0.9
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-4)


def test_displacement_is_a_product_of_matrices() -> None:
    rng = np.random.default_rng(0)
    rest, moves, much = (rng.normal(size=shape).astype(np.float32) for shape in ((9,), (4, 9), (3, 4)))
    much[0, 1] = 0
    out = np.empty((3, 9), np.float32)
    raster.displaced(rest, moves, much, out)
    assert out == pytest.approx(rest + much @ moves, abs=1e-5)
