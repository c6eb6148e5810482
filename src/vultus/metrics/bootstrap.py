"""Intervals by resampling subjects, since comparisons that share a person are not independent.

A repeat draws as many subjects as there are, with replacement. A subject drawn m times counts m times: a comparison
within it counts m times and one between two subjects m_a * m_b times. Copies of one subject are never compared with
each other, for that would make a genuine comparison look like an impostor one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate with its 95 % interval over resampled people."""

    value: float
    low: float
    high: float


def multiplicities(n_subjects: int, repeats: int, seed: int = 0) -> Iterator[NDArray[np.int64]]:
    """How often each subject is drawn, one int64 array (S,) per repeat; the same seed gives the same draws.

    Raises:
        InputError: no subjects or no repeats.
    """
    if n_subjects < 1 or repeats < 1:
        raise InputError(f"a bootstrap needs subjects and repeats, not {n_subjects} and {repeats}")
    random = np.random.default_rng(seed)
    for _ in range(repeats):
        draw = random.integers(n_subjects, size=n_subjects)
        yield np.bincount(draw, minlength=n_subjects).astype(np.int64)


def pair_weights(multiplicity: ArrayLike, a: ArrayLike, b: ArrayLike) -> NDArray[np.int64]:
    """How often each comparison counts in one repeat.

    Args:
        multiplicity: how often each subject is drawn, int, (S,).
        a, b: subject index of both sides, int, (N,).
    """
    drawn, left, right = np.asarray(multiplicity), np.asarray(a), np.asarray(b)
    if left.shape != right.shape:
        raise ShapeError("b", f"of the shape {left.shape} of a", f"of shape {right.shape}")
    weights: NDArray[np.int64] = np.where(left == right, drawn[left], drawn[left] * drawn[right]).astype(np.int64)
    return weights


def interval(values: ArrayLike, level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile interval of repeats (R, ...) along the first axis; infinities are ordered, not averaged.

    Raises:
        InputError: the level is not strictly between 0 and 1.
    """
    if not 0 < level < 1:
        raise InputError(f"the level of an interval lies between 0 and 1, not at {level}")
    rows = np.sort(np.asarray(values, dtype=np.float64), axis=0)
    # Whole order statistics, outwards: interpolating towards an infinite repeat would give NaN.
    last = rows.shape[0] - 1
    low = int(np.floor((1 - level) / 2 * last + 1e-9))
    return rows[low], rows[last - low]


def subject_bootstrap(
    statistic: Callable[[NDArray[np.int64]], ArrayLike],
    n_subjects: int,
    *,
    repeats: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile interval of a statistic over resampled subjects.

    Args:
        statistic: takes how often each subject is drawn, int64 (S,), and returns a number or an array; NaN says that
            this draw does not define it (say, no genuine pair left) and leaves the repeat out.
        n_subjects: number of subjects S.
        repeats: number of draws.
        seed: of the draws.
        level: coverage.

    Returns:
        Lower and upper bound, float64, of the statistic's shape.

    Raises:
        InputError: no draw defines the statistic.
    """
    rows = [np.asarray(statistic(drawn), dtype=np.float64) for drawn in multiplicities(n_subjects, repeats, seed)]
    kept = [row for row in rows if not np.isnan(row).any()]
    if not kept:
        raise InputError("no resampling of these subjects defines the statistic: too few subjects or comparisons")
    return interval(np.stack(kept), level)
