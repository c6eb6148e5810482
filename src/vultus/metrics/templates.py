"""What protected templates give away (ISO/IEC 24745, ISO/IEC 30136): unlinkability and irreversibility."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, ShapeError
from vultus.metrics.transaction import frr
from vultus.metrics.verification import as_scores, fmr, tmr_at_fmr

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Unlinkability:
    """How well templates of one person under different keys can be told from those of different people.

    Attributes:
        d_sys: over all scores; 0 cannot be linked, 1 always can.
        edges: of the bins of scores; float64, (B + 1,).
        local: how far a score in each bin speaks for one person, D(s), 0 to 1; float64, (B,).
    """

    d_sys: float
    edges: NDArray[np.float64]
    local: NDArray[np.float64]


def unlinkability(
    mated: ArrayLike, nonmated: ArrayLike, *, prior_ratio: float = 1.0, bins: int | None = None
) -> Unlinkability:
    """The measures D(s) and D_sys of Gomez-Barrero et al. (IEEE TIFS 2018), from histograms.

    D(s) is 2 LR / (1 + LR) - 1 where the likelihood ratio LR, times the prior ratio, is above 1, else 0; D_sys is its
    mean over the mated scores. Chance differences of bins count as linkable, so few scores or many bins raise D_sys:
    compare systems at equal numbers.

    Args:
        mated: scores of one person under two keys, (M,).
        nonmated: scores of two people under two keys, (N,).
        prior_ratio: how much likelier two templates are of one person than of two, above 0.
        bins: None for one per ten scores of the smaller set, at most 100.

    Raises:
        InputError: the prior ratio or the number of bins is not positive.
    """
    one, two = _finite(mated, "mated scores"), _finite(nonmated, "nonmated scores")
    if not 0 < prior_ratio < np.inf:
        raise InputError(f"the prior ratio is positive and finite, not {prior_ratio}")
    count = min(max(min(one.size, two.size) // 10, 1), 100) if bins is None else bins
    if count < 1:
        raise InputError(f"a histogram needs at least one bin, not {count}")
    edges = np.histogram_bin_edges(np.concatenate([one, two]), count)
    likely = np.histogram(one, edges)[0] / one.size * prior_ratio
    unlikely = np.histogram(two, edges)[0] / two.size
    # 2 LR / (1 + LR) - 1 is (likely - unlikely) / (likely + unlikely), which needs no division by an empty bin.
    total = likely + unlikely
    local = np.clip(np.divide(likely - unlikely, total, out=np.zeros_like(total), where=total > 0), 0, None)
    return Unlinkability(float((local * likely).sum() / prior_ratio), edges, local)


def iapar(attacks: ArrayLike, threshold: float) -> float:
    """Impostor attack presentation accept rate: share of attacks, say faces made from templates, that match.

    Args:
        attacks: score of each against the person attacked, (N,); minus infinity where no face was found.
        threshold: of matching.
    """
    return fmr(as_scores(attacks, "attack scores"), threshold)


def iapar_at_fmr(attacks: ArrayLike, impostor: ArrayLike, target: float) -> float:
    """IAPAR at the smallest threshold whose false match rate among plain impostors is not above the target.

    Raises:
        UnsupportedTargetError: the target is below three per number of impostor comparisons.
    """
    return tmr_at_fmr(as_scores(attacks, "attack scores"), impostor, target)


def riapar(iapar: float, fnmr: float, fta: float = 0.0) -> float:
    """Relative IAPAR, attacks let in plus people refused: IAPAR + FRR, so that refusing everybody does not shine.

    Args:
        iapar: impostor attack presentation accept rate.
        fnmr: false non-match rate of the comparisons that could be made.
        fta: failure to acquire; 0 where it is in the FNMR already.

    Raises:
        InputError: something is no rate.
    """
    if not 0 <= iapar <= 1:
        raise InputError(f"IAPAR lies between 0 and 1, not at {iapar}")
    return iapar + frr(fnmr, fta)


def _finite(scores: ArrayLike, name: str) -> NDArray[np.float64]:
    out = as_scores(scores, name).astype(np.float64)
    if not np.isfinite(out).all():
        raise ShapeError(name, "finite: leave comparisons out that could not be made", "minus infinity somewhere")
    return out
