"""Cut-outs of enrolled faces: small JPEG pictures from which any detector finds the face again.

They let a gallery move to another model without the original pictures, and show people what is held about them. The
cut-out is square, the face stands in its middle with half its size on every side, and where the picture ends it is
black: so the face that is meant is known by its place (`meant`), whoever else looks over its shoulder. JPEG of quality
95, without any metadata of the picture; `tools/measure_crops.py` measures what the margin is worth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.inference.image import jpeg, read
from vultus.types import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.inference.image import Source
    from vultus.types import Face

MARGIN = 0.5  # of the larger side of the box, on every side
LONGEST_PX = 480
QUALITY = 95
_SAME_PLACE = 0.3


def cut(source: Source, box: Box, *, margin: float = MARGIN, longest: int = LONGEST_PX) -> bytes:
    """The cut-out of a face, as the bytes of a JPEG file.

    Args:
        source: the picture; read again, unless it is an array.
        box: of the face, in pixels of the upright picture.
        margin: on every side, as a share of the larger side of the box.
        longest: larger cut-outs are scaled down to so many pixels.

    Raises:
        ImageError: the picture cannot be read.
        InputError: the face lies outside it.
    """
    import cv2

    picture = read(source)
    size = max(box.width, box.height, 1.0) * (1 + 2 * margin)
    scale = min(1.0, longest / size)
    x, y = box.centre
    height, width = picture.shape[:2]
    # Only what the picture has is taken: the square around a face that fills a large picture would be huge.
    left, top = max(round(x - size / 2), 0), max(round(y - size / 2), 0)
    right, bottom = min(round(x + size / 2), width), min(round(y + size / 2), height)
    if left >= right or top >= bottom:
        raise InputError(f"the face at {x:.0f}, {y:.0f} lies outside the picture of {width} x {height} pixels")
    part = picture[top:bottom, left:right]
    if scale < 1:
        to = max(round((right - left) * scale), 1), max(round((bottom - top) * scale), 1)
        part = np.asarray(cv2.resize(part, to, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    side = max(round(size * scale), *part.shape[:2])
    at = round((left - x) * scale + side / 2), round((top - y) * scale + side / 2)
    square = np.zeros((side, side, 3), dtype=np.uint8)
    column, row = (min(max(start, 0), side - length) for start, length in zip(at, part.shape[1::-1], strict=True))
    square[row : row + part.shape[0], column : column + part.shape[1]] = part
    return jpeg(square, QUALITY)


def meant(faces: Sequence[Face], side_px: int, *, margin: float = MARGIN) -> Face | None:
    """Of the faces found in a cut-out, the one it was made of; None when nobody stands in its place.

    Args:
        faces: found in the cut-out.
        side_px: width of the cut-out.
        margin: it was made with.
    """
    size = side_px / (1 + 2 * margin)
    first, last = (side_px - size) / 2, (side_px + size) / 2
    place = Box(np.array([first, first, last, last], dtype=np.float32))
    best = max(faces, key=lambda face: face.box.iou(place), default=None)
    return best if best is not None and best.box.iou(place) >= _SAME_PLACE else None
