"""Likelihood ratios: what they cost as they are, and what they would cost if they were calibrated as well as can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.metrics.verification import as_scores

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def cllr(genuine: ArrayLike, impostor: ArrayLike) -> float:
    """Cost of log-likelihood ratios, in bits: 0 for sure and right, 1 for no information, above for misleading.

    Args:
        genuine: natural logarithms of likelihood ratios, (G,); minus infinity makes the cost infinite.
        impostor: the same of impostor comparisons, (I,).
    """
    mated = as_scores(genuine, "genuine ratios").astype(np.float64)
    other = as_scores(impostor, "impostor ratios").astype(np.float64)
    mean = np.logaddexp(0, -mated).mean() + np.logaddexp(0, other).mean()
    return float(mean / (2 * np.log(2)))


def min_cllr(genuine: ArrayLike, impostor: ArrayLike) -> float:
    """Cost that is left when scores are turned into the best likelihood ratios that rise with them, in bits.

    `cllr - min_cllr` is what better calibration would gain; `min_cllr` what only a better comparison would. The ratios
    are those of isotonic regression (pool adjacent violators; Bruemmer and du Preez, 2006).

    Args:
        genuine: scores on any scale, (G,).
        impostor: the same of impostor comparisons, (I,).
    """
    mated = as_scores(genuine, "genuine scores").astype(np.float64)
    other = as_scores(impostor, "impostor scores").astype(np.float64)
    _, place = np.unique(np.concatenate([mated, other]), return_inverse=True)
    n_mated, n_other = (np.bincount(side, minlength=int(place.max()) + 1) for side in np.split(place, [mated.size]))
    hits, misses = _pooled(n_mated.astype(np.float64), n_other.astype(np.float64))
    # The ratio of a pool is (hits / G) / (misses / I); pools of one kind cost nothing.
    both = (hits > 0) & (misses > 0)
    ratio = np.log(hits[both] / mated.size) - np.log(misses[both] / other.size)
    cost = hits[both] @ np.logaddexp(0, -ratio) / mated.size + misses[both] @ np.logaddexp(0, ratio) / other.size
    return float(cost / (2 * np.log(2)))


def _pooled(hits: NDArray[np.float64], misses: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pools of neighbouring values, by rising share of hits."""
    pools: list[tuple[float, float]] = []
    for hit, miss in zip(hits.tolist(), misses.tolist(), strict=True):
        pools.append((hit, miss))
        while len(pools) > 1 and pools[-2][0] * sum(pools[-1]) >= pools[-1][0] * sum(pools[-2]):
            (one, two), (three, four) = pools[-2:]
            pools[-2:] = [(one + three, two + four)]
    rows = np.array(pools)
    return rows[:, 0], rows[:, 1]
