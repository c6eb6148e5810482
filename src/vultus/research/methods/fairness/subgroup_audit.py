"""System 8: the audit of error rates by subgroup, held to disparities that were planted.

Alsayed, "Why Aggregate Accuracy is Inadequate for Evaluating Fairness in Law Enforcement Facial Recognition Systems",
arXiv 2603.28675. The audit itself is `evaluation/audit`; here it must find what is there and nothing else.

In: data sets of scored comparisons of people in groups, half of them of a system that treats the groups alike (A), half
of one that does not (B): in one group strangers match more often, in another the right people match less often, and the
threshold of B is set so that its accuracy is that of A. Out: whether a group is flagged. Groups are known from labels;
the control has the labels shuffled among people.

Deviations. The paper's recogniser and data are not named in its abstract, so its figures are no targets. People's own
ease and difficulty (random effects) make comparisons that share a person dependent; without that, taking comparisons as
independent would be right and the audit's care for people would have nothing to show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.audit.comparisons import Comparisons
from vultus.evaluation.audit.rates import group_errors
from vultus.evaluation.audit.significance import differences
from vultus.metrics.verification import det_points
from vultus.research.contract import BASELINE, CHANCE, Budget, Claim, Data, Metric

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

LEVEL = 0.05
_GENUINE_MEAN = 3.2  # standard deviations between the scores of one person and of two


@dataclass(frozen=True, slots=True)
class Config:
    """One audit's size, and how many are made.

    Attributes:
        groups: of people.
        people: in each group.
        genuine: comparisons of each person with itself.
        impostor: comparisons of each person with others of the group.
        fmr: false match rate of system A, and of the untouched groups of B.
        planted_fmr: of one group of B.
        planted_fnmr: of another one; in A it is about 0.13.
        effect: part of the scores' variance that belongs to people.
        sets: data sets of each system.
    """

    groups: int = 4
    people: int = 200
    genuine: int = 10
    impostor: int = 40
    fmr: float = 0.02
    planted_fmr: float = 0.05
    planted_fnmr: float = 0.2
    effect: float = 0.3
    sets: int = 120

    @classmethod
    def check(cls) -> Config:
        """The same: an audit costs milliseconds."""
        return cls()

    @classmethod
    def tiny(cls) -> Config:
        """A few small audits."""
        return cls(people=80, sets=8)


@dataclass(frozen=True, slots=True, eq=False)
class Audited:
    """Data sets to be audited.

    Attributes:
        sets: each with its threshold.
        planted: whether it is of system B; bool, (S,).
        truth: true FMR of each group at that threshold; float64, (S, G).
    """

    sets: tuple[tuple[Comparisons, float], ...]
    planted: NDArray[np.bool_]
    truth: NDArray[np.float64]


class Audit:
    """The audit as it is offered to users.

    Args:
        robust: people recur in the comparisons, and it is taken into account.
        corrected: all tests are counted together.
    """

    def __init__(self, *, robust: bool = True, corrected: bool = True) -> None:
        self.robust, self.corrected = robust, corrected

    def fit(self, train: NDArray[np.int64], seed: int) -> Budget:
        """Take the group of each person; nothing is fitted."""
        self._group = train
        return Budget(0, 1, len(train))

    def look(self, found: Comparisons, threshold: float) -> tuple[float, NDArray[np.float64]]:
        """Smallest p of any group, and the interval of each group's FMR, (G, 2)."""
        names = tuple(map(str, range(int(self._group.max()) + 1)))
        rows = group_errors(found, names, self._group, threshold, robust=self.robust)
        tests = differences(rows, corrected=self.corrected)
        smallest = float(np.nanmin([test.p_holm for test in tests]))
        return smallest, np.array([[row.fmr.low, row.fmr.high] for row in rows])


class Accuracy(Audit):
    """One accuracy for everybody: a data set is flagged when its own lies outside what chance explains."""

    def look(self, found: Comparisons, threshold: float) -> tuple[float, NDArray[np.float64]]:
        """P of an accuracy as unlike the usual one as this; the interval of everybody's FMR for each group."""
        wrong = (found.scores >= threshold) != found.same
        n, groups = wrong.size, int(self._group.max()) + 1
        error = float(wrong.mean())
        spread = np.sqrt(error * (1 - error) / n)
        usual = _expected_error(found)
        p = 2 * NormalDist().cdf(-abs(error - usual) / max(float(spread), 1e-12))
        everybody = float((found.scores[~found.same] >= threshold).mean())
        half = 1.96 * np.sqrt(everybody * (1 - everybody) / max(int((~found.same).sum()), 1))
        return p, np.tile([everybody - half, everybody + half], (groups, 1))


class Coin(Audit):
    """Flags by chance."""

    def fit(self, train: NDArray[np.int64], seed: int) -> Budget:
        """Only the seed matters."""
        self._random = np.random.default_rng(seed)
        return super().fit(train, seed)

    def look(self, found: Comparisons, threshold: float) -> tuple[float, NDArray[np.float64]]:
        """A random p."""
        return float(self._random.random()), np.zeros((int(self._group.max()) + 1, 2))


METRICS = (
    # How well the smallest p tells B from A, and the other two at the level of 0.05.
    Metric("auc", worst=0.5),
    Metric("power"),
    Metric("false_alarms", worst=1.0, best=0.0, slack=0.0),
    Metric("coverage"),
)
CLAIMS = (
    Claim("power", by=0.9),
    Claim("false_alarms", by=0.05),
    Claim("auc", over=BASELINE, by=0.3),
    Claim("false_alarms", over="comparisons_as_independent", by=0.05),
    Claim("coverage", over="comparisons_as_independent", by=0.08),
    Claim("false_alarms", over="each_test_alone", by=0.05),
)
SEEDS = 10
UNEQUAL: dict[str, str] = {CHANCE: "nothing is looked at"}


def build(config: Config) -> Audit:
    """The audit."""
    return Audit()


def baseline(config: Config) -> Accuracy:
    """Aggregate accuracy."""
    return Accuracy()


def chance(config: Config) -> Coin:
    """A coin."""
    return Coin()


def ablations(config: Config) -> dict[str, Audit]:
    """Without the care for people, and without the correction for many tests."""
    return {"comparisons_as_independent": Audit(robust=False), "each_test_alone": Audit(corrected=False)}


def data(config: Config, seed: int, folder: Path | None) -> Data:
    """Data sets of both systems, and the groups of their people."""
    if folder is not None:
        raise InputError("planted disparities can only be made; audit your own scores with: vultus audit report")
    random = np.random.default_rng(seed)
    group = np.repeat(np.arange(config.groups), config.people)
    planted = np.arange(2 * config.sets) % 2 == 1
    made = [_made(config, group, unfair=bool(one), random=random) for one in planted]
    test = Audited(tuple((found, at) for found, at, _ in made), planted, np.stack([truth for *_, truth in made]))
    return Data(group, test, random.permutation(group))


def score(model: Audit, test: Audited) -> Mapping[str, float]:
    """What the audit finds, and what it makes up."""
    looked = [model.look(found, threshold) for found, threshold in test.sets]
    p = np.array([one for one, _ in looked])
    intervals = np.stack([rows for _, rows in looked])
    covered = (intervals[..., 0] <= test.truth) & (test.truth <= intervals[..., 1])
    return {
        "auc": _auc(-p[test.planted], -p[~test.planted]),
        "power": float(np.mean(p[test.planted] <= LEVEL)),
        "false_alarms": float(np.mean(p[~test.planted] <= LEVEL)),
        "coverage": float(np.mean(covered)),
    }


def _auc(higher: NDArray[np.float64], lower: NDArray[np.float64]) -> float:
    curve = det_points(higher, lower)
    return float(np.abs(np.trapezoid(1 - curve.fnmr, curve.fmr)))


def _made(
    config: Config, group: NDArray[np.int64], *, unfair: bool, random: np.random.Generator
) -> tuple[Comparisons, float, NDArray[np.float64]]:
    """Comparisons of one system, its threshold, and each group's true FMR there."""
    normal = NormalDist()
    threshold = normal.inv_cdf(1 - config.fmr)
    lift, drop = _planted(config, threshold) if unfair else (np.zeros(config.groups), np.zeros(config.groups))
    people = len(group)
    own = np.repeat(np.arange(people), config.genuine)
    first = np.repeat(np.arange(people), config.impostor // 2)
    step = random.integers(1, config.people, size=first.size)
    second = first // config.people * config.people + (first + step) % config.people
    left, right = np.concatenate([own, first]), np.concatenate([own, second])
    same = left == right
    ease, ruse = (np.sqrt(config.effect) * random.normal(size=people) for _ in range(2))
    rest = np.sqrt(1 - config.effect)
    noise = random.normal(size=left.size)
    shared = np.where(same, ease[left], (ruse[left] + ruse[right]) / np.sqrt(2))
    shift = np.where(same, _GENUINE_MEAN - drop[group[left]], lift[group[left]])
    found = Comparisons(shift + shared + rest * noise, same, left, right, people, {"group": group.astype(np.str_)})
    truth = np.array([1 - normal.cdf(threshold - one) for one in lift])
    return found, threshold, truth


def _planted(config: Config, threshold: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far the scores of two people, and those of one, are moved up and down in each group of system B."""
    normal = NormalDist()
    lift, drop = np.zeros(config.groups), np.zeros(config.groups)
    lift[0] = threshold - normal.inv_cdf(1 - config.planted_fmr)
    drop[1] = _GENUINE_MEAN - threshold - normal.inv_cdf(1 - config.planted_fnmr)
    fair = _error(config, threshold, 0 * lift, 0 * drop)
    low, high = 0.0, 3.0
    for _ in range(60):
        lift[2:] = drop[2:] = -(low + high) / 2
        low, high = (-lift[2], high) if _error(config, threshold, lift, drop) > fair else (low, -lift[2])
    return lift, drop


def _error(config: Config, threshold: float, lift: NDArray[np.float64], drop: NDArray[np.float64]) -> float:
    normal = NormalDist()
    genuine, impostor = config.genuine, config.impostor // 2
    missed = np.mean([normal.cdf(threshold - _GENUINE_MEAN + one) for one in drop])
    matched = np.mean([1 - normal.cdf(threshold - one) for one in lift])
    return float((genuine * missed + impostor * matched) / (genuine + impostor))


def _expected_error(found: Comparisons) -> float:
    """What an accuracy would be if nothing was wrong: that of the fair system at its own threshold."""
    config = replace(Config(), genuine=int(found.same.sum()), impostor=2 * int((~found.same).sum()))
    return _error(config, NormalDist().inv_cdf(1 - config.fmr), np.zeros(config.groups), np.zeros(config.groups))
