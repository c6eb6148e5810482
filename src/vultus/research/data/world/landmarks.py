"""The 68 points of the iBUG scheme and the five of ours, as vertices of the skin."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from vultus.research.data.world import head
from vultus.research.data.world.head import MOUTH_X, MOUTH_Y
from vultus.research.data.world.parts import brow_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# The right half of the jaw, from the ear to the middle of the chin.
_JAW = [(-7.1, -0.5, 1.5), (-7.0, -2.3, 1.8), (-6.75, -4.1, 2.4), (-6.3, -5.9, 3.2), (-5.55, -7.6, 4.2),
        (-4.45, -9.2, 5.4), (-3.1, -10.3, 6.6), (-1.6, -10.9, 7.4), (0.0, -11.05, 7.6)]  # fmt: skip


@cache
def vertices(fineness: int) -> NDArray[np.int64]:
    """Numbers of the 68 vertices; the subject's right comes first."""
    skin, points = head.grid(fineness), head.shape(fineness)

    def near(x: float, y: float, z: float | None = None) -> int:
        far = (points[:, 0] - x) ** 2 + (points[:, 1] - y) ** 2
        front = points[:, 2] > 3 if z is None else np.ones(len(points), bool)
        return int(np.argmin(np.where(front, far + (0 if z is None else (points[:, 2] - z) ** 2), 1e9)))

    jaw = [near(x, y, z) for x, y, z in _JAW] + [near(-x, y, z) for x, y, z in _JAW[-2::-1]]
    sides = np.array([5.3, 4.4, 3.4, 2.4, 1.4])
    heights = brow_line(sides)
    brows = [near(-x, y) for x, y in zip(sides, heights, strict=True)]
    brows += [near(x, y) for x, y in zip(sides[::-1], heights[::-1], strict=True)]
    bridge = [near(0, y) for y in (0.3, -1.0, -2.3, -3.45)]
    base = [near(x, y) for x, y in ((-1.45, -4.3), (-0.75, -4.55), (0, -4.7), (0.75, -4.55), (1.45, -4.3))]

    def eye(side: int, t: float, lid: int) -> int:
        at = side * (skin.ends[0] + t * (skin.ends[1] - skin.ends[0]))
        ends = t in (0, 1)
        on = (np.abs(skin.row) < 1e-9) & ((skin.lid == lid) | ends)
        return int(np.argmin(np.where(on, np.abs(skin.angle - at), 1e9)))

    a, b = 0.36, 0.68
    right = [eye(-1, t, lid) for t, lid in ((1, 1), (b, 1), (a, 1), (0, 1), (a, -1), (b, -1))]
    left = [eye(1, t, lid) for t, lid in ((0, 1), (a, 1), (b, 1), (1, 1), (b, -1), (a, -1))]
    return np.array(jaw + brows + bridge + base + right + left + _lips(skin, points), np.int64)


def _lips(skin: head.Skin, points: head.Array) -> list[int]:
    def red(x: float, upper: bool) -> int:
        top, low = head.lip_edge(np.array([abs(x)]))
        far = (points[:, 0] - x) ** 2 + (skin.row - (top if upper else low)[0]) ** 2
        return int(np.argmin(np.where(points[:, 2] > 3, far, 1e9)))

    def seam(x: float, upper: bool) -> int:
        on = (np.abs(skin.row - MOUTH_Y) < 1e-9) & (skin.lip == (1 if upper else -1)) & (points[:, 2] > 3)
        return int(np.argmin(np.where(on, np.abs(points[:, 0] - x), 1e9)))

    def corner(side: int) -> int:
        on = (np.abs(skin.row - MOUTH_Y) < 1e-9) & (np.sign(skin.angle) == side)
        return int(np.argmin(np.where(on, np.abs(np.abs(skin.angle) - skin.ends[2]), 1e9)))

    outer = [corner(-1), *(red(x, True) for x in (-1.5, -0.55, 0, 0.55, 1.5)), corner(1)]
    outer += [red(x, False) for x in (1.5, 0.75, 0, -0.75, -1.5)]
    inner = [seam(-0.85 * MOUTH_X, True), seam(-0.9, True), seam(0, True), seam(0.9, True), seam(0.85 * MOUTH_X, True)]
    return outer + inner + [seam(x, False) for x in (0.9, 0, -0.9)]


def five(points: Floats) -> Floats:
    """Eyes, tip of the nose and corners of the mouth, right before left: (..., 68, 2) to (..., 5, 2)."""
    eyes = [points[..., first : first + 6, :].mean(-2) for first in (36, 42)]
    return np.stack([*eyes, points[..., 30, :], points[..., 48, :], points[..., 54, :]], -2)
