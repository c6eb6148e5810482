"""dlib's image pyramid: all levels of a picture side by side on one canvas.

The CNN detector looks at every eighth pixel of that canvas, so where a level lies decides which cells see a face. With
the same canvas as dlib, detections are dlib's to the pixel; with levels looked at one by one, boxes are up to half a
cell off, which is a tenth of a face.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.inference.detect import Float, Image

_RATIO = 6 / 5  # from one level to the next
_BETWEEN, _AROUND = 10, 11  # px between tiles and around all of them
_SMALLEST = 5  # px, height of the last level
_FILL = (123, 117, 104)  # mean colour of the training pictures: zero for the network
_WINDOW, _STRIDE, _OFFSET = 80, 8, 14  # the cell (r, c) looks at the window around pixel (8 c + 14, 8 r + 14)


@dataclass(frozen=True, slots=True, eq=False)
class Pyramid:
    """Where each level lies.

    Attributes:
        sizes: height, width of each level; int64, (L, 2). The first is the picture itself.
        corners: top, left of each level on the canvas; int64, (L, 2).
        height, width: of the canvas.
    """

    sizes: NDArray[np.int64]
    corners: NDArray[np.int64]
    height: int
    width: int


def pyramid(height: int, width: int) -> Pyramid:
    """Lay out the levels of a picture of this size.

    A column of levels grows downwards until the rest fits beside it; the rest then grows upwards along the right edge.
    """
    sizes = [(height, width)]
    while (size := (5 * sizes[-1][0] // 6, 5 * sizes[-1][1] // 6))[0] >= _SMALLEST and size[1] > 0:
        sizes.append(size)
    down = _column(sizes)
    tall = sum(size[0] for size in sizes[:down]) + _BETWEEN * (down - 1)
    corners, top = [], _AROUND
    for rows, _ in sizes[:down]:
        corners.append((top, _AROUND))
        top += rows + _BETWEEN
    bottom = _AROUND + tall
    for rows, columns in sizes[down:]:
        corners.append((bottom - rows, _AROUND + width - columns))
        bottom -= rows + _BETWEEN
    return Pyramid(np.array(sizes), np.array(corners), tall + 2 * _AROUND, width + 2 * _AROUND)


def _column(sizes: list[tuple[int, int]]) -> int:
    """How many levels go into the first column."""
    first_height, first_width = sizes[0]
    total = sum(rows + _BETWEEN for rows, _ in sizes) - 2 * _BETWEEN
    height = before = 0
    for index, (rows, columns) in enumerate(sizes):
        fits_beside = columns <= first_width - before - _BETWEEN
        if fits_beside and 2 * (height - first_height) >= total - first_height:
            return index
        height += rows + _BETWEEN
        before = columns
    return len(sizes)


def paint(image: Image, plan: Pyramid) -> Image:
    """Draw the levels of a picture.

    Args:
        image: RGB uint8, (H, W, 3).
        plan: `pyramid(H, W)`.

    Returns:
        RGB uint8, (plan.height, plan.width, 3).
    """
    canvas = np.empty((plan.height, plan.width, 3), np.uint8)
    canvas[:] = _FILL
    level = image.astype(np.float32)
    for (rows, columns), (top, left) in zip(plan.sizes.tolist(), plan.corners.tolist(), strict=True):
        level = _resized(level, rows, columns)
        canvas[top : top + rows, left : left + columns] = (level + 0.5).astype(np.uint8)
    return canvas


def windows(plan: Pyramid, row: NDArray[np.intp], column: NDArray[np.intp]) -> Float:
    """Boxes in the picture that cells of the score map stand for; float32, (N, 4) px."""
    centre = np.stack([row, column], axis=1) * _STRIDE + _OFFSET
    first, last = plan.corners[:, None], (plan.corners + plan.sizes - 1)[:, None]
    away = np.maximum(np.maximum(first - centre, centre - last), 0)
    # A window near a border belongs to the level that its centre is nearest to.
    level = np.square(away).sum(axis=2).argmin(axis=0)
    middle = (centre - plan.corners[level] + 0.5)[:, ::-1]
    corners = np.concatenate([middle - _WINDOW / 2, middle + _WINDOW / 2], axis=1)
    return np.asarray(corners * _RATIO ** level[:, None], np.float32)


def _resized(level: Float, rows: int, columns: int) -> Float:
    """Bilinear with the corner pixels on top of each other, as dlib scales."""
    if level.shape[:2] == (rows, columns):
        return level
    import cv2

    step_y, step_x = (level.shape[0] - 1) / max(rows - 1, 1), (level.shape[1] - 1) / max(columns - 1, 1)
    turn = np.array([[step_x, 0, 0], [0, step_y, 0]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    out = cv2.warpAffine(level, turn, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return out.astype(np.float32, copy=False)
