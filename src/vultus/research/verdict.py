"""What becomes of a claim, given every arm's figures over the same seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vultus.errors import ConfigError
from vultus.research.contract import CHANCE, DESTROYED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from vultus.research.contract import Claim, Metric


Word = Literal["holds", "does not hold", "undecided"]
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a claim.

    Attributes:
        text: the claim in words.
        verdict: "holds", "does not hold" or "undecided".
        difference: mean over the seeds of how much better the arm is; against a number, how far beyond it.
        interval: 95 % of that mean.
        reason: why it is undecided, or does not count; else "".
    """

    text: str
    verdict: Word
    difference: float
    interval: tuple[float, float]
    reason: str = ""


def interval(values: NDArray[np.float64], level: float = LEVEL) -> tuple[float, float]:
    """Student's interval of a mean, from one value per seed.

    Args:
        values: float64, (seeds,), two at least.
        level: coverage, 0 to 1.

    Raises:
        ConfigError: there are fewer than two values.
    """
    from scipy.stats import t

    if len(values) < 2:
        raise ConfigError(f"an interval needs at least 2 seeds, but there is {len(values)}")
    mean, spread = float(np.mean(values)), float(np.std(values, ddof=1))
    half = float(t.ppf((1 + level) / 2, len(values) - 1)) * spread / float(np.sqrt(len(values)))
    return mean - half, mean + half


def judge(claim: Claim, metric: Metric, figures: Mapping[str, Mapping[str, NDArray[np.float64]]]) -> Verdict:
    """Decide one claim.

    Args:
        claim: what is said.
        metric: what it is said of.
        figures: by arm and metric, float64 (seeds,), the same seeds in the same order everywhere.

    Raises:
        ConfigError: there are fewer than two seeds.
    """
    values = {arm: row[claim.metric] for arm, row in figures.items()}
    ours = values[claim.arm]
    theirs = values[claim.over] if claim.over else np.full_like(ours, claim.by)
    better = metric.sign * (ours - theirs)
    if not np.isfinite(better).all():
        return Verdict(claim.text, "undecided", float("nan"), (float("nan"),) * 2, "a figure is not a number")
    low, high = interval(better)
    asked = claim.by if claim.over else 0.0
    reached = low > asked or (not claim.over and low >= 0)
    word: Word = "holds" if reached else "does not hold" if high <= asked else "undecided"
    reason = "" if word != "undecided" else "the seeds differ too much to tell"
    if word == "holds" and (why := _empty(claim, metric, values)):
        word, reason = "undecided", why
    return Verdict(claim.text, word, float(np.mean(better)), (low, high), reason)


def leaks(metric: Metric, figures: Mapping[str, Mapping[str, NDArray[np.float64]]]) -> str:
    """Whether the full method scores above chance although the signal was destroyed: a sentence, or ""."""
    gained = metric.sign * (figures[DESTROYED][metric.name] - figures[CHANCE][metric.name])
    low, _ = interval(gained)
    if low > metric.slack:
        return (
            f"with the signal destroyed, {metric.name} is still {np.mean(gained):.3g} better than chance: "
            "the answers leak into the data"
        )
    return ""


def _empty(claim: Claim, metric: Metric, values: Mapping[str, NDArray[np.float64]]) -> str:
    """Why a comparison that came out well means nothing: both arms at an end of the range."""
    if not claim.over:
        return ""
    ours, theirs = float(np.mean(values[claim.arm])), float(np.mean(values[claim.over]))
    chance = float(np.mean(values[CHANCE]))
    if metric.sign * (ours - chance) <= metric.slack:
        return f"both are at the floor: {claim.arm} is no better than chance"
    if max(metric.sign * (metric.best - ours), metric.sign * (metric.best - theirs)) <= metric.slack:
        return f"both are at the ceiling: {claim.over} leaves no room to be better"
    return ""
