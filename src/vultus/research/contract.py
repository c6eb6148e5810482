"""What a method offers to the rest of the lab.

A method is one module `research/methods/<task>/<name>.py` that reads top to bottom: the card in its docstring,
`Config` with the paper's values, `check()` and `tiny()`, its parts, and then the functions of `Method`. None imports
another one, and none imports the judge. `experiment.py` takes a method to its claims; nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CHANCE, BASELINE, FULL, DESTROYED = "chance", "baseline", "full", "destroyed"


@dataclass(frozen=True, slots=True)
class Metric:
    """What is measured, and between which bounds a difference means something.

    Attributes:
        name: the field's word, e.g. "tmr_at_fmr_1e-2".
        worst, best: the ends of its range; where lower is better, `worst` is the larger one.
        slack: closer than this to an end, an arm is at the floor or at the ceiling.
    """

    name: str
    worst: float = 0.0
    best: float = 1.0
    slack: float = 0.01

    @property
    def sign(self) -> int:
        """1 where higher is better, -1 where lower is."""
        return 1 if self.best > self.worst else -1


@dataclass(frozen=True, slots=True)
class Claim:
    """What a method must show.

    Attributes:
        metric: name of a `Metric`.
        over: the arm to be better than; "" compares with the number `by` itself.
        by: how much better, in units of the metric. Negative: no worse than that (non-inferiority).
        arm: the arm the claim is about.
    """

    metric: str
    over: str = ""
    by: float = 0.0
    arm: str = FULL

    @property
    def text(self) -> str:
        """The claim in words."""
        if not self.over:
            return f"{self.metric} of {self.arm} reaches {self.by:g}"
        if self.by < 0:
            return f"{self.metric} of {self.arm} is at most {-self.by:g} worse than of {self.over}"
        return f"{self.metric} of {self.arm} is better than of {self.over}" + (f" by {self.by:g}" if self.by else "")


@dataclass(frozen=True, slots=True)
class Budget:
    """What an arm may spend; the judge holds arms that are compared to the same within a tenth.

    Attributes:
        parameters: numbers that are fitted.
        steps: passes or optimisation steps.
        samples: training samples seen.
    """

    parameters: int
    steps: int
    samples: int


@dataclass(frozen=True, slots=True)
class Data:
    """One seed's material; `train` and `test` share no identity.

    Attributes:
        train: to fit on.
        test: to be judged on.
        destroyed: `train` with the signal taken out (labels or pairs shuffled): whoever fits on it and still scores
            above chance on `test` has read the answer from somewhere.
    """

    train: Any
    test: Any
    destroyed: Any


class Fittable(Protocol):
    """A model that is fitted in one go."""

    def fit(self, train: Any, seed: int) -> Budget:
        """Fit, and say what it cost."""


class Method(Protocol):
    """What every method's module offers.

    Attributes:
        Config: frozen dataclass with the paper's values; `Config.check()` decides the claims in minutes on two
            processors, `Config.tiny()` runs in seconds, for tests.
        METRICS: what `score` gives; the first one must fall to chance when the signal is destroyed.
        CLAIMS: what the method must show.
        SEEDS: how many the claims need to be decided.
        UNEQUAL: arms that cannot have the budget of the full method, and why.
    """

    Config: Any
    METRICS: tuple[Metric, ...]
    CLAIMS: tuple[Claim, ...]
    SEEDS: int
    UNEQUAL: Mapping[str, str]

    def build(self, config: Any) -> Fittable:
        """The method itself."""

    def baseline(self, config: Any) -> Fittable:
        """What one would have done without it."""

    def chance(self, config: Any) -> Fittable:
        """Something that knows nothing."""

    def ablations(self, config: Any) -> Mapping[str, Fittable]:
        """The method without one of its components each, with the same budget."""

    def data(self, config: Any, seed: int, folder: Path | None) -> Data:
        """Material of a seed: made, or read from a folder."""

    def score(self, model: Any, test: Any) -> Mapping[str, float]:
        """Every metric of a fitted model."""
