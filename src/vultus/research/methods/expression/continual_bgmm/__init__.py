"""System 33: continual expression recognition by Bayesian Gaussian mixtures over deep features and action units.

Geoffroy, Maumy, Prevost, "Feature Aggregation for Efficient Continual Learning of Complex Facial Expressions", arXiv
2512.12277. Seven basic expressions are learnt first; compound ones arrive a few at a time and are added without going
back to older samples.

In: pictures of faces. A network trained on the first task, then frozen, gives features; another one, frozen too, gives
action units. Principal parts of the features and the units, scaled by the first task, are one vector. Each class gets a
mixture of its own as it arrives; the answer is the class under which the vector is likeliest. Out: log-likelihood of
every class seen so far, and whether the picture is unlike all of them.

Deviations. The abstract leaves open which networks (here three convolutions; ResNet-18 at the paper's size), how
mixtures and classes belong together (one for each class, `density=classes`, or one that grows, `density=joint`), the
weights of classes (uniform), and where unknown begins. CFEE is not public; the material made here stands in. The
estimator of action units learns from made faces of other people who move single muscles, as one trained elsewhere would
have.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from vultus.evaluation.measured import finite
from vultus.metrics.classification import macro_f1
from vultus.metrics.continual import accuracy_matrix, backward_transfer, final_accuracy, forgetting, retention
from vultus.research.contract import BASELINE, Budget, Claim, Data, Metric
from vultus.research.methods.expression.continual_bgmm.branches import Plan, branches_of
from vultus.research.methods.expression.continual_bgmm.densities import (
    ClassMixtures,
    GrowingMixture,
    NearestMean,
    Prior,
    StreamingDiscriminant,
)
from vultus.research.methods.expression.continual_bgmm.material import Settings, of_seed
from vultus.research.methods.expression.continual_bgmm.networks import Perceptron

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.research.data.sample import Samples

    Rows = NDArray[np.float64]
    Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes; those of the paper are not public, these are the card's.

    Attributes:
        data: of the material.
        branches: how they are trained.
        mode: "both", "deep" or "au".
        density: "classes", a mixture for each class, or "joint", one that grows.
        mixture: of each class.
        head_steps: of the compared networks, for each task.
    """

    data: Settings = field(default_factory=Settings)
    branches: Plan = field(default_factory=Plan)
    mode: Literal["both", "deep", "au"] = "both"
    density: Literal["classes", "joint"] = "classes"
    mixture: Prior = field(default_factory=Prior)
    head_steps: int = 600

    @classmethod
    def check(cls) -> Config:
        """Minutes on two processors."""
        small = Settings(size=40, people=230, per_class=45, per_basic=230, drills=6000, drill_people=300)
        return cls(data=small, branches=Plan("conv", 6, 700, 2000), head_steps=300)

    @classmethod
    def tiny(cls) -> Config:
        """Seconds."""
        small = Settings(
            size=24, people=12, per_class=12, per_basic=24, basic=3, compound=2, together=1, drills=240, drill_people=12
        )
        return cls(data=small, branches=Plan("conv", 4, 80, 160), head_steps=20)


class Head(Protocol):
    """What learns the classes as they arrive."""

    def arrive(self, rows: Rows, labels: Numbers, seed: int) -> None:
        """A task's samples, and no others."""

    def scores(self, rows: Rows) -> tuple[Numbers, Rows]:
        """Classes seen so far, and a score for each."""

    @property
    def floats(self) -> int:
        """Numbers to keep."""


class Learner:
    """Frozen branches, and a head that meets task after task.

    Args:
        config: sizes.
        head: makes an untaught one for so many classes.
        mode: parts of the vector.
    """

    def __init__(self, config: Config, head: Callable[[int], Head], mode: str) -> None:
        self.config, self.mode, self._untaught = config, mode, head
        self.after: list[Head] = []

    def fit(self, train: Samples, seed: int) -> Budget:
        """Train the branches on the first task, then let the tasks arrive; the head is kept as it was after each."""
        self.branches = branches_of(train, self.config.branches, seed)
        rows, task, labels = self.branches.vectors(self.mode), train["task"], train["expression"]
        head, self.after = self._untaught(int(labels.max()) + 1), []
        for number in range(int(task.max()) + 1):
            now = task == number
            head.arrive(rows[now], labels[now], seed)
            self.after.append(deepcopy(head))
        parts = [one for name, one in self.branches.budget.items() if self.mode in ("both", name)]
        parameters, steps, samples = (sum(column) for column in zip(*parts, strict=True))
        taken = getattr(head, "taken", 0)
        return Budget(parameters + head.floats, steps + taken, samples + int((task >= 0).sum()))

    def answers(self, test: Samples) -> list[Numbers]:
        """The likeliest class of each sample, after each task; (N,) each."""
        rows = self.branches.vectors(self.mode, test)
        found = []
        for head in self.after:
            seen, scores = head.scores(rows)
            found.append(seen[scores.argmax(axis=1)])
        return found

    def unknown(self, test: Samples) -> NDArray[np.bool_] | None:
        """After the first task, who is unlike every class seen so far, (N,); None where the head cannot tell."""
        head = self.after[0]
        if not isinstance(head, ClassMixtures):
            return None
        return head.unknown(self.branches.vectors(self.mode, test))


class Guess:
    """Any class that has arrived, by lot."""

    def fit(self, train: Samples, seed: int) -> Budget:
        """Learn which classes arrive when."""
        task, labels = train["task"], train["expression"]
        self._seen = [np.unique(labels[(task >= 0) & (task <= number)]) for number in range(int(task.max()) + 1)]
        self._seed = seed
        return Budget(0, 0, 0)

    def answers(self, test: Samples) -> list[Numbers]:
        """A class of each sample, after each task."""
        rng = np.random.default_rng(self._seed)
        return [rng.choice(seen, len(test)) for seen in self._seen]

    def unknown(self, test: Samples) -> None:
        """It cannot tell."""


METRICS = (
    Metric("final_accuracy"),
    Metric("macro_f1"),
    Metric("forgetting", worst=1.0, best=0.0),
    Metric("backward_transfer", worst=-1.0, best=1.0),
    Metric("retention", best=1.2),
    # Of pictures whose class is still to come and of those whose class is known, the share called unknown.
    Metric("unknown_new"),
    Metric("unknown_old", worst=1.0, best=0.0),
    Metric("floats_kept", worst=1e7, best=0.0),
)
CLAIMS = (
    Claim("final_accuracy", over="au_only", by=0.02),
    Claim("final_accuracy", over="deep_only", by=0.02),
    Claim("final_accuracy", over=BASELINE, by=0.3),
    Claim("forgetting", by=0.15),
    Claim("final_accuracy", over="joint_network", by=-0.06),
    Claim("final_accuracy", over="nearest_mean", by=0.03),
    Claim("final_accuracy", over="one_gaussian", by=0.03),
)
SEEDS = 5
UNEQUAL = {
    BASELINE: "takes steps for each task where mixtures are fitted in one go: more, not fewer",
    "ewc": "as the baseline",
    "joint_network": "sees all samples again with each task: a bound, which nobody who learns continually has",
    "au_only": "the other branch is what is left out",
    "deep_only": "the other branch is what is left out",
}


def build(config: Config) -> Learner:
    """The method itself."""
    reading = ClassMixtures if config.density == "classes" else GrowingMixture
    return Learner(config, lambda count: reading(config.mixture), config.mode)


def baseline(config: Config) -> Learner:
    """A network over the same vectors that goes on with each task's samples."""
    return _network(config, "fine_tuned")


def chance(config: Config) -> Guess:
    """Any class that has arrived, by lot."""
    return Guess()


def ablations(config: Config) -> dict[str, Learner]:
    """Either branch alone, the mixture taken away, the other reading, and what others use for the same."""
    one = replace(config.mixture, components=1)
    other: Literal["classes", "joint"] = "joint" if config.density == "classes" else "classes"
    return {
        "au_only": build(replace(config, mode="au")),
        "deep_only": build(replace(config, mode="deep")),
        "one_gaussian": build(replace(config, mixture=one)),
        "other_reading": build(replace(config, density=other)),
        "nearest_mean": Learner(config, lambda count: NearestMean(), config.mode),
        "discriminant": Learner(config, lambda count: StreamingDiscriminant(), config.mode),
        "ewc": _network(config, "ewc"),
        "joint_network": _network(config, "joint"),
    }


def _network(config: Config, kind: Literal["fine_tuned", "ewc", "joint"]) -> Learner:
    return Learner(config, lambda count: Perceptron(kind, count, config.head_steps), config.mode)


def data(config: Config, seed: int, folder: Path | None) -> Data:
    """Made displays; or CFEE, or FER2013 one class after another, from a folder."""
    return of_seed(config.data, seed, folder)


def score(model: Learner | Guess, test: Samples) -> Mapping[str, float]:
    """Accuracy after every task, and what was forgotten on the way."""
    truth, tasks = test["expression"], test["task"]
    answers = model.answers(test)
    matrix = accuracy_matrix(truth, tasks, answers)
    classes = [len(np.unique(truth[tasks == number])) for number in range(len(matrix))]
    unknown = model.unknown(test)
    new = tasks > 0
    return {
        "final_accuracy": final_accuracy(matrix, classes),
        "macro_f1": macro_f1(truth, answers[-1]),
        "forgetting": forgetting(matrix),
        "backward_transfer": backward_transfer(matrix),
        "retention": retention(matrix),
        "unknown_new": float("nan") if unknown is None else float(unknown[new].mean()),
        "unknown_old": float("nan") if unknown is None else float(unknown[~new].mean()),
        "floats_kept": float(model.after[-1].floats) if isinstance(model, Learner) else 0.0,
    }


def details(model: Learner | Guess, test: Samples) -> dict[str, list[list[float | None]]]:
    """A[t, u]: accuracy on the classes of task u after task t; None where u comes after t."""
    matrix = accuracy_matrix(test["expression"], test["task"], model.answers(test))
    return {"accuracy": [[finite(round(float(one), 6)) for one in row] for row in matrix]}
