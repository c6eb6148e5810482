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

TILE, CAPTION, GAP = 400, 44, 12
COLUMNS = 4
_WIDE = 2.0
_PAPER, _RIGHT, _WRONG, _GREY = (250, 250, 250), (0, 110, 50), (190, 40, 30), (90, 90, 90)


def tile(image: Picture, marks: Sequence[Mark], caption: str, *, right: bool | None = True) -> Picture:
    """One marked picture on paper, with a caption; RGB uint8 (444, 400, 3), or two columns wide for a wide picture.

    The picture is brought to the tile's size first, so that lines and letters are equally large on all tiles.

    Args:
        image: RGB uint8 (H, W, 3).
        marks: what to draw.
        caption: one line.
        right: colour of the caption: green, red, or grey for None.
    """
    import cv2
    import numpy as np

    from vultus.inference.annotate import draw

    height, width = image.shape[:2]
    room = 2 * TILE + GAP if width >= _WIDE * height else TILE
    scale = min(room / width, TILE / height)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    size = min(max(round(width * scale), 1), room), min(max(round(height * scale), 1), TILE)
    shown = np.asarray(cv2.resize(image, size, interpolation=way), dtype=np.uint8)
    shown = draw(shown, [(moved(face, scale), label, kind) for face, label, kind in marks])
    paper = np.full((TILE + CAPTION, room, 3), _PAPER, dtype=np.uint8)
    left = (room - size[0]) // 2
    paper[TILE - size[1] : TILE, left : left + size[0]] = shown
    colour = _GREY if right is None else _RIGHT if right else _WRONG
    _write(paper, caption, (8, TILE + 29), colour, room - 16)
    return paper


def sheet(tiles: Sequence[Picture]) -> Picture:
    """All tiles in rows of four columns; RGB uint8."""
    import numpy as np

    rows: list[list[Picture]] = [[]]
    used = 0
    for one in tiles:
        span = 2 if one.shape[1] > TILE else 1
        if used + span > COLUMNS:
            rows.append([])
            used = 0
        rows[-1].append(one)
        used += span
    width = max(sum(one.shape[1] + GAP for one in row) for row in rows) + GAP
    paper = np.full((len(rows) * (TILE + CAPTION + GAP) + GAP, width, 3), _PAPER, dtype=np.uint8)
    for number, row in enumerate(rows):
        top, left = number * (TILE + CAPTION + GAP) + GAP, GAP
        for one in row:
            paper[top : top + one.shape[0], left : left + one.shape[1]] = one
            left += one.shape[1] + GAP
    return paper


def moved(face: Face, scale: float) -> Face:
    """The face as it lies in the resized picture."""
    from vultus.types import Box

    return replace(face, box=Box(face.box.xyxy * scale), landmarks=face.landmarks * scale)


def _write(paper: Picture, text: str, place: tuple[int, int], colour: tuple[int, int, int], room: int) -> None:
    """A line of text, cut to the room there is."""
    import cv2

    from vultus.inference.annotate import to_ascii

    if not hasattr(cv2, "FontFace"):
        text = to_ascii(text)
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.6
    shown = text
    while len(text) > 1 and cv2.getTextSize(shown, font, scale, 1)[0][0] > room:
        text = text[:-1]
        shown = text.rstrip() + "..."
    cv2.putText(paper, shown, place, font, scale, colour, 1, cv2.LINE_AA)
