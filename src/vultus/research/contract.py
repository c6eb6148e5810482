"""What a method offers to the rest of the lab.

A method is one module `research/methods/<task>/<name>.py` that reads top to bottom: the card in its docstring,
`Config` with the paper's values, `check()` and `tiny()`, its parts, and then the functions of `Method`. None imports
another one, and none imports the judge. `experiment.py` takes a method to its claims; nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

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
        validation: to look at while training goes on; shares nobody with the others. None: nothing is looked at.
    """

    train: Any
    test: Any
    destroyed: Any
    validation: Any = None


class Fittable(Protocol):
    """A model that is fitted in one go."""

    def fit(self, train: Any, seed: int) -> Budget:
        """Fit, and say what it cost."""


@dataclass(frozen=True, slots=True)
class Player:
    """One optimiser's share of a step.

    Attributes:
        name: handed to `Trainable.losses`.
        parts: names of the model's attributes whose parameters it owns; () for all of them.
        lr: learning rate at its highest.
        optimiser: "sgd" has a momentum of `betas[0]`.
        betas, weight_decay: of the optimiser.
        every: takes its turn in one step of so many.
        clip: longest gradient; 0 for any.
        warmup: steps in which the rate rises from nothing.
        schedule: of the rate after the warm-up: falls as a cosine to nothing, stays, falls again every `period` steps,
            or rises for three tenths of the stage and falls for the rest.
        period: of "restarts", in steps.
    """

    name: str
    parts: tuple[str, ...] = ()
    lr: float = 1e-3
    optimiser: Literal["adamw", "adam", "sgd"] = "adamw"
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0
    every: int = 1
    clip: float = 1.0
    warmup: int = 0
    schedule: Literal["cosine", "constant", "restarts", "onecycle"] = "cosine"
    period: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of training; in every step its players take turns on the same batch.

    Attributes:
        name: for people and for `Trainable.begin`.
        players: one at least.
        steps: how long it is.
        batch_size: rows of a step, over all processes.
        ema: decay of the averaged weights which the stage leaves behind; 0 leaves the last ones.
        accumulate: parts a step's rows are taken in, where they do not fit the memory at once.
        collect: name of a method of the model that is called, without gradients, with the batch of every step; what
            it returns takes the batch's place (roll-outs, pseudo-labels).
        sampler: "uniform" (every row once before any comes twice) or "balanced:<field>" (every value of a column
            equally often).
    """

    name: str
    players: tuple[Player, ...]
    steps: int
    batch_size: int
    ema: float = 0.0
    accumulate: int = 1
    collect: str = ""
    sampler: str = "uniform"


class Trainable(Protocol):
    """A model that is trained by steps: a `torch.nn.Module` with these methods.

    It may also have `begin(stage: str)`, called as a stage starts (to freeze parts), `augment(batch, generator)`, which
    gives the batch to train on and draws from the generator alone, and `exported() -> Export`.
    """

    def stages(self) -> tuple[Stage, ...]:
        """How it is trained."""

    def losses(self, batch: dict[str, torch.Tensor], player: str) -> dict[str, torch.Tensor]:
        """Named parts, weighted already; their sum is what the player makes smaller."""

    def predict(self, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Answers, row by row, without looking at the true ones."""


@dataclass(frozen=True, slots=True)
class Export:
    """What goes into an ONNX file.

    Attributes:
        module: a `torch.nn.Module`; takes the inputs in order and returns the outputs in order.
        inputs: example tensors by name; the first axis is the batch and may have any length.
        outputs: names.
        manifest: JSON values that a reader needs: task, labels, how a picture is prepared.
    """

    module: Any
    inputs: Mapping[str, torch.Tensor]
    outputs: tuple[str, ...]
    manifest: Mapping[str, Any]


class Method(Protocol):
    """What every method's module offers.

    Wherever a `Fittable` stands, a `Trainable` may: the judge trains it with the one loop, `training/loop.py`. A module
    may also have `answer(model, path, out) -> dict`, JSON values about one input file for `vultus predict`; pictures
    that go with them are drawn into the folder `out`, unless that is None. And it may have `details(model, test) ->
    dict`, JSON values about a fitted model that no single figure tells; `ablate` keeps those of every arm and seed.

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

    def build(self, config: Any) -> Fittable | Trainable:
        """The method itself."""

    def baseline(self, config: Any) -> Fittable | Trainable:
        """What one would have done without it."""

    def chance(self, config: Any) -> Fittable | Trainable:
        """Something that knows nothing."""

    def ablations(self, config: Any) -> Mapping[str, Fittable | Trainable]:
        """The method without one of its components each, with the same budget."""

    def data(self, config: Any, seed: int, folder: Path | None) -> Data:
        """Material of a seed: made, or read from a folder."""

    def score(self, model: Any, test: Any) -> Mapping[str, float]:
        """Every metric of a fitted model."""
