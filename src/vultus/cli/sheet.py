"""The contact sheet that `vultus demo` writes: every picture with its faces marked and a caption below."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from vultus.cli.pictures import Mark
    from vultus.types import Face

    Picture = NDArray[np.uint8]

_TILE, _CAPTION, _GAP = 400, 44, 12
_PAPER, _RIGHT, _WRONG = (250, 250, 250), (0, 110, 50), (180, 40, 30)


def tile(image: Picture, marks: Sequence[Mark], caption: str, *, right: bool = True) -> Picture:
    """One marked picture on a square of paper with a caption; RGB uint8 (444, 400, 3).

    The picture is brought to the tile's size first, so that lines and letters are equally large on all tiles.

    Args:
        image: RGB uint8 (H, W, 3).
        marks: what to draw.
        caption: one line.
        right: colour of the caption.
    """
    import cv2
    import numpy as np

    from vultus.inference.annotate import draw

    height, width = image.shape[:2]
    scale = _TILE / max(height, width)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    shown = draw(np.asarray(cv2.resize(image, size, interpolation=way), dtype=np.uint8),
                 [(moved(face, scale), label, kind) for face, label, kind in marks])  # fmt: skip
    paper = np.full((_TILE + _CAPTION, _TILE, 3), _PAPER, dtype=np.uint8)
    top, left = (_TILE - shown.shape[0]) // 2, (_TILE - shown.shape[1]) // 2
    paper[top : top + shown.shape[0], left : left + shown.shape[1]] = shown
    cv2.putText(
        paper, caption, (8, _TILE + 29), cv2.FONT_HERSHEY_SIMPLEX, 0.6, _RIGHT if right else _WRONG, 1, cv2.LINE_AA
    )
    return paper


def sheet(tiles: Sequence[Picture], columns: int = 4) -> Picture:
    """All tiles in rows; RGB uint8."""
    import numpy as np

    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    high, wide = _TILE + _CAPTION + _GAP, _TILE + _GAP
    paper = np.full((rows * high + _GAP, columns * wide + _GAP, 3), _PAPER, dtype=np.uint8)
    for number, one in enumerate(tiles):
        top, left = (number // columns) * high + _GAP, (number % columns) * wide + _GAP
        paper[top : top + one.shape[0], left : left + one.shape[1]] = one
    return paper


def moved(face: Face, scale: float) -> Face:
    """The face as it lies in the resized picture."""
    from vultus.types import Box

    return replace(face, box=Box(face.box.xyxy * scale), landmarks=face.landmarks * scale)
