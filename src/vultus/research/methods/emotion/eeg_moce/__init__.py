"""System 04: an expert of learnt curvature for each modality, EEG among them, and a fusion that trusts the most curved.

EEG-MoCE: "Hyperbolic mixture-of-curvature experts for EEG-based multimodal learning", arXiv 2604.12579, ICML 2026; no
code was published. Details from a public reading note; moments alignment after HEEGNet, Lorentz layers after
HyperbolicCV.

In: a row for each modality: EEG (B, C, T), peripheral signals (B, C, T), mel spectrograms (B, 1, 64, T), video
(B, T, 3, 56, 56). Mid: a vector from each encoder, a point on each expert's hyperboloid. Out: logits (B, classes),
attention (B, M, M), and a curvature for each modality.

Parts: encoders (`encoders.py`), experts, moments alignment, curvature-guided fusion, head (`network.py`), the geometry
and its flat twin (`spaces.py`, `blocks/lorentz.py`). Loss: cross-entropy of the label.

Deviations: the auxiliary losses, which the note leaves open, are left out; hyperplanes and means are kept as vectors at
the origin, so that Adam takes the place of Riemannian Adam; queries, keys and values are each modality's own; what
layers make of a point's time begins at nothing; the chord under a distance is clamped at 1e-12, where the card has
1e-7. Encoders compute in single precision, all geometry in double. Made signals stand in for EAV, ISRUC and
N-back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  PyTorch's own habit

from vultus.metrics.classification import macro_f1, uar
from vultus.research.blocks.lorentz import hyperbolicity
from vultus.research.contract import Budget, Claim, Data, Export, Metric, Player, Stage
from vultus.research.data.sample import Samples, predicted, tensors
from vultus.research.data.world.signals import Recording, task_of
from vultus.research.methods.emotion.eeg_moce.encoders import encoder
from vultus.research.methods.emotion.eeg_moce.material import FLAT_CODES, made, noisy, published
from vultus.research.methods.emotion.eeg_moce.network import Align, Moce, Moments
from vultus.research.methods.emotion.eeg_moce.spaces import Geometry, space

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    Batch = dict[str, Tensor]

_POINTS = 200  # from which hyperbolicity is told


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes; the defaults are the paper's for EAV.

    Attributes:
        task: of `data/world/signals.py`: what is measured and asked.
        width: dimensions of the experts.
        filters, depth, kernel, drop: of EEGNet.
        align: whose moments a tested person's points are normalised by: everybody's alike ("none"), everybody's, with
            people told apart in training ("train-only"), or their own unlabelled rows' ("transductive").
        curvature: k of every expert to begin with.
        pace: how much faster than other weights curvatures move.
        warmth: tau0 of the fusion; where it is small, attention settles before it knows whom to trust.
        prior: lambda of the fusion to begin with.
        lr, steps, batch_size: of training; 100 epochs there.
        recording: how signals are made.
        testers: people who are tested on.
        control: make the columns that `flat_codes` is trained on.
    """

    task: str = "eav"
    width: int = 64
    filters: int = 8
    depth: int = 8
    kernel: int = 300
    drop: float = 0.5
    align: Align = "transductive"
    curvature: float = 2.0
    pace: float = 1.0
    warmth: float = 64.0
    prior: float = 0.3
    lr: float = 1e-3
    steps: int = 20_000
    batch_size: int = 64
    recording: Recording = field(default_factory=lambda: Recording(people=34, takes=8, seconds=5.0, rate_hz=100.0))
    testers: int = 8
    control: bool = False

    @classmethod
    def check(cls) -> Config:
        """Minutes on two processors."""
        return cls(
            task="emotion", width=8, filters=6, depth=2, kernel=24, drop=0.1, lr=1e-2, steps=300, pace=3.0, testers=6,
            recording=Recording(people=12, takes=3, seconds=1.5, gain=1.2, jitter=0.1, noise=0.3), control=True,
        )  # fmt: skip

    @classmethod
    def tiny(cls) -> Config:
        """Seconds."""
        check = cls.check()
        return replace(check, steps=60, recording=replace(check.recording, people=4, takes=2), testers=2)


class EegMoce(nn.Module):
    """The network.

    Args:
        config: sizes.
        experts, fusion: geometry of the two halves; "flat" twice is the twin of the same size.
        learnt: whether curvatures are.
        prior: whether attention looks at curvatures beside distances.
        even: all modalities attend to all alike.
        align: in the place of the configuration's.
        only: a modality that is alone.
        suffix: behind the names of the columns.
    """

    def __init__(
        self, config: Config, *, experts: Geometry = "hyperbolic", fusion: Geometry = "hyperbolic",
        learnt: bool = True, prior: bool = True, even: bool = False, align: Align | None = None, only: str = "",
        suffix: str = "",
    ) -> None:  # fmt: skip
        super().__init__()
        self.config, self.suffix, self.align = config, suffix, align or config.align
        self.task, how = task_of(config.task), config.recording
        kept = [one for one in self.task.modalities if only in ("", one.name)]
        self.names = tuple(one.name for one in kept)
        self.encoders = nn.ModuleDict({
            one.name: encoder(one, one.shape(how.seconds, how.rate_hz), config.width, filters=config.filters,
                              depth=config.depth, kernel=config.kernel, drop=config.drop) for one in kept
        })  # fmt: skip
        self.moce = Moce(
            space(experts), space(fusion), config.width, self.names, len(self.task.labels), self.align, learnt=learnt,
            curvature=config.curvature, pace=config.pace, warmth=config.warmth,
            prior=config.prior if prior else None, even=even,
        )  # fmt: skip

    def stages(self) -> tuple[Stage, ...]:
        """One stage, one player."""
        player = Player("all", lr=self.config.lr, optimiser="adam", clip=5.0, warmup=min(10, self.config.steps // 2))
        return (Stage("main", (player,), self.config.steps, self.config.batch_size),)

    def forward(self, rows: Mapping[str, Tensor], domain: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Rows by modality to logits, attention and the fused point."""
        found: tuple[Tensor, Tensor, Tensor] = self.moce(
            {name: self.encoders[name](rows[name + self.suffix]) for name in self.names}, domain
        )
        return found

    def losses(self, batch: Batch, player: str) -> Batch:
        """Cross-entropy of the label."""
        return {"label": F.cross_entropy(self(batch, batch["domain"])[0], batch["label"])}

    def predict(self, batch: Batch) -> Batch:
        """Logits (B, K), attention (B, M, M) and fused points; domains that were refitted by their own moments."""
        logits, attention, fused = self(batch, batch.get("domain"))
        return {"logits": logits, "attention": attention, "fused": fused}

    @property
    def curvatures(self) -> dict[str, float]:
        """|K| of each modality; of flat experts the number of trust that stands in its place."""
        return {name: float(one.curvature().detach()) for name, one in self.moce.experts.items()}  # type: ignore[operator]

    @torch.no_grad()
    def refit(self, samples: Samples) -> None:
        """Take the moments of each domain from its own rows, without their labels, where `align` is "transductive"."""
        moments = [one for one in self.modules() if isinstance(one, Moments)]
        for one in moments:
            one.own.clear()
        if self.align != "transductive":
            return
        self.eval()
        domain = samples["domain"]
        for one in moments:
            one.refitting = True
        try:
            for number in np.unique(domain):
                rows = tensors(samples.take(np.flatnonzero(domain == number)))
                self(rows, rows["domain"])
        finally:
            for one in moments:
                one.refitting = False

    def exported(self) -> Export:
        """Rows in, logits and attention out; moments are everybody's."""
        how = self.config.recording
        worn = [one for one in self.task.modalities if one.name in self.names]
        draw = torch.Generator().manual_seed(0)
        inputs = {one.name: torch.randn(3, *one.shape(how.seconds, how.rate_hz), generator=draw) for one in worn}
        manifest = {
            "task": "emotion", "labels": list(self.task.labels), "align": "none", "curvature": self.curvatures,
            "channels": {one.name: list(one.channels) for one in worn},
            "rate_hz": how.rate_hz, "seconds": how.seconds,
        }  # fmt: skip
        return Export(_Shown(self), inputs, ("logits", "attention"), manifest)


class _Shown(nn.Module):
    """What is exported; at most three modalities, since the exporter wants each input by its place."""

    def __init__(self, model: EegMoce) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, first: Tensor, second: Tensor | None = None, third: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        rows = [one for one in (first, second, third) if one is not None]
        logits, attention, _ = self.model(dict(zip(self.model.names, rows, strict=True)))
        return logits.float(), attention.float()


class Guess:
    """Says anything."""

    def __init__(self, classes: int, first: str) -> None:
        self._classes, self._first = classes, first

    def fit(self, train: Samples, seed: int) -> Budget:
        """Nothing is fitted."""
        self._rng = np.random.default_rng(seed)
        return Budget(0, 0, 0)

    def predict(self, batch: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float64]]:
        """Random logits."""
        return {"logits": self._rng.random((len(batch[self._first]), self._classes))}


# ------------------------------------------------------------------------------------------------- what it is held to
METRICS = (
    Metric("balanced_accuracy", worst=1 / 27, slack=0.02),
    Metric("macro_f1"),
    Metric("tree_error", worst=3.0, best=0.0),
    Metric("corrupted"),
    Metric("curvature_gap", worst=-5.0, best=5.0),
    Metric("hyperbolicity", worst=1.0, best=0.0),
)
CLAIMS = (
    Claim("balanced_accuracy", by=5 / 27),
    Claim("balanced_accuracy", over="eeg_alone"),
    Claim("balanced_accuracy", over="face_alone"),
    Claim("balanced_accuracy", over="body_alone"),
    Claim("balanced_accuracy", over="fixed_curvature", by=-0.01),
    Claim("curvature_gap", by=0.0),
    Claim("curvature_gap", over="flat_codes"),
)
SEEDS = 5
_ALONE = "has one encoder and one expert"
UNEQUAL = {"eeg_alone": _ALONE, "face_alone": _ALONE, "body_alone": _ALONE}


def build(config: Config) -> EegMoce:
    """The method itself."""
    return EegMoce(config)


def baseline(config: Config) -> EegMoce:
    """Its twin of the same size without curvature."""
    return EegMoce(config, experts="flat", fusion="flat")


def chance(config: Config) -> Guess:
    """Something that knows nothing."""
    task = task_of(config.task)
    return Guess(len(task.labels), task.modalities[0].name)


def ablations(config: Config) -> dict[str, EegMoce]:
    """Half flat, curvature fixed, no prior, even fusion, not aligned, codes without a tree, modalities alone."""
    return {
        "flat_fusion": EegMoce(config, fusion="flat"),
        "flat_experts": EegMoce(config, experts="flat"),
        "fixed_curvature": EegMoce(config, learnt=False),
        "without_prior": EegMoce(config, prior=False),
        "mean_fusion": EegMoce(config, even=True),
        "not_aligned": EegMoce(config, align="none"),
        "flat_codes": EegMoce(config, suffix=FLAT_CODES if config.control else ""),
        **{f"{one.name}_alone": EegMoce(config, only=one.name) for one in task_of(config.task).modalities},
    }


def data(config: Config, seed: int, folder: Path | None) -> Data:
    """Made signals, or those of a published set, people apart.

    Raises:
        ConfigError: the task has no published set.
        InputError: the folder does not hold it.
    """
    if folder is None:
        train, test = made(config.task, config.recording, config.testers, seed, control=config.control)
        return Data(train, test, train.shuffled("label", seed))
    train, look, test = published(config.task, config.recording, folder, seed)
    return Data(train, test, train.shuffled("label", seed), look)


def score(model: Any, test: Samples) -> dict[str, float]:
    """Recall and F1 over the leaves, how far up the tree mistakes go, what noise costs, and the geometry.

    `corrupted` is the balanced accuracy with one modality drowned in noise at a time, mean over modalities;
    `curvature_gap` is |K| of the first modality minus that of the last, `hyperbolicity` 2 delta / diameter of the fused
    points of some rows.
    """
    if hasattr(model, "refit"):
        model.refit(test)
    found, label = predicted(model, test), test["label"]
    said = found["logits"].argmax(1)
    wrong = said != label
    network = isinstance(model, EegMoce)
    names, task = (model.names, model.task) if network else ((), None)
    suffix = model.suffix if network else ""
    drowned = [uar(label, predicted(model, noisy(test, name + suffix))["logits"].argmax(1)) for name in names]
    k = list(model.curvatures.values()) if network else [0.0]
    return {
        "balanced_accuracy": uar(label, said),
        "macro_f1": macro_f1(label, said),
        "tree_error": float(task.distances[label[wrong], said[wrong]].mean()) if task and wrong.any() else 0.0,
        "corrupted": float(np.mean(drowned)) if drowned else uar(label, said),
        "curvature_gap": k[0] - k[-1],
        "hyperbolicity": _bent(model, found["fused"][:_POINTS]) if network else 0.0,
    }


def _bent(model: EegMoce, fused: NDArray[np.float32]) -> float:
    points = torch.from_numpy(fused).double()
    k = torch.tensor(float(np.mean(list(model.curvatures.values()))), dtype=torch.float64)
    return hyperbolicity(model.moce.shared.squared(points[:, None], points[None], k).sqrt())


def answer(model: EegMoce, path: Path, out: Path | None) -> dict[str, Any]:
    """Classes over the windows of an EDF, BDF, MAT or NPZ file, with curvature and attention of each modality.

    Raises:
        InputError: the file cannot be read, is too short, or lacks a channel.
    """
    from vultus.research.methods.emotion.eeg_moce.wear import told

    return told(model, path, out)
