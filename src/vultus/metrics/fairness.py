"""How unlike the error rates of groups are, at one threshold for all (ISO/IEC 19795-10).

Impostors of one group and impostors of two are counted apart: among random impostors most pairs are easy ones of two
groups, and they hide what happens within a group. The summaries are those of NIST FATE part 8 (ratios), of Pereira and
Marcel (fairness discrepancy rate) and of Howard et al. (GARBE, arXiv 2203.05051).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError, ShapeError
from vultus.metrics.labels import as_labels, number_labels
from vultus.metrics.verification import as_scores, as_weights

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class GroupRates:
    """Error rates of groups at one threshold; NaN where there is no comparison.

    Attributes:
        groups: names in order, (G,).
        fnmr: false non-match rate within each group; float64, (G,).
        fmr_within: false match rate between people of one group; float64, (G,).
        fmr_cross: false match rate of people of the group with people of all others; float64, (G,).
        fmr: false match rate between groups, symmetric, `fmr_within` on its diagonal; float64, (G, G).
        n_genuine: genuine comparisons of each group, or the sum of their weights; float64, (G,).
        n_impostor: impostor comparisons between groups, symmetric, or the sum of their weights; float64, (G, G).
    """

    groups: tuple[Any, ...]
    fnmr: NDArray[np.float64]
    fmr_within: NDArray[np.float64]
    fmr_cross: NDArray[np.float64]
    fmr: NDArray[np.float64]
    n_genuine: NDArray[np.float64]
    n_impostor: NDArray[np.float64]


def group_rates(
    scores: ArrayLike,
    same: ArrayLike,
    group_a: ArrayLike,
    group_b: ArrayLike,
    threshold: float,
    weights: ArrayLike | None = None,
) -> GroupRates:
    """Count the errors of every group and pair of groups.

    Args:
        scores: (N,); minus infinity for a comparison that could not be made.
        same: whether both pictures show one person, bool, (N,).
        group_a, group_b: group of the person on either side, (N,).
        threshold: one for all groups.
        weights: how often each comparison counts, (N,); None for once. A group whose weights are all zero, as in some
            draws of a bootstrap, has the rate NaN.

    Raises:
        InputError: fewer than two groups, a genuine comparison of two groups, or a group without genuine comparisons
            or without impostor comparisons of its own.
    """
    checked = as_scores(scores)
    size = checked.size
    truth = np.asarray(same)
    if truth.shape != (size,) or truth.dtype != np.bool_:
        raise ShapeError("same", f"True and False of shape ({size},)", f"{truth.dtype} of shape {truth.shape}")
    left, right = as_labels(group_a, "group_a", size), as_labels(group_b, "group_b", size)
    if left.dtype.kind != right.dtype.kind:
        raise ShapeError("group_b", f"the kind of labels that group_a has, {left.dtype}", f"{right.dtype}")
    names, (a, b) = number_labels(left, right)
    if names.size < 2:
        raise InputError(f"rates of groups need at least two groups, and there is only '{names[0]}'")
    mixed = np.flatnonzero(truth & (a != b))
    if mixed.size:
        first = f"the first is number {mixed[0]}: '{left[mixed[0]]}' and '{right[mixed[0]]}'"
        raise InputError(f"{mixed.size:,} genuine comparisons are of one person in two groups; {first}")
    cell = ((a * names.size + b) * 2 + truth) * 2 + (checked >= np.float64(threshold))
    times = np.bincount(cell, minlength=4 * names.size**2).reshape(names.size, names.size, 2, 2)
    for what, there in (("genuine comparison", times[:, :, 1]), ("impostor comparison within it", times[:, :, 0])):
        empty = np.diag(there.sum(axis=2)) == 0
        if empty.any():
            raise InputError(f"group '{names[empty][0]}' has no {what}, so it has no rate")
    count = as_weights(weights, size)
    table = (times if count is None else np.bincount(cell, count, times.size).reshape(times.shape)).astype(np.float64)
    genuine, wrong = np.diagonal(table[:, :, 1]), _both_ways(table[:, :, 0, 1])
    n_genuine, n_impostor = genuine.sum(axis=0), _both_ways(table[:, :, 0].sum(axis=2))
    rates = _ratio(wrong, n_impostor)
    across = _ratio(_off_diagonal(wrong), _off_diagonal(n_impostor))
    missed = _ratio(genuine[0], n_genuine)
    return GroupRates(tuple(names.tolist()), missed, np.diag(rates).copy(), across, rates, n_genuine, n_impostor)


def max_min_ratio(rates: ArrayLike) -> float:
    """Largest rate by the smallest: 1 is even; infinite when one group, but not all, has no errors."""
    checked = _rates(rates)
    return 1.0 if checked.max() == 0 else float(_ratio_or_inf(checked.max(), checked.min()))


def max_geometric_mean_ratio(rates: ArrayLike) -> float:
    """Largest rate by the geometric mean: 1 is even; infinite when one group, but not all, has no errors."""
    checked = _rates(rates)
    if checked.max() == 0:
        return 1.0
    mean = 0.0 if checked.min() == 0 else float(np.exp(np.log(checked).mean()))
    return float(_ratio_or_inf(checked.max(), mean))


def fairness_discrepancy_rate(fmr: ArrayLike, fnmr: ArrayLike, alpha: float = 0.5) -> float:
    """FDR: one less the weighted largest differences; 1 is even. Blind to FMR where all are small.

    Args:
        fmr: of each group, (G,).
        fnmr: of each group, (G,).
        alpha: weight of the FMR, 0 to 1.
    """
    matches, misses = _both(fmr, fnmr, alpha)
    return float(1 - alpha * np.ptp(matches) - (1 - alpha) * np.ptp(misses))


def gini(rates: ArrayLike) -> float:
    """Gini coefficient with the n / (n - 1) of small samples: 0 is even, 1 when one group has all errors."""
    checked = np.sort(_rates(rates))
    if checked.max() == 0:
        return 0.0
    # The mean difference of all pairs from the sorted rates: rate i is the larger one of i pairs.
    n = checked.size
    return float(((2 * np.arange(1, n + 1) - n - 1) * checked).sum() / ((n - 1) * checked.sum()))


def garbe(fmr: ArrayLike, fnmr: ArrayLike, alpha: float = 0.5) -> float:
    """Gini aggregation rate for biometric equitability: weighted Gini coefficients of FMR and FNMR; 0 is even.

    Args:
        fmr: of each group, (G,).
        fnmr: of each group, (G,).
        alpha: weight of the FMR, 0 to 1.
    """
    matches, misses = _both(fmr, fnmr, alpha)
    return alpha * gini(matches) + (1 - alpha) * gini(misses)


def _both_ways(table: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(table + table.T - np.diag(np.diag(table)))


def _off_diagonal(table: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(table.sum(axis=1) - np.diag(table))


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))


def _ratio_or_inf(part: float, whole: float) -> float:
    return np.inf if whole == 0 else part / whole


def _rates(rates: ArrayLike) -> NDArray[np.float64]:
    out = np.asarray(rates, dtype=np.float64)
    if out.ndim != 1 or out.size < 2:
        raise ShapeError("rates", "those of at least two groups, (G,)", f"of shape {out.shape}")
    if not (out.min() >= 0 and out.max() <= 1):
        raise InputError("rates of groups lie between 0 and 1, and some are outside or NaN")
    return out


def _both(fmr: ArrayLike, fnmr: ArrayLike, alpha: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    matches, misses = _rates(fmr), _rates(fnmr)
    if matches.shape != misses.shape:
        raise ShapeError("fnmr", f"of the {matches.size} groups of fmr", f"of {misses.size}")
    if not 0 <= alpha <= 1:
        raise InputError(f"alpha lies between 0 and 1, not at {alpha}")
    return matches, misses
