"""System 40: spotting and recognising micro-expressions by video-level regression with priors (BoostingVRME).

Guo et al., "Boosting Micro-Expression Analysis via Prior-Guided Video-Level Regression", ACM MM 2025.

In: a long film as optical flow of 18 regions of the face and of the bridge of the nose, (T, 38) px. Mid: for every
frame a score of "an expression is going on" and scores of the emotions. Out: intervals with onset, apex and offset,
grown from the peaks of the score's curve as far as the curve says (`decode.py`), and the emotion the frames inside vote
for.

Parts: flow of regions (`flow.py`), the fast and slow network with two heads (`network.py`), `FilmRegression`, stitching
of windows to a film, decoding. Losses: 0.9 MSE(score, y) + 0.1 CE(emotion), y = 1 strictly between onset and offset,
classes weighted to count alike and no expression six times as much. Read from the public code: sizes, losses, windows,
decoding.

Deviations: half the usual duration comes from training people alone (the code takes it over all subjects); frames
without expression are ruled out of the vote by minus infinity instead of zero; every spotted interval counts once;
regions hang on five landmarks instead of 68. CAS(ME)^3 and SAMM-LV are not public; made films stand in (`films.py`).
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  PyTorch's own habit

from vultus.metrics.spotting import match_intervals, spotting_counts, strs
from vultus.research.contract import BASELINE, Budget, Claim, Data, Export, Metric, Player, Stage
from vultus.research.data.sample import Samples, disjoint, predicted
from vultus.research.methods.micro_expression.boosting_vrme.decode import decode, emotion_of, half_duration
from vultus.research.methods.micro_expression.boosting_vrme.films import (
    CLASSES,
    NEUTRAL,
    Filming,
    durations,
    films,
    windows,
)
from vultus.research.methods.micro_expression.boosting_vrme.network import CHANNELS, FastSlow, parameters

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    Batch = dict[str, Tensor]

LABELS = (*CLASSES, "neutral")
_FAR = 10_000  # number of the first person who is tested on


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes; the defaults are the paper's for SAMM-LV.

    Attributes:
        window: frames of a window; half of it is shared with the next one.
        width: of the fast path.
        blocks: per stage and path.
        kind: of the blocks, "mamba" or "tcn".
        state: of the selective scan.
        drop: share of samples that skip the last block.
        lr, steps, batch_size: of training; 50 epochs there.
        negatives: windows without expression for each with one.
        filming: how made films are made.
        testers: people who are tested on.
    """

    window: int = 30
    width: int = 128
    blocks: int = 4
    kind: Literal["mamba", "tcn"] = "mamba"
    state: int = 64
    drop: float = 0.2
    lr: float = 3e-4
    steps: int = 4000
    batch_size: int = 32
    negatives: float = 0.5
    filming: Filming = field(default_factory=Filming)
    testers: int = 8

    @classmethod
    def check(cls) -> Config:
        """Minutes on two processors."""
        return cls(window=50, width=24, blocks=1, kind="tcn", drop=0.0, lr=3e-3, steps=300, batch_size=32)

    @classmethod
    def tiny(cls) -> Config:
        """Seconds."""
        small = Filming(people=4, films=1, frames=400)
        return replace(cls.check(), width=8, steps=60, filming=small, testers=3, lr=1e-2)


class FilmRegression(nn.Module):
    """Scores for every frame of a film, from windows.

    Args:
        config: sizes.
        nose: subtract the flow of the nose bridge, which is the head's.
        prior: read intervals that grow off the curve; else of fixed length.
        together: one network with two heads; else two of the same size together.
    """

    def __init__(self, config: Config, *, nose: bool = True, prior: bool = True, together: bool = True) -> None:
        super().__init__()
        self.config, self.nose, self.prior = config, nose, prior
        width = config.width if together else _alone(config)
        self.spotter = _network(config, width)
        self.recogniser = None if together else _network(config, width)
        self.spot, self.recognise = nn.Conv1d(3 * width, 1, 1), nn.Conv1d(3 * width, len(LABELS), 1)

    def stages(self) -> tuple[Stage, ...]:
        """One stage, one player."""
        player = Player("both", lr=self.config.lr, optimiser="adam", schedule="onecycle")
        return (Stage("regression", (player,), self.config.steps, self.config.batch_size),)

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Flow is made up to a tenth larger or smaller."""
        scale = torch.rand(len(batch["flow"]), 1, 1, generator=generator, device=generator.device) * 0.2 + 0.9
        return {**batch, "flow": batch["flow"] * scale}

    def losses(self, batch: Batch, player: str) -> Batch:
        """0.9 MSE of the score and 0.1 weighted cross-entropy of the emotion, over windows (B, T)."""
        score, emotion = self(batch["flow"])
        label = batch["label"]
        entropy = F.cross_entropy(emotion.transpose(1, 2), label, reduction="none")
        return {
            "spotting": 0.9 * F.mse_loss(score, (label != NEUTRAL).float()),
            "recognition": 0.1 * (entropy * batch["weight"]).sum() / batch["weight"].sum(),
        }

    def forward(self, flow: Tensor) -> tuple[Tensor, Tensor]:
        """Windows (B, T, 38) to scores (B, T) and emotions (B, T, 5)."""
        regions, bridge = flow[..., :CHANNELS], flow[..., CHANNELS:]
        if self.nose:
            regions = regions - bridge.repeat(1, 1, CHANNELS // 2)
        regions = (regions - regions[:, :1]).transpose(1, 2)  # the window's first frame is the reference
        found = self.spotter(regions)
        other = found if self.recogniser is None else self.recogniser(regions)
        return torch.sigmoid(self.spot(found)[:, 0]), self.recognise(other).transpose(1, 2)

    def predict(self, batch: Batch) -> Batch:
        """Films (B, T, 38) to `curve` (B, T) and `emotion` (B, T, 5): of each window its second half is kept."""
        flow, size = batch["flow"], self.config.window
        length, half = flow.shape[1], size // 2
        starts = [*range(0, max(length - size, 0), half), max(length - size, 0)]
        curve = flow.new_zeros(len(flow), length)
        emotion = flow.new_zeros(len(flow), length, len(LABELS))
        for start in starts:
            score, scores = self(flow[:, start : start + size])
            first = 0 if start == 0 else half
            curve[:, start + first : start + size] = score[:, first:]
            emotion[:, start + first : start + size] = scores[:, first:]
        return {"curve": curve, "emotion": emotion}

    def exported(self) -> Export:
        """The network over one window; stitching and decoding are `decode.py`'s, in numpy."""
        manifest = {"task": "micro_expression", "labels": list(LABELS), "window": self.config.window,
                    "outputs": {"score": "of each frame", "emotion": "scores of each frame"}}  # fmt: skip
        inputs = {"flow": torch.randn(2, self.config.window, CHANNELS + 2)}
        return Export(self, inputs, ("score", "emotion"), manifest)


class Movement:
    """What one would have done without it: the size of the flow over half a usual duration, and the commonest class."""

    prior = False

    def __init__(self) -> None:
        self._kp, self._common = 1, 0

    def fit(self, train: Samples, seed: int) -> Budget:
        """Note the commonest class."""
        label = train["label"]
        self._common = int(np.bincount(label[label != NEUTRAL], minlength=NEUTRAL).argmax())
        lengths = (label != NEUTRAL).sum(axis=1)
        self._kp = max(int(np.median(lengths[lengths > 0])) // 2, 2)
        return Budget(2, 1, len(train))

    def predict(self, batch: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
        """The same columns as `FilmRegression.predict`."""
        flow = batch["flow"][..., :CHANNELS] - np.tile(batch["flow"][..., CHANNELS:], CHANNELS // 2)
        before, after = np.roll(flow, self._kp, axis=1), np.roll(flow, -self._kp, axis=1)
        curve = np.linalg.norm(2 * flow - before - after, axis=2)
        curve[:, : self._kp], curve[:, -self._kp :] = 0, 0
        emotion = np.zeros((*curve.shape, len(LABELS)), np.float32)
        emotion[..., self._common] = 1
        return {"curve": curve.astype(np.float32), "emotion": emotion}


class Guess:
    """Curves and classes by lot."""

    prior = False

    def __init__(self) -> None:
        self._seed = 0

    def fit(self, train: Samples, seed: int) -> Budget:
        """Nothing to learn."""
        self._seed = seed
        return Budget(0, 0, 0)

    def predict(self, batch: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
        """Noise."""
        rng = np.random.default_rng(self._seed)
        shape = batch["flow"].shape[:2]
        return {"curve": rng.random(shape, np.float32), "emotion": rng.random((*shape, len(LABELS)), np.float32)}


METRICS = (
    Metric("strs", slack=0.02),
    Metric("spotting_f1"),
    Metric("recognition_f1"),
    Metric("decoder_f1"),
    Metric("decoder_f1_constant"),
)
CLAIMS = (
    Claim("strs", BASELINE, by=0.1),
    Claim("strs", "fixed_intervals", by=0.05),
    Claim("strs", "head_not_subtracted", by=0.05),
    Claim("recognition_f1", "two_networks", by=-0.02),
    Claim("decoder_f1", "fixed_intervals", by=0.05),
    Claim("decoder_f1_constant", "fixed_intervals", by=-0.05),
)
SEEDS = 5
UNEQUAL = {BASELINE: "a threshold on movement learns nothing", "chance": "draws lots"}


def build(config: Config) -> FilmRegression:
    """The method itself."""
    return FilmRegression(config)


def baseline(config: Config) -> Movement:
    """A threshold on movement and the commonest class."""
    return Movement()


def chance(config: Config) -> Guess:
    """Lots."""
    return Guess()


def ablations(config: Config) -> dict[str, FilmRegression]:
    """Without growing intervals, without the nose bridge, without the shared network."""
    return {
        "fixed_intervals": FilmRegression(config, prior=False),
        "head_not_subtracted": FilmRegression(config, nose=False),
        "two_networks": FilmRegression(config, together=False),
    }


def data(config: Config, seed: int, folder: Path | None) -> Data:
    """Made films: windows to train on, whole films of other people to be tested on.

    Raises:
        ConfigError: somebody is on both sides.
    """
    train = films(config.filming, seed)
    test = films(replace(config.filming, people=config.testers), seed, first_person=_FAR)
    disjoint(train, test)
    rng = np.random.default_rng((seed, 1))
    cut = windows(train, config.window, rng, negatives=config.negatives)
    order = rng.permutation(len(cut))
    destroyed = cut.with_fields(label=cut["label"][order], weight=cut["weight"][order])
    kp = half_duration(durations(train))
    return Data(cut, test.with_fields(kp=np.full(len(test), kp)), destroyed)


def score(model: Any, test: Samples) -> dict[str, float]:
    """Spotting, recognition of what was rightly spotted, both together, and the decoding alone.

    Recognition is the harmonic mean of macro-precision and macro-recall over the classes that occur, as in the paper's
    code; `decoder_f1` is spotting on noisy true curves, `decoder_f1_constant` the same with equally long expressions.
    """
    found = predicted(model, test, 4)
    kp, prior = int(test["kp"][0]), bool(getattr(model, "prior", False))
    pairs, hits = [], []
    for curve, emotion, marks in zip(found["curve"], found["emotion"], test["marks"], strict=True):
        marks = marks[marks[:, 0] >= 0]
        spotted = decode(curve.astype(np.float64), kp, prior=prior)
        ends = np.array([(one.onset, one.offset) for one in spotted]).reshape(-1, 2)
        pairs.append((marks[:, [0, 2]], ends))
        hits += [
            (int(marks[mark, 3]), emotion_of(emotion, spotted[at], NEUTRAL))
            for mark, at in match_intervals(marks[:, [0, 2]], ends)
        ]
    spotting = spotting_counts(pairs).f1
    recognition = harmonic_f1(np.array(hits, np.int64).reshape(-1, 2))
    return {
        "strs": strs(spotting, recognition),
        "spotting_f1": spotting,
        "recognition_f1": recognition,
        "decoder_f1": _decoder(test["marks"], test["flow"].shape[1], kp, prior),
        "decoder_f1_constant": _decoder(_equal(test["marks"], 2 * kp - 1), test["flow"].shape[1], kp, prior),
    }


def answer(model: FilmRegression, path: Path, out: Path | None) -> dict[str, Any]:
    """The micro-expressions of a film: intervals, apex frames, emotions; the curve as a picture in `out`.

    Raises:
        VideoError: the file cannot be read.
        InputError: it is too short, or shows nobody.
    """
    from vultus.research.methods.micro_expression.boosting_vrme.watch import watched

    return watched(model, path, out, kp=round((model.config.filming.median + 1) // 2))


def harmonic_f1(hits: NDArray[np.int64]) -> float:
    """2 P R / (P + R) of macro-precision P and macro-recall R over classes that occur.

    Args:
        hits: true and given class of each rightly spotted interval, (N, 2).
    """
    if not len(hits):
        return 0.0
    true, given = hits.T
    classes = np.unique(hits)
    right = np.array([((true == one) & (given == one)).sum() for one in classes], np.float64)
    precision = float(np.mean(right / np.maximum([(given == one).sum() for one in classes], 1)))
    recall = float(np.mean(right / np.maximum([(true == one).sum() for one in classes], 1)))
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _decoder(marks: NDArray[np.int64], frames: int, kp: int, prior: bool) -> float:
    """F1 of decoding curves that are true but for noise; the noise is the same for all."""
    rng = np.random.default_rng(0)
    pairs = []
    for own in marks:
        kept = own[own[:, 0] >= 0]
        curve = np.zeros(frames)
        for onset, _, offset, _ in kept:
            curve[onset : offset + 1] = 1
        curve = np.clip(np.convolve(curve, np.ones(5) / 5, "same") * 0.6 + rng.normal(0.1, 0.2, frames), 0, 1)
        spotted = decode(curve, kp, prior=prior)
        pairs.append((kept[:, [0, 2]], np.array([(one.onset, one.offset) for one in spotted]).reshape(-1, 2)))
    return spotting_counts(pairs).f1


def _equal(marks: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """The same expressions, all of one length around their middle."""
    changed = marks.copy()
    middle = (marks[..., 0] + marks[..., 2]) // 2
    there = marks[..., 0] >= 0
    changed[..., 0] = np.where(there, np.maximum(middle - length // 2, 0), -1)
    changed[..., 2] = np.where(there, changed[..., 0] + length - 1, -1)
    return changed


def _network(config: Config, width: int) -> FastSlow:
    return FastSlow(width, config.blocks, config.kind, config.state, config.drop)


def _alone(config: Config) -> int:
    """Width at which two networks have as many parameters as one of the full width."""
    with torch.device("meta"):  # sizes only: nothing is drawn or stored
        whole = parameters(_network(config, config.width))
        first = bisect(range(config.width), whole, key=lambda width: 2 * parameters(_network(config, max(width, 1))))
        return min(max(first - 1, 1), first, key=lambda width: abs(2 * parameters(_network(config, width)) - whole))
