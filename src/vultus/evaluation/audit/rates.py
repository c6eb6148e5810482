"""Error rates of groups, and how sure they are when people recur in the comparisons.

Comparisons that share a person are not independent. The variance of a rate is therefore summed over people: what all
comparisons of a person deviate together counts as one deviation, and a comparison of two people belongs to both
(dyadic cluster-robust variance; Fafchamps and Gubert, 2007). Intervals are Wilson's with the number of independent
comparisons that has this variance; where a group has no error at all, that number is taken from everybody's design
effect, and the interval still has an upper end.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.evaluation.audit.comparisons import Comparisons

LEVEL = 0.95
SMALLEST = 30  # people, comparisons, and errors (rule of 30) below which a figure is called uncertain


@dataclass(frozen=True, slots=True)
class Rate:
    """An error rate with its uncertainty.

    Attributes:
        value: errors by comparisons; NaN without any.
        errors, n: of them.
        people: in the comparisons.
        variance: of the rate, people taken together; NaN with fewer than two people.
        freedom: degrees of freedom of that variance: fewer than people where few of them make most of it.
        effective: independent comparisons that would be as sure.
        low, high: 95 % interval.
    """

    value: float
    errors: int
    n: int
    people: int
    variance: float
    freedom: float
    effective: float
    low: float
    high: float

    @property
    def enough(self) -> bool:
        """Whether there are people and comparisons enough to speak of a rate."""
        return self.n >= SMALLEST and self.people >= SMALLEST


@dataclass(frozen=True, slots=True)
class GroupError:
    """What one group meets.

    Attributes:
        name: of the group.
        fmr: between people of the group.
        fmr_cross: of people of the group with everybody else.
        fnmr: of people of the group with themselves.
    """

    name: str
    fmr: Rate
    fmr_cross: Rate
    fnmr: Rate


def group_errors(
    found: Comparisons, names: tuple[str, ...], group: NDArray[np.int64], threshold: float, *, robust: bool = True
) -> list[GroupError]:
    """The rates of every group at a threshold.

    Args:
        found: comparisons.
        names: of the groups.
        group: group of each person, -1 for none; int64, (people,).
        threshold: a comparison matches at or above it.
        robust: False takes comparisons as independent (for the ablation only).
    """
    a, b = group[found.left], group[found.right]
    match = found.scores >= threshold
    impostor = ~found.same
    deff = _design_effects(found, match) if robust else (1.0, 1.0)
    rows = []
    for number, name in enumerate(names):
        within, across = (a == number) & (b == number), (a == number) ^ (b == number)
        across &= (a >= 0) & (b >= 0)
        rows.append(
            GroupError(
                name,
                rate(found, impostor & within, match, deff[0], robust=robust),
                rate(found, impostor & across, match, deff[0], robust=robust),
                rate(found, found.same & within, ~match, deff[1], robust=robust),
            )
        )
    return rows


def rate(
    found: Comparisons, chosen: NDArray[np.bool_], error: NDArray[np.bool_], deff: float = 1.0, *, robust: bool = True
) -> Rate:
    """Share of errors among chosen comparisons.

    Args:
        found: comparisons.
        chosen: which of them; bool, (N,).
        error: which are decided wrongly; bool, (N,).
        deff: design effect to assume where no error was seen.
        robust: as in `group_errors`.
    """
    wrong, left, right = error[chosen], found.left[chosen], found.right[chosen]
    n, errors = int(wrong.size), int(wrong.sum())
    if not n:
        return Rate(float("nan"), 0, 0, 0, float("nan"), float("nan"), 0.0, 0.0, 1.0)
    people, codes = np.unique(np.concatenate([left, right]), return_inverse=True)
    value = errors / n
    one, other = codes[:n], codes[n:]
    variance, freedom = value * (1 - value) / n, float(n)
    if robust:
        variance, freedom = _variance(wrong - np.float64(value), one, other, len(people))
    effective = _effective(value, n, variance, deff)
    low, high = wilson(value, effective)
    return Rate(value, errors, n, len(people), variance, freedom, effective, low, high)


def wilson(value: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Wilson's interval of a share of `n` independent trials, which need not be a whole number."""
    if n <= 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    middle = (value + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(value * (1 - value) / n + z * z / (4 * n * n)))
    # the share lies inside, also where rounding says otherwise
    return min(max(middle - half, 0.0), value), max(min(middle + half, 1.0), value)


def _variance(
    deviation: NDArray[np.float64], left: NDArray[np.int64], right: NDArray[np.int64], people: int
) -> tuple[float, float]:
    """Dyadic cluster-robust variance of a mean and its degrees of freedom.

    A comparison of somebody with itself belongs to one person. The freedom is Satterthwaite's, from how unequal the
    people's parts are: errors that are rare come from few.
    """
    n = deviation.size
    if people < 2:
        return float("nan"), float("nan")
    both = left != right
    total = np.bincount(left, deviation, people) + np.bincount(right[both], deviation[both], people)
    # A comparison of two people was counted in both of them.
    raw = float(total @ total - deviation[both] @ deviation[both]) / n**2
    spread = float(np.var(total**2)) * people
    freedom = min(2 * float(total @ total) ** 2 / spread, people - 1.0) if spread > 0 else people - 1.0
    # Of few people the sum of squares is too small, as any is about a mean of its own.
    return max(raw, float(deviation @ deviation) / n**2) * people / (people - 1), max(freedom, 1.0)


def _effective(value: float, n: int, variance: float, deff: float) -> float:
    plain = value * (1 - value)
    if plain == 0 or not np.isfinite(variance) or variance <= 0:
        return n / deff
    return min(plain / variance, float(n))


def _design_effects(found: Comparisons, match: NDArray[np.bool_]) -> tuple[float, float]:
    """How many comparisons are worth one independent one, among impostors and among genuine ones."""
    effects = []
    for chosen, error in ((~found.same, match), (found.same, ~match)):
        everybody = rate(found, chosen, error)
        effects.append(everybody.n / everybody.effective if everybody.effective > 0 else 1.0)
    return effects[0], effects[1]
