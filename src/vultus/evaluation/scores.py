"""Thresholds from listed comparisons: pairs of pictures, or scores that any other system made."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.calibration import fmr_steps, named
from vultus.metrics.bootstrap import interval, multiplicities, pair_weights
from vultus.types import Calibration, CalibrationPoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vultus.evaluation.acquire import Acquired
    from vultus.evaluation.lists import Listed


def score_listed(listed: Listed, got: Acquired) -> tuple[Listed, int]:
    """Fill in the similarities of pairs of pictures.

    Args:
        listed: pairs of pictures.
        got: embeddings of those pictures.

    Returns:
        The pairs of which both faces were acquired, with scores, and the number of those left out.
    """
    made = got.acquired[listed.a] & got.acquired[listed.b]
    parts = {key: getattr(listed, key)[made] for key in ("same", "left", "right", "a", "b")}
    scores = got.similarity(parts["a"], parts["b"]).astype(np.float64)
    return replace(listed, scores=scores, **parts), int(np.count_nonzero(~made))


def calibrate_scores(
    listed: Listed, dataset: str, *, name: str, contract: str = "", repeats: int = 1000, seed: int = 0
) -> Calibration:
    """Calibrate on comparisons with scores, higher being more alike, on any scale.

    Where the file tells nothing of people, comparisons are resampled instead of people, and each counts as two people
    of its own: too narrow an interval when people recur.

    Args:
        listed: comparisons.
        dataset: what was measured on, in words.
        name: short name that the calibration id begins with.
        contract: of the embeddings, empty for another system.
        repeats: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        InputError: the comparisons have no scores, or too few are of different people.
    """
    if listed.scores is None:
        raise InputError("the comparisons have no scores yet; make them with score_listed")
    other = ~listed.same
    order = np.argsort(-listed.scores[other], kind="stable")
    scores = listed.scores[other][order]
    people, codes = np.unique(
        np.concatenate([listed.left[other][order], listed.right[other][order]]), return_inverse=True
    )
    left, right = np.split(codes.astype(np.int64), 2)
    steps = np.array(fmr_steps(scores.size))
    whole = _cut(scores, np.arange(1, scores.size + 1), steps)
    rows = []
    for drawn in multiplicities(people.size, repeats, seed):
        # comparisons that are drawn alone need no looking up: one order of them is as good as another
        mass = np.cumsum(pair_weights(drawn, left, right) if listed.subjects else drawn)
        if mass[-1] > 0:
            rows.append(_cut(scores, mass, steps))
    low, high = interval(np.stack(rows))
    points = tuple(
        CalibrationPoint(float(rate), at, min(lower, at), max(upper, at))
        for rate, at, lower, upper in zip(steps, whole.tolist(), low.tolist(), high.tolist(), strict=True)
    )
    n_subjects = people.size if listed.subjects else 2 * scores.size
    return named(name, dataset, contract, scores.size, n_subjects, points)


def false_non_matches(genuine: NDArray[np.floating[Any]], calibration: Calibration) -> list[float | None]:
    """Share of genuine comparisons below each threshold of a calibration; None where there are none."""
    if not genuine.size:
        return [None] * len(calibration.points)
    return [float(np.mean(genuine < np.float64(point.threshold))) for point in calibration.points]


def genuine_scores(got: Acquired, subjects: Sequence[str]) -> NDArray[np.float32]:
    """Similarities of all pairs of pictures of one person."""
    homes: dict[str, list[int]] = {}
    for index in np.flatnonzero(got.acquired).tolist():
        homes.setdefault(subjects[index], []).append(index)
    scores = [np.empty(0, np.float32)]
    for rows in homes.values():
        vectors = got.vectors[rows]
        scores.append((vectors @ vectors.T)[np.triu_indices(len(rows), 1)])
    return np.concatenate(scores)


def _cut(scores: NDArray[np.float64], mass: NDArray[np.int64], rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smallest thresholds that let no more than the rates of the mass of falling scores through."""
    index = np.searchsorted(mass, rates * mass[-1] * (1 + 1e-12) + 1e-9, side="right")
    return np.asarray(np.nextafter(scores[index], np.inf), dtype=np.float64)
