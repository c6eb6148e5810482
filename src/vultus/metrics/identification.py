"""One-to-many search: who is missed (FNIR) and who is wrongly named (FPIR), ISO/IEC 19795-1.

A mated search is by a person of the gallery, a non-mated search by somebody else. FNIR counts the mated searches whose
mate is not within the first R candidates or is below the threshold; FPIR the non-mated ones with any candidate at or
above it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, ShapeError, UnsupportedTargetError
from vultus.metrics.verification import fmr, fnmr, rule_of_three, threshold_at_fmr

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

NOT_ENROLLED = -1


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """Outcome of searches, one number each.

    Attributes:
        mated: score of the mate where it is within the first R candidates, else minus infinity; float64, (M,).
        nonmated: best score of anyone; float64, (U,).
    """

    mated: NDArray[np.float64]
    nonmated: NDArray[np.float64]


def mate_rank(similarity: ArrayLike, person: ArrayLike) -> NDArray[np.int64]:
    """Rank of the mate, 1 is first; people who score the same as the mate are counted before it.

    Args:
        similarity: probes against people, (P, N).
        person: column of each probe's person, int, (P,); none may be `NOT_ENROLLED`.

    Returns:
        int64, (P,).
    """
    scores, truth = _searched(similarity, person)
    if (truth == NOT_ENROLLED).any():
        raise InputError("a rank exists only for probes whose person is enrolled")
    own = scores[np.arange(len(scores)), truth]
    return np.asarray((scores >= own[:, None]).sum(axis=1), dtype=np.int64)


def searches(similarity: ArrayLike, person: ArrayLike, rank: int = 1) -> Searches:
    """Reduce a similarity matrix to one number per search.

    Args:
        similarity: probes against people, (P, N); minus infinity for a probe whose face was not found.
        person: column of each probe's person, or `NOT_ENROLLED`; int, (P,).
        rank: the mate must be among so many candidates (R).
    """
    scores, truth = _searched(similarity, person)
    if rank < 1:
        raise InputError(f"a rank counts from 1, not {rank}")
    known = truth != NOT_ENROLLED
    best = scores.max(axis=1)
    mated = np.full(int(known.sum()), -np.inf)
    if known.any():
        own = scores[known, truth[known]]
        mated = np.where(mate_rank(scores[known], truth[known]) <= rank, own, -np.inf)
    return Searches(mated, best[~known])


def fnir(mated: ArrayLike, threshold: float, weights: ArrayLike | None = None) -> float:
    """False negative identification rate of the mated searches."""
    return fnmr(mated, threshold, weights)


def fpir(nonmated: ArrayLike, threshold: float, weights: ArrayLike | None = None) -> float:
    """False positive identification rate of the non-mated searches."""
    return fmr(nonmated, threshold, weights)


def threshold_at_fpir(nonmated: ArrayLike, target: float, weights: ArrayLike | None = None) -> float:
    """Smallest threshold at which the false positive identification rate is not above the target."""
    return threshold_at_fmr(nonmated, target, weights)


def fnir_at_fpir(mated: ArrayLike, nonmated: ArrayLike, target: float) -> float:
    """False negative identification rate at the smallest threshold whose FPIR is not above the target.

    Raises:
        UnsupportedTargetError: the target is below three per number of non-mated searches.
    """
    size = np.asarray(nonmated).size
    if size and target < rule_of_three(size) * (1 - 1e-9):
        why = f"there are only {size:,} non-mated searches (rule of three)"
        raise UnsupportedTargetError("FPIR", target, rule_of_three(size), why)
    return fnir(mated, threshold_at_fpir(nonmated, target))


def _searched(similarity: ArrayLike, person: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    scores = np.asarray(similarity, dtype=np.float64)
    truth = np.asarray(person, dtype=np.int64)
    if scores.ndim != 2 or scores.shape[1] == 0:
        raise ShapeError("similarity", "(probes, people)", f"of shape {scores.shape}")
    if np.isnan(scores).any():
        raise ShapeError("similarity", "without NaN", "NaN somewhere")
    if truth.shape != scores.shape[:1]:
        raise ShapeError("person", f"of shape ({scores.shape[0]},)", f"of shape {truth.shape}")
    if truth.size and not (truth.min() >= NOT_ENROLLED and truth.max() < scores.shape[1]):
        raise InputError(f"person holds column numbers from 0 to {scores.shape[1] - 1}, or -1 for nobody")
    return scores, truth
