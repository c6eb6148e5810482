"""What every face detector gives, and the pieces they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Float = NDArray[np.float32]
    Image = NDArray[np.uint8]

_TOGETHER = 64
_FEW = 256  # boxes of all pictures: of more, comparing those of different ones takes longer than going one by one


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Faces of one picture, best first.

    Attributes:
        boxes: left, top, right, bottom in pixels of the picture; float32, (N, 4).
        scores: 0 to 1; float32, (N,).
        landmarks: right eye, left eye, nose, right and left mouth corner; float32, (N, 5, 2) px.
    """

    boxes: Float
    scores: Float
    landmarks: Float

    def __len__(self) -> int:
        return len(self.scores)

    def take(self, keep: NDArray[np.intp]) -> Detections:
        """The detections of these indices, in this order."""
        return Detections(self.boxes[keep], self.scores[keep], self.landmarks[keep])

    @staticmethod
    def none() -> Detections:
        """No face at all."""
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))


class Detector(Protocol):
    """Finds faces in pictures."""

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Find the faces of each picture (RGB uint8, (H, W, 3), any sizes)."""
        ...


def suppress(boxes: Float, scores: Float, limit: float, *, by_smaller: bool = False) -> NDArray[np.intp]:
    """Greedy non-maximum suppression.

    Args:
        boxes: float32, (N, 4).
        scores: float32, (N,).
        limit: overlap above which the lower score is dropped.
        by_smaller: measure overlap against the smaller box instead of the union.

    Returns:
        Indices kept, best score first.
    """
    return _greedy(boxes, scores, limit, by_smaller=by_smaller, owner=None)


def suppress_each(
    owner: NDArray[np.intp], boxes: Float, scores: Float, limit: float, *, by_smaller: bool = False
) -> NDArray[np.intp]:
    """`suppress` for the boxes of each of several pictures.

    Args:
        owner: picture of each box; (N,).
        boxes, scores, limit, by_smaller: as for `suppress`.

    Returns:
        Indices kept, picture after picture, best score first in each.
    """
    if len(owner) <= _FEW:
        kept = _greedy(boxes, scores, limit, by_smaller=by_smaller, owner=owner)
        return kept[np.argsort(owner[kept], kind="stable")]
    places = [np.flatnonzero(owner == one) for one in np.unique(owner)]
    return np.concatenate([mine[suppress(boxes[mine], scores[mine], limit, by_smaller=by_smaller)] for mine in places])


def _greedy(
    boxes: Float, scores: Float, limit: float, *, by_smaller: bool, owner: NDArray[np.intp] | None
) -> NDArray[np.intp]:
    if len(scores) < 2:
        return np.arange(len(scores))
    order = np.argsort(-scores, kind="stable")
    low, high = boxes[order, :2], boxes[order, 2:]
    area = np.maximum(high - low, 0).prod(axis=1)
    whose = None if owner is None else owner[order]
    dropped = np.zeros(len(order), bool)
    keep: list[int] = []
    for start in range(
        0, len(order), _TOGETHER
    ):  # all pairs of a few boxes at once; of a crowd that is too much memory
        rows = slice(start, start + _TOGETHER)
        shared = np.minimum(high[rows, None], high) - np.maximum(low[rows, None], low)
        both = np.maximum(shared, 0).prod(axis=2)
        whole = np.minimum(area[rows, None], area) if by_smaller else area[rows, None] + area - both
        overlaps = both > limit * np.maximum(whole, 1e-6)
        if whose is not None:
            overlaps &= whose[rows, None] == whose
        for best, overlap in enumerate(overlaps, start):
            if not dropped[best]:
                keep.append(int(order[best]))
                dropped |= overlap
    return np.array(keep, np.intp)


def fit_scale(height: int, width: int, longest: int) -> float:
    """Factor, at most 1, that brings the longer side to `longest` pixels."""
    return min(1.0, longest / max(height, width))
