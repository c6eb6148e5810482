"""Which groups differ from the rest by more than chance, with all tests of an audit counted together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.evaluation.audit.rates import GroupError, Rate


@dataclass(frozen=True, slots=True)
class Difference:
    """A group beside the others.

    Attributes:
        group: its name.
        error: "fmr" or "fnmr".
        value: rate of the group.
        others: mean rate of the other groups, each counting the same.
        p: of a difference as large by chance; NaN where nothing can be said.
        p_holm: the same with all tests counted together (Holm, 1979).
    """

    group: str
    error: str
    value: float
    others: float
    p: float
    p_holm: float

    def significant(self, level: float = 0.05) -> bool:
        """Whether the difference is more than chance, at this family-wise level."""
        return self.p_holm <= level


def differences(rows: Sequence[GroupError], *, corrected: bool = True) -> list[Difference]:
    """Test each group's FMR and FNMR against the mean of the other groups'.

    People belong to one group, so the rates of groups are independent. Log odds are compared, which are less skewed
    than small rates. The difference over its cluster-robust standard error is held against Student's
    distribution with the degrees of freedom of Welch and Satterthwaite. A group's design effect is an estimate too, and
    counts as no smaller than the groups' mean: on equal groups this keeps the family-wise error below its level
    (docs/methods/subgroup_audit.md).

    Args:
        rows: of all groups.
        corrected: False leaves out Holm's correction (for the ablation only).
    """
    found = []
    for error in ("fmr", "fnmr"):
        rates: list[Rate] = [getattr(row, error) for row in rows]
        enough = [at for at, rate in enumerate(rates) if rate.enough]
        effect = float(np.mean([_design_effect(rates[at]) for at in enough])) if enough else 1.0
        for at, row in enumerate(rows):
            others = [rates[number] for number in enough if number != at]
            mean = float(np.mean([rate.value for rate in others])) if others else math.nan
            p = _p(rates[at], others, effect) if at in enough and others else math.nan
            found.append((row.name, error, rates[at].value, mean, p))
    adjusted = holm([one[-1] for one in found]) if corrected else [one[-1] for one in found]
    return [Difference(*one, p_holm=value) for one, value in zip(found, adjusted, strict=True)]


def holm(values: Sequence[float]) -> list[float]:
    """P-values with all tests counted together: step down from the smallest; NaN counts as no test."""
    known = sorted((value, at) for at, value in enumerate(values) if not math.isnan(value))
    out = [math.nan] * len(values)
    floor = 0.0
    for rank, (value, at) in enumerate(known):
        floor = max(floor, min(value * (len(known) - rank), 1.0))
        out[at] = floor
    return out


def _p(own: Rate, others: Sequence[Rate], effect: float) -> float:
    parts = [(_spread(own, effect), own.freedom)]
    parts += [(_spread(rate, effect) / len(others) ** 2, rate.freedom) for rate in others]
    variance = sum(part for part, _ in parts)
    t = (_odds(own) - float(np.mean([_odds(rate) for rate in others]))) / math.sqrt(variance)
    return two_sided(t, variance**2 / sum(part**2 / freedom for part, freedom in parts))


def _odds(rate: Rate) -> float:
    """Log odds, finite where there are no errors too."""
    return math.log((rate.errors + 0.5) / (rate.n - rate.errors + 0.5))


def _spread(rate: Rate, effect: float) -> float:
    """Variance of the log odds."""
    share = (rate.errors + 0.5) / (rate.n + 1)
    return max(_design_effect(rate), effect) / (rate.n * share * (1 - share))


def _design_effect(rate: Rate) -> float:
    plain = rate.value * (1 - rate.value) / rate.n
    return rate.variance / plain if plain > 0 and rate.variance > 0 else 1.0


def two_sided(t: float, freedom: float) -> float:
    """Two-sided p of Student's distribution, by its incomplete beta function."""
    x = freedom / (freedom + t * t)
    return min(_beta(freedom / 2, 0.5, x), 1.0)


def _beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function by its continued fraction (Lentz)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    tiny = 1e-300
    d = 1 / max(1 - (a + b) * x / (a + 1), tiny)
    c, out = 1.0, d
    for m in range(1, 400):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / (1 + term * d if abs(1 + term * d) > tiny else tiny)
            c = 1 + term / (c if abs(c) > tiny else tiny)
            out *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return front * out
