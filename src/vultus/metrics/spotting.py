"""Where in a film an expression is: intervals against marked intervals, as in the micro-expression challenge (MEGC).

A spotted interval is right when it overlaps a marked one by enough (intersection over union of their frames, usually
half), and every interval counts at most once. Counts are summed over all films before rates are made of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def interval_iou(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Intersection over union of all pairs.

    Args:
        a, b: first and last frame, both inside, (A, 2) and (B, 2).

    Returns:
        float64, (A, B).
    """
    left, right = _intervals(a, "a")[:, None], _intervals(b, "b")[None]
    both = np.minimum(left[..., 1], right[..., 1]) - np.maximum(left[..., 0], right[..., 0]) + 1
    both = np.clip(both, 0, None)
    length = (left[..., 1] - left[..., 0] + 1) + (right[..., 1] - right[..., 0] + 1)
    return np.asarray(both / (length - both), dtype=np.float64)


def match_intervals(truth: ArrayLike, spotted: ArrayLike, *, iou: float = 0.5) -> NDArray[np.int64]:
    """Pair marked and spotted intervals of one film, each at most once, as many as can be.

    Args:
        truth: first and last frame of the marked intervals, both inside, (T, 2).
        spotted: the same of the spotted ones, (S, 2).
        iou: smallest overlap of a pair.

    Returns:
        Index into `truth` and into `spotted` of each pair, by the first; int64, (M, 2).

    Raises:
        InputError: iou is not above 0 and at most 1.
    """
    if not 0 < iou <= 1:
        raise InputError(f"the overlap of a pair lies above 0 and at most at 1, not at {iou}")
    overlap = interval_iou(truth, spotted)
    choices = [[int(j) for j in np.argsort(-row, kind="stable") if row[j] >= iou] for row in overlap]
    owner: dict[int, int] = {}
    for start in range(len(choices)):
        _augment(start, choices, owner)
    pairs = sorted((mark, spot) for spot, mark in owner.items())
    return np.asarray(pairs, dtype=np.int64).reshape(-1, 2)


@dataclass(frozen=True, slots=True)
class SpottingCounts:
    """Outcome over films.

    Attributes:
        n_hits: marked intervals that were spotted.
        n_false: spotted intervals that are none.
        n_missed: marked intervals that were not spotted.
    """

    n_hits: int
    n_false: int
    n_missed: int

    @property
    def precision(self) -> float:
        """Share of the spotted intervals that are marked; 1 when nothing was spotted."""
        spotted = self.n_hits + self.n_false
        return self.n_hits / spotted if spotted else 1.0

    @property
    def recall(self) -> float:
        """Share of the marked intervals that were spotted; 1 when nothing is marked."""
        marked = self.n_hits + self.n_missed
        return self.n_hits / marked if marked else 1.0

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN); 1 when there was nothing to spot and nothing was."""
        errors = self.n_false + self.n_missed
        return 2 * self.n_hits / (2 * self.n_hits + errors) if errors else 1.0


def spotting_counts(films: Iterable[tuple[ArrayLike, ArrayLike]], *, iou: float = 0.5) -> SpottingCounts:
    """Count over films, each given as its marked and its spotted intervals as in `match_intervals`.

    Raises:
        InputError: no film has a marked interval.
    """
    hits = marked = found = 0
    for truth, spotted in films:
        hits += len(match_intervals(truth, spotted, iou=iou))
        marked += len(_intervals(truth, "truth"))
        found += len(_intervals(spotted, "spotted"))
    if marked == 0:
        raise InputError("spotting needs at least one marked interval")
    return SpottingCounts(hits, found - hits, marked - hits)


def strs(spotting_f1: float, recognition_f1: float) -> float:
    """Spot-then-recognise score: F1 of spotting times macro F1 of the expressions of what was rightly spotted.

    Raises:
        InputError: a number is not between 0 and 1.
    """
    for rate in (spotting_f1, recognition_f1):
        if not 0 <= rate <= 1:
            raise InputError(f"F1 lies between 0 and 1, not at {rate}")
    return spotting_f1 * recognition_f1


def _augment(start: int, choices: list[list[int]], owner: dict[int, int]) -> None:
    """Find `start` a spotted interval, moving earlier ones to another where that makes room: breadth first."""
    asked_by: dict[int, int] = {}
    queue = [start]
    for mark in queue:
        for spot in choices[mark]:
            if spot in asked_by:
                continue
            asked_by[spot] = mark
            if spot in owner:
                queue.append(owner[spot])
                continue
            _hand_over(spot, start, asked_by, owner)
            return


def _hand_over(spot: int, start: int, asked_by: dict[int, int], owner: dict[int, int]) -> None:
    held = {mark: one for one, mark in owner.items()}
    while True:
        mark = asked_by[spot]
        owner[spot] = mark
        if mark == start:
            return
        spot = held[mark]


def _intervals(intervals: ArrayLike, name: str) -> NDArray[np.float64]:
    out = np.asarray(intervals, dtype=np.float64)
    if out.size == 0 and out.ndim <= 2:
        return out.reshape(0, 2)
    if out.ndim != 2 or out.shape[1] != 2:
        raise ShapeError(name, "first and last frame of intervals, (N, 2)", f"of shape {out.shape}")
    if not np.isfinite(out).all():
        raise ShapeError(name, "finite frame numbers", "not finite")
    backwards = np.flatnonzero(out[:, 1] < out[:, 0])
    if backwards.size:
        first = out[backwards[0]]
        raise InputError(f"{name} has an interval that ends before it starts: {first[0]:g} to {first[1]:g}")
    return out
