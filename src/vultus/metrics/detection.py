"""Face detection against marked boxes: recall, precision and average precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def iou_matrix(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Intersection over union of all pairs.

    Args:
        a, b: boxes as left, top, right, bottom; (A, 4) and (B, 4).

    Returns:
        float64, (A, B); 0 where a box has no area.
    """
    left, right = _boxes(a, "a"), _boxes(b, "b")
    corner = np.minimum(left[:, None, 2:], right[None, :, 2:]) - np.maximum(left[:, None, :2], right[None, :, :2])
    both = np.clip(corner, 0, None).prod(axis=2)
    area_left = np.clip(left[:, 2:] - left[:, :2], 0, None).prod(axis=1)
    area_right = np.clip(right[:, 2:] - right[:, :2], 0, None).prod(axis=1)
    union = area_left[:, None] + area_right[None, :] - both
    return np.asarray(np.divide(both, union, out=np.zeros_like(both), where=union > 0))


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """Detections of one picture beside its marked boxes.

    Attributes:
        scores: of the detections that count, best first; float64, (D,).
        hits: whether each of them found a marked box; bool, (D,).
        order: index of each of them in the given detections; int64, (D,).
        missed: index of the marked boxes nobody found, without the ignored ones; int64, (M,).
        n_truth: marked boxes that count.
    """

    scores: NDArray[np.float64]
    hits: NDArray[np.bool_]
    order: NDArray[np.int64]
    missed: NDArray[np.int64]
    n_truth: int


def match_detections(
    truth: ArrayLike, boxes: ArrayLike, scores: ArrayLike, *, iou: float = 0.5, ignore: ArrayLike | None = None
) -> Matching:
    """Give each marked box to the best detection that overlaps it enough, best score first.

    A detection that overlaps only an ignored box counts neither as a hit nor as a false alarm.

    Args:
        truth: marked boxes, left, top, right, bottom; (T, 4).
        boxes: detections, (D, 4).
        scores: of the detections, (D,).
        iou: smallest overlap of a hit.
        ignore: marked boxes that do not count, bool, (T,).

    Raises:
        InputError: iou is not above 0 and at most 1.
    """
    marked, found = _boxes(truth, "truth"), _boxes(boxes, "boxes")
    score = np.asarray(scores, dtype=np.float64)
    skip = np.zeros(len(marked), dtype=bool) if ignore is None else np.asarray(ignore).astype(bool)
    if score.shape != (len(found),):
        raise ShapeError("scores", f"of shape ({len(found)},)", f"of shape {score.shape}")
    if skip.shape != (len(marked),):
        raise ShapeError("ignore", f"of shape ({len(marked)},)", f"of shape {skip.shape}")
    if not 0 < iou <= 1:
        raise InputError(f"iou lies above 0 and at most at 1, not at {iou}")
    overlap = iou_matrix(found, marked)
    free = ~skip
    order, hits = [], []
    for index in np.argsort(-score, kind="stable"):
        row = overlap[index]
        candidate = int(np.argmax(np.where(free, row, -1.0))) if free.any() else -1
        if candidate >= 0 and row[candidate] >= iou:
            free[candidate] = False
            hits.append(True)
        elif (row[skip] >= iou).any():
            continue
        else:
            hits.append(False)
        order.append(index)
    place = np.asarray(order, dtype=np.int64)
    return Matching(score[place], np.asarray(hits, dtype=bool), place, np.flatnonzero(free), int((~skip).sum()))


@dataclass(frozen=True, slots=True)
class DetectionScores:
    """How well a detector does on a set of pictures.

    Attributes:
        recall: share of the marked boxes that were found.
        precision: share of the detections that are marked boxes; 1 when there are none.
        average_precision: area under the precision-recall curve, made monotone, all points.
        n_truth, n_detections: counts.
    """

    recall: float
    precision: float
    average_precision: float
    n_truth: int
    n_detections: int


def detection_scores(pictures: Sequence[Matching]) -> DetectionScores:
    """Recall, precision and average precision over pictures.

    Raises:
        InputError: nothing is marked.
    """
    n_truth = sum(picture.n_truth for picture in pictures)
    if n_truth == 0:
        raise InputError("recall needs at least one marked box")
    scores = np.concatenate([picture.scores for picture in pictures])
    hits = np.concatenate([picture.hits for picture in pictures])
    n_hits = int(hits.sum())
    order = np.argsort(-scores, kind="stable")
    # Detections of one score come in together: only the last one of a group is a point of the curve.
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True)) if scores.size else np.empty(0, np.int64)
    found = np.cumsum(hits[order])[last]
    recall = np.concatenate([[0.0], found / n_truth])
    precision = np.maximum.accumulate((found / (last + 1))[::-1])[::-1]
    return DetectionScores(
        recall=n_hits / n_truth,
        precision=n_hits / scores.size if scores.size else 1.0,
        average_precision=float((np.diff(recall) * precision).sum()),
        n_truth=n_truth,
        n_detections=int(scores.size),
    )


def _boxes(boxes: ArrayLike, name: str) -> NDArray[np.float64]:
    out = np.asarray(boxes, dtype=np.float64)
    if out.size == 0:
        return out.reshape(0, 4)
    if out.ndim != 2 or out.shape[1] != 4:
        raise ShapeError(name, "(N, 4)", f"of shape {out.shape}")
    if not np.isfinite(out).all():
        raise ShapeError(name, "finite", "not finite")
    return out
