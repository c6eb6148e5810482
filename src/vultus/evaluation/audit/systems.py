"""Two systems on the same comparisons: as accurate as each other, and yet not the same for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.audit.significance import differences
from vultus.metrics.verification import threshold_at_fmr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.evaluation.audit.comparisons import Comparisons
    from vultus.evaluation.audit.rates import GroupError

ALIKE = 0.005  # accuracies closer than this count as the same


@dataclass(frozen=True, slots=True)
class Matched:
    """Two thresholds at which two systems decide as many comparisons rightly.

    Attributes:
        threshold_a, threshold_b: of either system.
        accuracy_a, accuracy_b: share of comparisons decided rightly, balanced between one person and two.
        gap_fmr_a, gap_fmr_b: largest less smallest FMR of the groups.
        gap_fnmr_a, gap_fnmr_b: the same of FNMR.
        uneven_a, uneven_b: errors ("fmr", "fnmr") in which a group differs from the others by more than chance.
    """

    threshold_a: float
    threshold_b: float
    accuracy_a: float
    accuracy_b: float
    gap_fmr_a: float
    gap_fmr_b: float
    gap_fnmr_a: float
    gap_fnmr_b: float
    uneven_a: tuple[str, ...]
    uneven_b: tuple[str, ...]

    @property
    def hidden(self) -> bool:
        """Whether the accuracies are alike, and one system treats groups unevenly where the other does not."""
        return abs(self.accuracy_a - self.accuracy_b) < ALIKE and set(self.uneven_a) != set(self.uneven_b)


@dataclass(frozen=True, slots=True)
class Equal:
    """Thresholds of a second system that can be set beside one of the first; the same for all groups.

    Attributes:
        threshold_a, accuracy_a: of the first.
        threshold_b, accuracy_b: of the second, where it is as accurate.
        same_fmr_b: threshold of the second that has the first one's false match rate.
        ahead: accuracy of the first less that of the second there.
    """

    threshold_a: float
    threshold_b: float
    accuracy_a: float
    accuracy_b: float
    same_fmr_b: float
    ahead: float


def equally_accurate(a: Comparisons, b: Comparisons, threshold: float) -> Equal:
    """Find where system b is as accurate as system a at its threshold.

    Args:
        a, b: the same comparisons scored by two systems.
        threshold: of system a.

    Raises:
        InputError: they are not the same comparisons.
    """
    same = a.same.shape == b.same.shape and all(
        np.array_equal(one, other) for one, other in ((a.same, b.same), (a.left, b.left), (a.right, b.right))
    )
    if not same:
        raise InputError(f"{a.source} and {b.source} must hold the same comparisons in the same order")
    wanted = accuracy(a, threshold)
    genuine, impostor = np.sort(b.scores[b.same]), np.sort(b.scores[~b.same])
    candidates = np.unique(np.quantile(b.scores[np.isfinite(b.scores)], np.linspace(0, 1, 2001)))
    tmr = 1 - np.searchsorted(genuine, candidates) / genuine.size
    fmr = 1 - np.searchsorted(impostor, candidates) / impostor.size
    off = np.abs((tmr + 1 - fmr) / 2 - wanted)
    # An accuracy is reached on two sides of the best threshold; the one whose FMR is nearer to that of a is meant.
    near = np.flatnonzero(off <= max(float(off.min()), ALIKE / 5))
    fmr_a = float((a.scores[~a.same] >= threshold).mean())
    other = float(candidates[near[int(np.argmin(np.abs(fmr[near] - fmr_a)))]])
    same_fmr = threshold_at_fmr(b.scores[~b.same], fmr_a)
    return Equal(threshold, other, wanted, accuracy(b, other), same_fmr, wanted - accuracy(b, same_fmr))


def matched(equal: Equal, rows_a: Sequence[GroupError], rows_b: Sequence[GroupError]) -> Matched:
    """What the groups meet where both systems are equally accurate.

    Args:
        equal: the thresholds.
        rows_a, rows_b: rates of the groups by either system at `threshold_a` and `threshold_b`.
    """
    fmr_a, fmr_b, fnmr_a, fnmr_b = (_gap(one, error) for error in ("fmr", "fnmr") for one in (rows_a, rows_b))
    uneven = [
        tuple(sorted({test.error for test in differences(one) if test.significant()})) for one in (rows_a, rows_b)
    ]
    return Matched(equal.threshold_a, equal.threshold_b, equal.accuracy_a, equal.accuracy_b, fmr_a, fmr_b, fnmr_a,
                   fnmr_b, uneven[0], uneven[1])  # fmt: skip


def accuracy(found: Comparisons, threshold: float) -> float:
    """Share decided rightly, comparisons of one person and of two weighing the same."""
    match = found.scores >= threshold
    return float((match[found.same].mean() + (~match[~found.same]).mean()) / 2)


def decomposed(rows: Sequence[GroupError], shares: Sequence[float], genuine: Sequence[float]) -> float:
    """Accuracy as the sum over groups: share * (genuine part * (1 - FNMR) + impostor part * (1 - FMR)).

    Args:
        rows: rates of each group.
        shares: part of the comparisons that is a group's; sums to one.
        genuine: part of a group's comparisons that is of one person.
    """
    return float(
        sum(
            share * (part * (1 - row.fnmr.value) + (1 - part) * (1 - row.fmr.value))
            for row, share, part in zip(rows, shares, genuine, strict=True)
        )
    )


def reversed_within(a: Sequence[GroupError], b: Sequence[GroupError], ahead: float) -> bool:
    """Simpson's paradox: the system that is better overall is worse in every group (mean of FMR and FNMR).

    Args:
        a, b: rates of the groups by both systems.
        ahead: accuracy of a over everybody less that of b; nearly none decides nothing.
    """
    worse = [
        one.fmr.value + one.fnmr.value > other.fmr.value + other.fnmr.value
        for one, other in zip(a, b, strict=True)
        if one.fmr.n and one.fnmr.n and other.fmr.n and other.fnmr.n
    ]
    if not worse or abs(ahead) < ALIKE:
        return False
    return all(worse) if ahead > 0 else not any(worse)


def _gap(rows: Sequence[GroupError], error: str) -> float:
    values = [getattr(row, error).value for row in rows if getattr(row, error).enough]
    return float(max(values) - min(values)) if values else float("nan")
