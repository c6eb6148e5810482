"""Two systems on the same comparisons: as accurate as each other, and yet not the same for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.audit.rates import group_errors
from vultus.evaluation.audit.significance import differences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

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


def matched(
    a: Comparisons, b: Comparisons, names: tuple[str, ...], group: NDArray[np.int64], threshold: float
) -> Matched:
    """System a at its threshold, and system b where it is as accurate.

    Args:
        a, b: the same comparisons scored by two systems.
        names: of the groups.
        group: group of each person, int64, (people,).
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
    candidates = np.unique(np.quantile(b.scores[np.isfinite(b.scores)], np.linspace(0, 1, 2001)))
    off = [abs(accuracy(b, float(at)) - wanted) for at in candidates]
    # An accuracy is reached on two sides of the best threshold; the one whose FMR is nearer to that of a is meant.
    near = candidates[np.array(off) <= max(min(off), ALIKE / 5)]
    fmr = _fmr(a, threshold)
    other = float(near[int(np.argmin([abs(_fmr(b, float(at)) - fmr) for at in near]))])
    rows = [group_errors(found, names, group, at) for found, at in ((a, threshold), (b, other))]
    fmr_a, fmr_b, fnmr_a, fnmr_b = (_gap(one, error) for error in ("fmr", "fnmr") for one in rows)
    uneven = [tuple(sorted({test.error for test in differences(one) if test.significant()})) for one in rows]
    return Matched(threshold, other, wanted, accuracy(b, other), fmr_a, fmr_b, fnmr_a, fnmr_b, uneven[0], uneven[1])


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


def _fmr(found: Comparisons, threshold: float) -> float:
    return float((found.scores[~found.same] >= threshold).mean())


def _gap(rows: Sequence[GroupError], error: str) -> float:
    values = [getattr(row, error).value for row in rows if getattr(row, error).enough]
    return float(max(values) - min(values)) if values else float("nan")
