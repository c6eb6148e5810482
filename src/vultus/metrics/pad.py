"""Presentation attack detection, ISO/IEC 30107-3: attacks taken for people (APCER), people taken for attacks (BPCER).

A score says how alive: at or above the threshold a presentation is taken for bona fide. One without an answer has minus
infinity: it is never let in. A species is one kind of attack, say one printer or one mask maker; the worst species is
the headline, since an attacker picks it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError, UnsupportedTargetError
from vultus.metrics.labels import as_labels, number_labels
from vultus.metrics.verification import as_scores, eer, fmr, fnmr, rule_of_three, threshold_at_fmr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

APCER_TARGETS = (0.10, 0.05, 0.01)


def bpcer(bona_fide: ArrayLike, threshold: float) -> float:
    """Bona fide presentation classification error rate: share of people below the threshold."""
    return fnmr(as_scores(bona_fide, "bona fide scores"), threshold)


def apcer(attacks: ArrayLike, species: ArrayLike, threshold: float) -> dict[Any, float]:
    """Attack presentation classification error rate per species: share at or above the threshold.

    Args:
        attacks: scores, (N,).
        species: kind of each attack, (N,).
        threshold: of acceptance.

    Returns:
        Species in order, each with its rate; the headline is the largest.
    """
    return {name: fmr(scores, threshold) for name, scores in _by_species(attacks, species).items()}


def threshold_at_apcer(attacks: ArrayLike, species: ArrayLike, target: float) -> float:
    """Smallest threshold at which no species has an APCER above the target."""
    return max(threshold_at_fmr(scores, target) for scores in _by_species(attacks, species).values())


def bpcer_at_apcer(bona_fide: ArrayLike, attacks: ArrayLike, species: ArrayLike, target: float) -> float:
    """BPCER at the smallest threshold at which no species has an APCER above the target (BPCER10 is that at 0.1).

    Raises:
        UnsupportedTargetError: the target is below three per number of attacks of the rarest species.
    """
    groups = _by_species(attacks, species)
    rarest = min(groups, key=lambda name: groups[name].size)
    smallest = rule_of_three(groups[rarest].size)
    if target < smallest * (1 - 1e-9):
        why = f"there are only {groups[rarest].size:,} attacks of species '{rarest}' (rule of three)"
        raise UnsupportedTargetError("APCER", target, smallest, why)
    return bpcer(bona_fide, threshold_at_apcer(attacks, species, target))


@dataclass(frozen=True, slots=True)
class PadRates:
    """Error rates at one threshold.

    Attributes:
        threshold: of acceptance.
        apcer_of: APCER of each species.
        worst: the species with the largest, the first of equals.
        apcer: of the worst species.
        bpcer: of people.
        acer: mean of `apcer` and `bpcer`; papers quote it, ISO/IEC 30107-3 does not.
    """

    threshold: float
    apcer_of: Mapping[Any, float]
    worst: Any
    apcer: float
    bpcer: float
    acer: float


def pad_rates(bona_fide: ArrayLike, attacks: ArrayLike, species: ArrayLike, threshold: float) -> PadRates:
    """All rates at a threshold, which was chosen on other presentations than these."""
    each = apcer(attacks, species, threshold)
    worst = max(each, key=lambda name: each[name])
    refused = bpcer(bona_fide, threshold)
    return PadRates(float(threshold), each, worst, each[worst], refused, (each[worst] + refused) / 2)


@dataclass(frozen=True, slots=True)
class HalfTotalError:
    """What papers across data sets quote; attacks are pooled, so it is not comparable with ACER.

    Attributes:
        threshold: where the development set has equal error rates.
        far: share of test attacks let in, all species together.
        frr: share of test people refused.
        hter: mean of both.
    """

    threshold: float
    far: float
    frr: float
    hter: float


def half_total_error(development: tuple[ArrayLike, ArrayLike], test: tuple[ArrayLike, ArrayLike]) -> HalfTotalError:
    """Half total error rate of the test set at the threshold of the development set, which is the only way to set it.

    Args:
        development: bona fide scores and attack scores, (G,) and (I,).
        test: the same of other people.

    Raises:
        InputError: both sets are the same.
    """
    known, unseen = (tuple(as_scores(scores, "PAD scores") for scores in pair) for pair in (development, test))
    if all(np.array_equal(a, b) for a, b in zip(known, unseen, strict=True)):
        raise InputError("the development set is the test set; a threshold chosen on the test set flatters")
    _, threshold = eer(*known)
    accepted, refused = fmr(unseen[1], threshold), fnmr(unseen[0], threshold)
    return HalfTotalError(threshold, accepted, refused, (accepted + refused) / 2)


def _by_species(attacks: ArrayLike, species: ArrayLike) -> dict[Any, NDArray[np.floating[Any]]]:
    scores = as_scores(attacks, "attack scores")
    names, (position,) = number_labels(as_labels(species, "species", scores.size))
    order = np.argsort(position, kind="stable")
    parts = np.split(scores[order], np.cumsum(np.bincount(position))[:-1])
    return dict(zip(names.tolist(), parts, strict=True))
