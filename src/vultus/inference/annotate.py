"""Boxes, names and scores drawn into a picture.

Names are Unicode. OpenCV 5 carries fonts for Latin, Greek, Cyrillic, Hebrew, Arabic and East Asian scripts; Hebrew and
Arabic are put in visual order here, Arabic letters stay unjoined, and what the fonts lack (Indic, Thai, emoji) becomes
question marks. OpenCV 4 has ASCII only: accents are dropped there, and other letters become question marks.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import cv2
import numpy as np

from vultus.errors import UnknownNameError
from vultus.inference.image import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vultus.types import Face

    Picture: TypeAlias = NDArray[np.uint8]
    Mark: TypeAlias = tuple[Face, str, str]

# Colours that stay apart for colour-blind eyes (Okabe and Ito 2008), RGB.
COLOURS: dict[str, tuple[int, int, int]] = {
    "match": (0, 158, 115),
    "unknown": (240, 228, 66),
    "refused": (213, 94, 0),
    "plain": (86, 180, 233),
}
_DARK, _LIGHT = (20, 20, 20), (255, 255, 255)
_SMALLEST_TEXT_PX = 9
_SMALLEST_DOTTED_PX = 48  # face
_SMALLEST_LABELLED_PX = 32  # picture
_WEIGHT = 500
# Letters that have no accent to drop.
_ASCII = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "đ": "d", "Đ": "D",
     "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "…": "..."}
)  # fmt: skip
# A similarity at the end of a label, which is kept when the label is shortened.
_SCORE = re.compile(r" -?[\d.]{1,6}$")


class _Rectangle(NamedTuple):
    left: int
    top: int
    right: int
    bottom: int

    def overlap(self, other: _Rectangle) -> int:
        """Shared area in pixels."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0) * max(height, 0)


def draw(image: Picture, marks: Sequence[Mark]) -> Picture:
    """A copy of the picture with a box and a label for each face.

    Lines and letters grow with the picture and the face. A label stays inside the picture and goes where it hides
    least: above the box, below it, or at its inner edges; one that is too long is shortened, but keeps its score.

    Args:
        image: RGB, uint8, (H, W, 3).
        marks: face, label and kind: "match", "unknown", "refused" or "plain" (which also shows the landmarks of faces
            large enough). A picture below 32 pixels gets no labels.

    Returns:
        RGB, uint8, (H, W, 3).

    Raises:
        ShapeError: the array is not RGB uint8 (H, W, 3).
        UnknownNameError: no such kind.
    """
    canvas = read(image).copy()
    for _, _, kind in marks:
        if kind not in COLOURS:
            raise UnknownNameError("kind of mark", kind, COLOURS, f"(known: {', '.join(COLOURS)})")
    height, width = canvas.shape[:2]
    line = max(1, round(min(height, width) / 300))
    boxes = [_clipped(face, width, height) for face, _, _ in marks]
    for box, (face, _, kind) in zip(boxes, marks, strict=True):
        thickness = max(1, min(line, round((box.right - box.left) / 25)))
        _outline(canvas, box, COLOURS[kind], thickness)
        if kind == "plain" and box.right - box.left >= _SMALLEST_DOTTED_PX:
            _dots(canvas, face, COLOURS[kind], thickness)
    letters = _Letters()
    placed: list[_Rectangle] = []
    for box, (_, label, kind) in zip(boxes, marks, strict=True):
        if label.strip() and min(height, width) >= _SMALLEST_LABELLED_PX:
            placed.append(_label(canvas, letters, label, box, COLOURS[kind], placed, boxes))
    return canvas


def _clipped(face: Face, width: int, height: int) -> _Rectangle:
    """The box in whole pixels, inside the picture."""
    left, top, right, bottom = face.box.xyxy.tolist()
    left, right = (round(min(max(value, 0), width - 1)) for value in (left, right))
    top, bottom = (round(min(max(value, 0), height - 1)) for value in (top, bottom))
    return _Rectangle(left, top, right, bottom)


def _outline(canvas: Picture, box: _Rectangle, colour: tuple[int, int, int], thickness: int) -> None:
    """A coloured frame with a dark rim, to be seen on any ground."""
    corners = (box.left, box.top), (box.right, box.bottom)
    cv2.rectangle(canvas, *corners, _DARK, thickness + 2, cv2.LINE_AA)
    cv2.rectangle(canvas, *corners, colour, thickness, cv2.LINE_AA)


def _dots(canvas: Picture, face: Face, colour: tuple[int, int, int], thickness: int) -> None:
    limit = np.array(canvas.shape[1::-1])
    for x, y in np.clip(face.landmarks, -9, limit + 9).round().astype(int).tolist():
        cv2.circle(canvas, (x, y), thickness + 1, _DARK, -1, cv2.LINE_AA)
        cv2.circle(canvas, (x, y), thickness, colour, -1, cv2.LINE_AA)


def _label(
    canvas: Picture,
    letters: _Letters,
    label: str,
    box: _Rectangle,
    colour: tuple[int, int, int],
    placed: list[_Rectangle],
    boxes: list[_Rectangle],
) -> _Rectangle:
    """Write one label; returns the ground it covers."""
    height, width = canvas.shape[:2]
    side = min(height, width)
    wanted = 0.2 * (box.right - box.left)
    size = round(min(max(wanted, 0.022 * side, 12), max(0.04 * side, 14)))
    pad = max(2, size // 5)
    text, size, length = letters.fit(label, size, width - 2 * pad)
    tall = round(1.15 * size) + 2 * pad
    ground = _best_place(length + 2 * pad, tall, box, placed, boxes, (width, height))
    cv2.rectangle(canvas, ground[:2], (ground.right - 1, ground.bottom - 1), colour, -1)
    bright = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] > 110
    letters.write(canvas, text, (ground.left + pad, ground.bottom - pad - round(0.25 * size)), size, bright)
    return ground


def _best_place(
    wide: int,
    tall: int,
    box: _Rectangle,
    placed: list[_Rectangle],
    boxes: list[_Rectangle],
    limit: tuple[int, int],
) -> _Rectangle:
    """Of a few places around a box, the one that covers least of other labels and faces."""

    def at(left: int, top: int) -> _Rectangle:
        left = max(min(left, limit[0] - wide), 0)
        top = max(min(top, limit[1] - tall), 0)
        return _Rectangle(left, top, left + wide, top + tall)

    places = [
        at(left, top)
        for top in (box.top - tall, box.bottom + 1, box.top, box.bottom - tall)
        for left in (box.left, box.right - wide)
    ]

    def cost(place: _Rectangle) -> int:
        return sum(8 * place.overlap(other) for other in placed) + sum(place.overlap(other) for other in boxes)

    return min(places, key=cost)


class _Letters:
    """Text of one picture. A font is not shared between pictures, since they may be drawn by many threads."""

    def __init__(self) -> None:
        self._font: Any = cv2.FontFace("sans") if hasattr(cv2, "FontFace") else None

    def fit(self, label: str, size: int, room: int) -> tuple[str, int, int]:
        """Make a label smaller, then shorter, until it fits; returns text, size and length in pixels."""
        text = self._plain(label)
        length = self._length(text, size)
        if length > room:
            size = max(_SMALLEST_TEXT_PX, int(size * room / length))
            length = self._length(text, size)
        score = _SCORE.search(text)
        name, end = (text[: score.start()], self._plain("…") + score.group()) if score else (text, self._plain("…"))
        kept = len(name)
        while length > room and kept > 1:
            kept = max(1, min(kept - 1, int(kept * room / length)))
            text = name[:kept].rstrip() + end
            length = self._length(text, size)
        return text, size, length

    def write(self, canvas: Picture, text: str, origin: tuple[int, int], size: int, on_bright: bool) -> None:
        """Write with the baseline's left end at the origin."""
        colour = _DARK if on_bright else _LIGHT
        shown = in_visual_order(text)
        if self._font is not None:
            cv2.putText(canvas, shown, origin, colour, self._font, size, _WEIGHT)
        else:
            scale, weight = self._hershey(size)
            cv2.putText(canvas, shown, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, weight, cv2.LINE_AA)

    def _length(self, text: str, size: int) -> int:
        if self._font is not None:
            return int(cv2.getTextSize((0, 0), in_visual_order(text), (0, 0), self._font, size, _WEIGHT)[2])
        scale, weight = self._hershey(size)
        return int(cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, weight)[0][0])

    def _plain(self, label: str) -> str:
        """One line of what the font can show."""
        text = unicodedata.normalize("NFC", re.sub(r"\s+", " ", label.strip()))
        text = "".join(letter for letter in text if letter.isprintable())
        return text if self._font is not None else to_ascii(text)

    @staticmethod
    def _hershey(size: int) -> tuple[float, int]:
        return size / 30, max(1, round(size / 16))


def in_visual_order(text: str) -> str:
    """Runs of Hebrew or Arabic reversed, for a font engine that writes from left to right only."""
    kinds = [unicodedata.bidirectional(letter) for letter in text]
    marks = "".join("r" if kind in ("R", "AL") else "m" if kind == "NSM" else "." for kind in kinds)
    pieces, place = [], 0
    for run in re.finditer(r"r(?:[rm]|[^\w](?=r)|\.(?=r))*", marks):
        pieces.append(text[place : run.start()])
        letters = [
            letter for letter, mark in zip(text[run.start() : run.end()], run.group(), strict=True) if mark != "m"
        ]
        pieces.append("".join(reversed(letters)))
        place = run.end()
    return "".join([*pieces, text[place:]])


def to_ascii(text: str) -> str:
    """Accents dropped; what is left beyond ASCII becomes a question mark."""
    parts = unicodedata.normalize("NFKD", text.translate(_ASCII))
    kept = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return kept.encode("ascii", "replace").decode("ascii")
