"""One-to-one comparison: error rates, thresholds and the ten-fold way.

A comparison matches when its score is at or above the threshold. One that could not be made counts as a non-match:
give it the score minus infinity instead of leaving it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError, ShapeError, UnsupportedTargetError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.floating[Any]]


def as_scores(scores: ArrayLike, name: str = "scores") -> Floats:
    """Scores as a flat float array (float32 stays float32); minus infinity is allowed.

    Raises:
        ShapeError: not one-dimensional, empty, or holding NaN or plus infinity.
    """
    out = np.asarray(scores)
    if out.dtype != np.float32:
        out = out.astype(np.float64)
    if out.ndim != 1:
        raise ShapeError(name, "one-dimensional", f"of shape {out.shape}")
    if out.size == 0:
        raise ShapeError(name, "at least one score", "empty")
    # The largest value is NaN when any is: one pass instead of two over ten million scores.
    largest = out.max()
    if np.isnan(largest) or largest == np.inf:
        raise ShapeError(name, "finite or -inf", "NaN or +inf somewhere")
    return out


def as_weights(weights: ArrayLike | None, size: int) -> NDArray[np.float64] | None:
    """Weights as float64 of the length of the scores, or None when every score counts once.

    Raises:
        ShapeError: another length, negative, or all zero.
    """
    if weights is None:
        return None
    out = np.asarray(weights, dtype=np.float64)
    if out.shape != (size,):
        raise ShapeError("weights", f"of shape ({size},)", f"of shape {out.shape}")
    if not (out.min() >= 0 and 0 < out.sum() < np.inf):
        raise ShapeError("weights", "non-negative with a positive finite sum", "not so")
    return out


def _share(mask: NDArray[np.bool_], weights: NDArray[np.float64] | None) -> float:
    if weights is None:
        return float(np.count_nonzero(mask)) / mask.size
    return float(weights[mask].sum() / weights.sum())


def fmr(impostor: ArrayLike, threshold: float, weights: ArrayLike | None = None) -> float:
    """False match rate: share of impostor comparisons at or above the threshold."""
    scores = as_scores(impostor, "impostor scores")
    # np.float64 keeps the comparison exact: a bare float would be rounded to the float32 of the scores.
    return _share(scores >= np.float64(threshold), as_weights(weights, scores.size))


def fnmr(genuine: ArrayLike, threshold: float, weights: ArrayLike | None = None) -> float:
    """False non-match rate: share of genuine comparisons below the threshold."""
    scores = as_scores(genuine, "genuine scores")
    return _share(scores < np.float64(threshold), as_weights(weights, scores.size))


def rule_of_three(n: int) -> float:
    """Smallest error rate that `n` comparisons can support: 95 % upper bound when none of them is wrong, 3 / n.

    Raises:
        InputError: n is not positive.
    """
    if n < 1:
        raise InputError(f"the rule of three needs at least one comparison, not {n}")
    return min(3.0 / n, 1.0)


def rule_of_thirty(n: int) -> float:
    """Smallest error rate that `n` comparisons measure well, 30 / n.

    With 30 errors the true rate lies within 30 % of the observed one at a confidence of 90 % (ISO/IEC 19795-1).

    Raises:
        InputError: n is not positive.
    """
    if n < 1:
        raise InputError(f"the rule of thirty needs at least one comparison, not {n}")
    return min(30.0 / n, 1.0)


def threshold_at_fmr(impostor: ArrayLike, target: float, weights: ArrayLike | None = None) -> float:
    """Smallest threshold at which the false match rate is not above the target.

    Equal scores fall on one side together, so with ties the rate reached may be well below the target. The threshold
    is representable in the dtype of the scores. Minus infinity when every comparison may match.

    Args:
        impostor: scores, (N,).
        target: false match rate, 0 to 1.
        weights: how often each score counts, (N,); None for once.

    Raises:
        InputError: the target is no rate.
    """
    scores = as_scores(impostor, "impostor scores")
    if not 0 <= target <= 1:
        raise InputError(f"a false match rate lies between 0 and 1, not at {target}")
    checked = as_weights(weights, scores.size)
    if checked is None:
        # A hair above the product, so that 0.29 * 100 = 28.999... allows 29.
        allowed = int(np.floor(target * scores.size + 1e-9))
        if allowed >= scores.size:
            return -np.inf
        first_refused = np.partition(scores, scores.size - 1 - allowed)[scores.size - 1 - allowed]
    else:
        order = np.argsort(-scores, kind="stable")
        mass = np.cumsum(checked[order])
        index = int(np.searchsorted(mass, target * mass[-1] * (1 + 1e-12) + 1e-12, side="right"))
        if index >= scores.size:
            return -np.inf
        first_refused = scores[order][index]
    return float(np.nextafter(first_refused, np.array(np.inf, dtype=scores.dtype)))


def threshold_at_fnmr(genuine: ArrayLike, target: float) -> float:
    """Largest threshold at which the false non-match rate is not above the target; infinite when every one may fail.

    Raises:
        InputError: the target is no rate.
    """
    scores = as_scores(genuine, "genuine scores")
    if not 0 <= target <= 1:
        raise InputError(f"a false non-match rate lies between 0 and 1, not at {target}")
    allowed = int(np.floor(target * scores.size + 1e-9))
    return np.inf if allowed >= scores.size else float(np.partition(scores, allowed)[allowed])


def tmr_at_fmr(genuine: ArrayLike, impostor: ArrayLike, target: float) -> float:
    """True match rate at the smallest threshold whose false match rate is not above the target.

    Raises:
        UnsupportedTargetError: the target is below three per number of impostor comparisons.
    """
    scores = as_scores(impostor, "impostor scores")
    smallest = rule_of_three(scores.size)
    if target < smallest * (1 - 1e-9):
        why = f"there are only {scores.size:,} impostor comparisons (rule of three)"
        raise UnsupportedTargetError("FMR", target, smallest, why)
    return 1.0 - fnmr(genuine, threshold_at_fmr(scores, target))


@dataclass(frozen=True, slots=True, eq=False)
class DetCurve:
    """Detection error trade-off.

    Attributes:
        threshold: rising; float64, (P,). The first is minus infinity: everything matches.
        fmr, fnmr: rates at each threshold; float64, (P,).
    """

    threshold: NDArray[np.float64]
    fmr: NDArray[np.float64]
    fnmr: NDArray[np.float64]


def det_points(genuine: ArrayLike, impostor: ArrayLike, max_points: int = 2000) -> DetCurve:
    """Error rates at the distinct scores, thinned evenly to at most `max_points`; both ends stay.

    Raises:
        InputError: fewer than two points asked for.
    """
    if max_points < 2:
        raise InputError(f"a curve needs at least 2 points, not {max_points}")
    mated, other = _sorted(genuine, impostor)
    distinct = np.unique(np.concatenate([mated, other])).astype(np.float64)
    distinct = distinct[np.isfinite(distinct)]
    last = np.nextafter(distinct[-1:], np.inf)
    threshold = np.concatenate([[-np.inf], distinct, last])
    if threshold.size > max_points:
        threshold = threshold[np.linspace(0, threshold.size - 1, max_points).round().astype(np.int64)]
    return DetCurve(threshold, *_rates(mated, other, threshold))


def _sorted(genuine: ArrayLike, impostor: ArrayLike) -> tuple[Floats, Floats]:
    """Both kinds of scores, rising; float32 only when both are."""
    mated, other = as_scores(genuine, "genuine scores"), as_scores(impostor, "impostor scores")
    kind = np.result_type(mated, other)
    return np.sort(mated.astype(kind, copy=False)), np.sort(other.astype(kind, copy=False))


def _rates(
    mated: Floats, other: Floats, threshold: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """FMR and FNMR of rising scores at rising thresholds."""
    # The first score at or above: in the type of the scores, since a search in another copies all of them.
    at = threshold.astype(mated.dtype)
    at = np.where(at.astype(np.float64) < threshold, np.nextafter(at, np.array(np.inf, at.dtype)), at)
    # side="left" counts the scores strictly below, which are the non-matches.
    false_match = 1.0 - np.searchsorted(other, at, side="left") / other.size
    return false_match, np.searchsorted(mated, at, side="left") / mated.size


def eer(genuine: ArrayLike, impostor: ArrayLike) -> tuple[float, float]:
    """Equal error rate and its threshold, linear between the two neighbouring points; a summary, no operating point."""
    mated, other = _sorted(genuine, impostor)
    # The gap between the rates rises from -1 to 1 with the threshold, so where it crosses zero is found by halves.
    values = np.sort(np.concatenate([mated, other]))
    low, high = int(np.searchsorted(values, -np.inf, side="right")), values.size
    first = low
    while low < high:
        middle = (low + high) // 2
        fmr_there, fnmr_there = _rates(mated, other, values[middle : middle + 1].astype(np.float64))
        low, high = (middle + 1, high) if fnmr_there[0] < fmr_there[0] else (low, middle)
    top = float(values[low]) if low < values.size else float(np.nextafter(np.float64(values[-1]), np.inf))
    below = int(np.searchsorted(values, values[low], side="left")) if low < values.size else low
    bottom = float(values[below - 1]) if below > first else -np.inf
    false_match, false_non_match = _rates(mated, other, np.array([bottom, top]))
    gap = false_non_match - false_match
    if gap[1] == 0:
        return float(false_match[1]), top
    part = -gap[0] / (gap[1] - gap[0])
    return float(false_match[0] + part * (false_match[1] - false_match[0])), top


def min_dcf(
    genuine: ArrayLike,
    impostor: ArrayLike,
    *,
    prior: float = 0.01,
    miss_cost: float = 1.0,
    false_match_cost: float = 1.0,
) -> tuple[float, float]:
    """Smallest detection cost and its threshold, as in the speaker evaluations of NIST.

    The cost is `miss_cost * prior * FNMR + false_match_cost * (1 - prior) * FMR`, divided by the cost of the better of
    two systems that do not look: 1 is worthless, 0 faultless. The threshold is chosen on the scores it is measured on.

    Args:
        genuine: scores, (G,).
        impostor: scores, (I,).
        prior: share of genuine comparisons in use, strictly between 0 and 1.
        miss_cost: of a false non-match, above 0.
        false_match_cost: of a false match, above 0.

    Raises:
        InputError: the prior or a cost is out of range.
    """
    if not 0 < prior < 1:
        raise InputError(f"the prior of a genuine comparison lies strictly between 0 and 1, not at {prior}")
    if not (0 < miss_cost < np.inf and 0 < false_match_cost < np.inf):
        raise InputError(f"costs of errors are positive and finite, not {miss_cost} and {false_match_cost}")
    mated, other = _sorted(genuine, impostor)
    # Between two genuine scores a higher threshold only helps, so no other threshold can be best.
    own = np.unique(mated).astype(np.float64)
    top = max(mated[-1:].astype(np.float64), other[-1:].astype(np.float64))
    last = np.nextafter(top[np.isfinite(top)], np.inf)
    threshold = np.concatenate([[-np.inf], own[np.isfinite(own)], last])
    false_match_rate, miss_rate = _rates(mated, other, threshold)
    miss, false_match = miss_cost * prior, false_match_cost * (1 - prior)
    # Where no comparison could be made the curve has no end at which nothing matches, so it stands here.
    cost = np.append(miss * miss_rate + false_match * false_match_rate, miss) / min(miss, false_match)
    best = int(np.argmin(cost))
    return float(cost[best]), float(np.append(threshold, np.inf)[best])


@dataclass(frozen=True, slots=True)
class FoldMatchRate:
    """Result of the ten-fold way.

    Attributes:
        mean: share of pairs decided rightly, mean over the folds.
        standard_error: of that mean.
        folds: fold names in order.
        rates: share per fold.
        thresholds: threshold per fold, chosen on the other folds.
    """

    mean: float
    standard_error: float
    folds: tuple[str, ...]
    rates: tuple[float, ...]
    thresholds: tuple[float, ...]


def best_threshold(scores: ArrayLike, same: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Threshold that decides most pairs rightly, midway between scores; the middle one of equally good ones.

    Args:
        scores: (N,).
        same: whether both pictures show one person, bool, (N,).
        weights: how often each pair counts, (N,); None for once.

    Raises:
        InputError: no pair has a score, so there is nothing to choose from.
    """
    checked = as_scores(scores)
    truth = _as_truth(same, checked.size)
    count = as_weights(weights, checked.size)
    count = np.ones(checked.size) if count is None else count
    keep = np.isfinite(checked) & (count > 0)
    if not keep.any():
        raise InputError("no pair has a score, so no threshold can be chosen")
    values, position = np.unique(checked[keep].astype(np.float64), return_inverse=True)
    gained = np.bincount(position, np.where(truth, count, -count)[keep], minlength=values.size)
    # Net number of right decisions when everything from value k upwards matches, k = 0 .. all refused.
    right = np.concatenate([np.cumsum(gained[::-1])[::-1], [0.0]])
    edges = np.concatenate([[values[0] - 1e-6], (values[1:] + values[:-1]) / 2, [values[-1] + 1e-6]])
    best = np.flatnonzero(right >= right.max() - 1e-9)
    return float(edges[best[best.size // 2]])


def fold_match_rate(
    scores: ArrayLike, same: ArrayLike, folds: ArrayLike, weights: ArrayLike | None = None
) -> FoldMatchRate:
    """The way LFW is scored: each fold with the threshold that is best on the other folds.

    Args:
        scores: (N,); minus infinity for a pair that could not be compared: a non-match, right for different people.
        same: whether both pictures show one person, bool, (N,).
        folds: fold of each pair, (N,).
        weights: how often each pair counts, (N,); None for once. A fold whose weights are all zero is left out.

    Raises:
        InputError: fewer than two folds.
    """
    checked = as_scores(scores)
    truth = _as_truth(same, checked.size)
    fold = np.asarray(folds)
    if fold.shape != checked.shape:
        raise ShapeError("folds", f"of shape {checked.shape}", f"of shape {fold.shape}")
    given = as_weights(weights, checked.size)
    count = np.ones(checked.size) if given is None else given
    names = [name for name in np.unique(fold) if count[fold == name].sum() > 0]
    if len(names) < 2:
        raise InputError(f"the ten-fold way needs at least two folds, not {len(names)}")
    rates, thresholds = [], []
    for name in names:
        inside = fold == name
        threshold = best_threshold(checked[~inside], truth[~inside], count[~inside])
        right = (checked[inside] >= np.float64(threshold)) == truth[inside]
        rates.append(_share(right, count[inside]))
        thresholds.append(threshold)
    spread = float(np.std(rates, ddof=1)) / float(np.sqrt(len(rates)))
    return FoldMatchRate(
        float(np.mean(rates)), spread, tuple(str(name) for name in names), tuple(rates), tuple(thresholds)
    )


def _as_truth(same: ArrayLike, size: int) -> NDArray[np.bool_]:
    truth = np.asarray(same).astype(bool)
    if truth.shape != (size,):
        raise ShapeError("same", f"of shape ({size},)", f"of shape {truth.shape}")
    return truth
