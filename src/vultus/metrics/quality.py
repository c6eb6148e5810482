"""Is a quality measure worth asking? Errors against discards, as in ISO/IEC 29794-1 and the NIST quality evaluations.

The comparisons of the lowest quality are left out step by step at one threshold; a good measure drops the errors first.
A comparison is as good as the worse of its two pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, ShapeError
from vultus.metrics.verification import as_scores

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class DiscardCurve:
    """Error-versus-discard characteristic: a staircase, since equal qualities are left out together.

    Attributes:
        quality: the least that is kept, rising; float64, (P,).
        discarded: share of comparisons below it, rising from 0; float64, (P,).
        fnmr: of the comparisons that are kept; float64, (P,).
    """

    quality: NDArray[np.float64]
    discarded: NDArray[np.float64]
    fnmr: NDArray[np.float64]


def pair_quality(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Quality of comparisons: the lower one of both pictures, float64, (N,)."""
    left, right = _quality(a, "a"), _quality(b, "b")
    if left.shape != right.shape:
        raise ShapeError("b", f"as long as a, {left.size}", f"{right.size} long")
    return np.minimum(left, right)


def error_discard(genuine: ArrayLike, quality: ArrayLike, threshold: float) -> DiscardCurve:
    """False non-match rate after leaving out the comparisons of low quality.

    Args:
        genuine: scores, (N,); minus infinity for a comparison that could not be made.
        quality: of each comparison, higher is better, (N,); minus infinity where it could not be measured.
        threshold: of matching, kept as it is; curves are compared at one initial rate (`threshold_at_fnmr`).
    """
    scores = as_scores(genuine, "genuine scores")
    worth = _quality(quality, "quality")
    if worth.shape != scores.shape:
        raise ShapeError("quality", f"of shape {scores.shape}", f"of shape {worth.shape}")
    levels, position, size = np.unique(worth, return_inverse=True, return_counts=True)
    missed = np.bincount(position, scores < np.float64(threshold), levels.size)
    below = np.concatenate([[0], np.cumsum(size)[:-1]])
    errors_left = np.cumsum(missed[::-1])[::-1]
    return DiscardCurve(levels, below / scores.size, errors_left / (scores.size - below))


def partial_area(curve: DiscardCurve, limit: float = 0.2) -> float:
    """Area under the staircase up to a share of discards (pAUC) divided by that share: the mean FNMR, lower is better.

    Raises:
        InputError: the limit is no share.
    """
    _check_limit(limit)
    edges = np.clip(np.append(curve.discarded, 1.0), 0, limit)
    return float((np.diff(edges) * curve.fnmr).sum() / limit)


def best_partial_area(initial_fnmr: float, limit: float = 0.2) -> float:
    """The `partial_area` of a measure that leaves out the errors alone, one by one, until none is left.

    Args:
        initial_fnmr: false non-match rate with nothing left out.
        limit: share of discards.

    Raises:
        InputError: the rate or the limit is out of range.
    """
    _check_limit(limit)
    if not 0 <= initial_fnmr <= 1:
        raise InputError(f"the initial FNMR lies between 0 and 1, not at {initial_fnmr}")
    if initial_fnmr == 1:
        return 1.0
    # After a share x of discards the rate is (f - x) / (1 - x) = 1 - (1 - f) / (1 - x), down to zero at x = f.
    end = min(initial_fnmr, limit)
    return float((end + (1 - initial_fnmr) * np.log1p(-end)) / limit)


def _quality(quality: ArrayLike, name: str) -> NDArray[np.float64]:
    out = np.asarray(quality, dtype=np.float64)
    if out.ndim != 1 or out.size == 0:
        raise ShapeError(name, "one-dimensional and not empty", f"of shape {out.shape}")
    if not out.max() < np.inf:
        raise ShapeError(name, "without NaN and plus infinity", "not so")
    return out


def _check_limit(limit: float) -> None:
    if not 0 < limit <= 1:
        raise InputError(f"the limit of discards lies above 0 and at most at 1, not at {limit}")
