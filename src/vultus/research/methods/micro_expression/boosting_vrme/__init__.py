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
regions hang on five landmarks instead of 68. CAS(ME)^3 and SAMM-LV are not public; made films stand in (`films.py`),
and whoever has them trains on them (`recorded.py`).
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  PyTorch's own habit

from vultus.metrics.spotting import spotting_counts, strs
from vultus.research.contract import BASELINE, Claim, Data, Export, Metric, Player, Stage
from vultus.research.data.sample import Samples, disjoint, predicted
from vultus.research.methods.micro_expression.boosting_vrme.decode import half_duration
from vultus.research.methods.micro_expression.boosting_vrme.films import (
    LABELS,
    NEUTRAL,
    Filming,
    durations,
    films,
    lengths,
    windows,
)
from vultus.research.methods.micro_expression.boosting_vrme.network import (
    CHANNELS,
    FastSlow,
    jittered,
    parameters,
    still,
)
from vultus.research.methods.micro_expression.boosting_vrme.outcome import (
    decoder_f1,
    equally_long,
    harmonic_f1,
    outcome,
)
from vultus.research.methods.micro_expression.boosting_vrme.recorded import of_set
from vultus.research.methods.micro_expression.boosting_vrme.rivals import Guess, Movement, WindowClassifier

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    Batch = dict[str, Tensor]

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
        testers: people who are tested on, of made films.
        marked_only: films of a set in which nothing is marked are left out, as in the paper's code.
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
    marked_only: bool = True

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
        return jittered(batch, generator)

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
        regions = still(flow, nose=self.nose)
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
    Claim("strs", "window_classifier"),
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


def ablations(config: Config) -> dict[str, FilmRegression | WindowClassifier]:
    """Without growing intervals, the nose bridge, the shared network; and a class for each window of one length."""
    return {
        "fixed_intervals": FilmRegression(config, prior=False),
        "head_not_subtracted": FilmRegression(config, nose=False),
        "two_networks": FilmRegression(config, together=False),
        "window_classifier": WindowClassifier(config),
    }


def data(config: Config, seed: int, folder: Path | None) -> Data:
    """Windows to train on, and whole films of other people to be tested on.

    Films are made; or those of CAS(ME)^2, CAS(ME)^3 or SAMM Long Videos in the folder, of which the seed leaves one
    person out to be tested on (`recorded.py`).

    Raises:
        ConfigError: somebody is on both sides.
        InputError: the folder holds none of these sets, or too little of one.
    """
    if folder is None:
        train = films(config.filming, seed)
        test = films(replace(config.filming, people=config.testers), seed, first_person=_FAR)
    else:
        train, test = of_set(folder, config.window, seed, marked_only=config.marked_only)
    return split_up(config, train, test, seed)


def split_up(config: Config, train: Samples, test: Samples, seed: int) -> Data:
    """Windows of the films to train on, and half a usual duration from them alone.

    Raises:
        ConfigError: somebody is on both sides.
    """
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
    kp, prior = int(test["kp"][0]), bool(getattr(model, "prior", False))
    came = outcome(predicted(model, test, 4), test, prior=prior)
    spotting, recognition = spotting_counts(came.pairs).f1, harmonic_f1(came.hits)
    frames = lengths(test)
    return {
        "strs": strs(spotting, recognition),
        "spotting_f1": spotting,
        "recognition_f1": recognition,
        "decoder_f1": decoder_f1(test["marks"], frames, kp, prior),
        "decoder_f1_constant": decoder_f1(equally_long(test["marks"], 2 * kp - 1), frames, kp, prior),
    }


def answer(model: FilmRegression, path: Path, out: Path | None) -> dict[str, Any]:
    """The micro-expressions of a film: intervals, apex frames, emotions; the curve as a picture in `out`.

    Raises:
        VideoError: the file cannot be read.
        InputError: it is too short, or shows nobody.
    """
    from vultus.research.methods.micro_expression.boosting_vrme.watch import watched

    return watched(model, path, out, kp=round((model.config.filming.median + 1) // 2))


def _network(config: Config, width: int) -> FastSlow:
    return FastSlow(width, config.blocks, config.kind, config.state, config.drop)


def _alone(config: Config) -> int:
    """Width at which two networks have as many parameters as one of the full width."""
    with torch.device("meta"):  # sizes only: nothing is drawn or stored
        whole = parameters(_network(config, config.width))
        first = bisect(range(config.width), whole, key=lambda width: 2 * parameters(_network(config, max(width, 1))))
        return min(max(first - 1, 1), first, key=lambda width: abs(2 * parameters(_network(config, width)) - whole))
