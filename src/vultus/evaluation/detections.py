"""Face detection on pictures with marked boxes: recall, precision, and each face missed or invented."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.pairs import read_table
from vultus.metrics.detection import DetectionScores, Matching, detection_scores, match_detections

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Found = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """A picture with marked faces.

    Attributes:
        image: file.
        boxes: left, top, right, bottom; float64, (T, 4).
        ignore: marked boxes that do not count; bool, (T,).
    """

    image: Path
    boxes: NDArray[np.float64]
    ignore: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Fault:
    """A face that was missed (no score) or a detection that is no marked face."""

    image: str
    kind: str
    box: tuple[float, float, float, float]
    score: float | None


@dataclass(frozen=True, slots=True)
class DetectionResult:
    """Result on marked pictures; `iou` is the overlap that makes a hit."""

    iou: float
    n_images: int
    scores: DetectionScores
    faults: tuple[Fault, ...]


def read_marked(folder: Path) -> tuple[Marked, ...]:
    """Pictures of a folder like `detection_small` that have marked boxes.

    Raises:
        InputError: a file is missing or a box is no row of numbers.
    """
    rows = read_table(folder / "boxes.csv", ("image", "left", "top", "width", "height", "ignore"))
    boxes: dict[str, list[tuple[list[float], bool]]] = {}
    for row in rows:
        try:
            left, top, width, height = (float(row[key]) for key in ("left", "top", "width", "height"))
        except ValueError as error:
            raise InputError(f"{folder / 'boxes.csv'} has a box that is not four numbers: {row}") from error
        boxes.setdefault(row["image"], []).append(([left, top, left + width, top + height], row["ignore"] == "1"))
    return tuple(
        Marked(folder / "images" / name, np.array([box for box, _ in here]), np.array([skip for _, skip in here]))
        for name, here in boxes.items()
    )


def measure_detections(
    find: Callable[[Path], Found], pictures: Sequence[Marked], *, iou: float = 0.5
) -> DetectionResult:
    """Compare a detector with marked boxes.

    Args:
        find: gives boxes (D, 4) as left, top, right, bottom, and scores (D,) of a file.
        pictures: marked pictures.
        iou: smallest overlap of a hit. Detectors draw a face larger or smaller by habit, so 0.3 to 0.5 is the range.
    """
    matchings: list[Matching] = []
    faults: list[Fault] = []
    for picture in pictures:
        boxes, scores = find(picture.image)
        matching = match_detections(picture.boxes, boxes, scores, iou=iou, ignore=picture.ignore)
        matchings.append(matching)
        name = picture.image.name
        faults += [Fault(name, "missed", _plain(picture.boxes[index]), None) for index in matching.missed]
        wrong = np.flatnonzero(~matching.hits)
        faults += [
            Fault(name, "not marked", _plain(boxes[matching.order[index]]), float(matching.scores[index]))
            for index in wrong
        ]
    return DetectionResult(iou, len(pictures), detection_scores(matchings), tuple(faults))


def to_dict(result: DetectionResult) -> dict[str, Any]:
    """Plain values for JSON."""
    return {"schema": "vultus.detections/1", **asdict(result)}


def _plain(box: NDArray[Any]) -> tuple[float, float, float, float]:
    left, top, right, bottom = (round(float(value), 1) for value in box)
    return left, top, right, bottom
