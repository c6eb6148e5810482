"""System 43: triplet attention joined with squeeze-and-excitation in convolutional networks, for expressions (TripSE).

Alhazmi, Altahhan, "Achieving 3D Attention via Triplet Squeeze and Excitation Block", arXiv 2505.05943. The blocks are
`blocks/attention.py`: a gate looks at a map along height, width and channels, and squeeze-and-excitation joins it in
one of four places (V1 to V4).

In: a face, grey, any size (uint8), and a picture of the mechanism task (see `marks`). Out: an expression, and a level.
Two networks that share nothing are trained side by side, so one run answers both questions: does the block do what it
is there for, and does it harm on faces.

Deviations. What the variants are is a third party's reading of the abstract; where the block stands, its reduction and
the recipe are ours (see `Config`). The recipe for FER2013 is that of EmoNeXt without its upside-down faces, and with
every picture standardised. Networks begin from nothing, unless published weights are loaded into the backbone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from vultus.errors import ConfigError, InputError
from vultus.metrics.classification import uar
from vultus.research.blocks.attention import KINDS, Gates, Kind
from vultus.research.blocks.backbones import ConvNeXt, DenseNet, ResNet
from vultus.research.blocks.inject import inject
from vultus.research.contract import BASELINE, Budget, Claim, Data, Export, Metric, Player, Stage
from vultus.research.data import world
from vultus.research.data.sample import Samples, disjoint, predicted
from vultus.research.data.sets import fer2013, open_set
from vultus.research.methods.expression.tripse.gradients import Gradients
from vultus.research.methods.expression.tripse.marks import LEVELS, SIDE, draw

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

Arch = Literal["resnet18", "densenet121", "convnext_tiny", "small_resnet", "small_densenet", "small_convnext"]
ARCHS: tuple[Arch, ...] = (
    "resnet18", "densenet121", "convnext_tiny", "small_resnet", "small_densenet", "small_convnext",
)  # fmt: skip
EXPRESSIONS = world.actions.EXPRESSIONS
_LUMA = (0.299, 0.587, 0.114)
_MARKS_PER_TEST = 8  # pictures of the mechanism task are cheap, and 500 would tell little
_EXTENT_CM = (18.0, 21.0)  # a picture shows the face, without hair and neck


@dataclass(frozen=True, slots=True)
class Config:
    """EmoNeXt's recipe on ConvNeXt-T; the paper's own is not public.

    Attributes:
        arch: of the network for faces, one of `ARCHS`.
        gate: "none", "se", "ta", "v1", "v2", "v3" or "v4".
        site: where gates stand: "block", "stage", "downsample" (ConvNeXt) or "layer" (DenseNet).
        fuse, se_axis, init, reduction: see `Gates`.
        side: of the picture the network sees, pixels.
        faces, tests: pictures trained and tested on; of a real set at most so many.
        marked: pictures of the mechanism task to train on; faces come again beside them where there are fewer.
        steps, batch: of training.
        rate, decay: of learning, and of the weights, for faces.
        schedule, warmup, period: see `contract.Player`.
        smoothing: share of a label that is spread over all words.
        ema: decay of the averaged weights.
        turn_deg: pictures are turned by up to so much in training.
        crops: 1, or 10 for the mean over five places and their mirror images.
        marks: width of the network for the mechanism task.
        marks_rate: of learning, for it.
        wider: factor of all widths: plain networks with as many parameters as gated ones.
    """

    arch: Arch = "convnext_tiny"
    gate: Kind = "v4"
    site: Literal["block", "stage", "downsample", "layer"] = "block"
    fuse: Literal["mean", "sum"] = "mean"
    se_axis: Literal["rotated", "channel"] = "rotated"
    init: Literal["plain", "identity"] = "plain"
    reduction: int = 16
    side: int = 224
    faces: int = 28709
    tests: int = 3589
    marked: int = 28709
    steps: int = 17943
    batch: int = 32
    rate: float = 1e-4
    decay: float = 0.05
    schedule: Literal["cosine", "constant", "restarts", "onecycle"] = "restarts"
    warmup: int = 128
    period: int = 1024
    smoothing: float = 0.1
    ema: float = 0.9994
    turn_deg: float = 20.0
    crops: Literal[1, 10] = 10
    marks: int = 16
    marks_rate: float = 1.6e-2
    wider: float = 1.0

    @classmethod
    def check(cls) -> Config:
        """Decides the claims within ten minutes on two processors."""
        return cls(
            arch="small_resnet", site="stage", init="identity", side=32, faces=1000, tests=500, marked=12000, steps=250,
            batch=48, rate=6e-3, decay=1e-3, schedule="onecycle", warmup=0, ema=0.0, turn_deg=0.0, crops=1,
        )  # fmt: skip

    @classmethod
    def tiny(cls) -> Config:
        """For tests: seconds."""
        return replace(cls.check(), faces=160, tests=80, marked=500, steps=60, batch=16, marks=8)


class TripSE(nn.Module):
    """A network for faces and one for marks, both with the same gates.

    Args:
        config: sizes, and which gate stands where.

    Raises:
        ConfigError: no such architecture.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.channels = 3 if config.arch in ("resnet18", "densenet121", "convnext_tiny") else 1
        picture = (self.channels, config.side, config.side)
        self.faces = _gated(backbone(config, self.channels), config, config.site, picture)
        width = round(config.marks * config.wider)
        self.marks = _gated(ResNet(LEVELS, 2, (width,), (2,), stem=2), config, "stage", (2, SIDE, SIDE))

    def stages(self) -> tuple[Stage, ...]:
        """One stage; each network has its own player."""
        config = self.config
        faces = Player(
            "faces", ("faces",), config.rate, weight_decay=config.decay, schedule=config.schedule,
            warmup=config.warmup, period=config.period,
        )  # fmt: skip
        marks = Player("marks", ("marks",), config.marks_rate, weight_decay=1e-3, schedule="onecycle")
        return (Stage("both", (faces, marks), config.steps, config.batch, ema=config.ema),)

    def losses(self, batch: dict[str, Tensor], player: str) -> dict[str, Tensor]:
        """Cross-entropy of the player's network."""
        if player == "marks":
            return {"level": functional.cross_entropy(self.marks(batch["marks"].float()), batch["level"])}
        logits = self.faces(self.seen(batch["image"]))
        smoothing = self.config.smoothing
        return {"expression": functional.cross_entropy(logits, batch["expression"], label_smoothing=smoothing)}

    def seen(self, pictures: Tensor) -> Tensor:
        """What the network for faces sees: (B, H, W), 0 to 255, to standardised (B, C, S, S)."""
        maps, side = pictures.float().unsqueeze(1), self.config.side
        if maps.shape[2:] != (side, side):
            maps = functional.interpolate(maps, (side, side), mode="bilinear", align_corners=False, antialias=True)
        return standard(maps).expand(-1, self.channels, -1, -1)

    def augment(self, batch: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """Half of the faces mirrored, all of them turned, zoomed and shifted a little."""
        pictures = batch["image"]
        count, device = len(pictures), pictures.device
        dice = torch.rand(5, count, generator=generator, device=device) * 2 - 1
        angle, zoom = dice[0] * np.deg2rad(self.config.turn_deg), torch.exp(0.1 * dice[1])
        mirror = torch.sign(dice[2])
        rows = [torch.stack([angle.cos() * zoom * mirror, -angle.sin() * zoom, 0.08 * dice[3]], 1),
                torch.stack([angle.sin() * zoom * mirror, angle.cos() * zoom, 0.08 * dice[4]], 1)]  # fmt: skip
        maps = pictures.float().unsqueeze(1)
        grid = functional.affine_grid(torch.stack(rows, 1), list(maps.shape), align_corners=False)
        return {**batch, "image": functional.grid_sample(maps, grid, padding_mode="border", align_corners=False)[:, 0]}

    def scores(self, seen: Tensor) -> Tensor:
        """Share of each word, (B, K), over as many crops as the configuration asks for."""
        if self.config.crops == 1:
            return self.faces(seen).softmax(1)  # type: ignore[no-any-return]
        margin = self.config.side // 20
        padded = functional.pad(seen, (margin,) * 4, mode="replicate")
        side = self.config.side
        places = ((0, 0), (0, 2), (1, 1), (2, 0), (2, 2))
        crops = [padded[:, :, margin * top :, margin * left :][:, :, :side, :side] for top, left in places]
        total = sum(self.faces(view).softmax(1) for crop in crops for view in (crop, crop.flip(3)))
        return torch.as_tensor(total) / 10

    def predict(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The likeliest word with the scores of all, and the likeliest level."""
        scores = self.scores(self.seen(batch["image"]))
        answer = {"expression": scores.argmax(1), "scores": scores}
        if "marks" in batch:
            answer["level"] = self.marks(batch["marks"].float()).argmax(1)
        return answer

    def exported(self) -> Export:
        """The network for faces: grey pictures 0 to 255 in, scores out."""
        side = self.config.side
        example = torch.rand(3, 1, side, side, generator=torch.Generator().manual_seed(0)) * 255
        about = {"task": "expression", "labels": list(EXPRESSIONS), "picture": "grey, 0 to 255, (N, 1, S, S)"}
        return Export(_Shown(self), {"picture": example}, ("scores",), about)


class _Shown(nn.Module):
    """What is exported."""

    def __init__(self, model: TripSE) -> None:
        super().__init__()
        self.model = model

    def forward(self, picture: Tensor) -> Tensor:
        return self.model.scores(standard(picture).expand(-1, self.model.channels, -1, -1))


def standard(pictures: Tensor) -> Tensor:
    """Each picture with mean 0 and spread 1: light and contrast do not matter."""
    rest = pictures - pictures.mean((1, 2, 3), keepdim=True)
    return rest / rest.square().mean((1, 2, 3), keepdim=True).add(1.0).sqrt()


def backbone(config: Config, channels: int) -> nn.Module:
    """The network for faces without gates.

    Raises:
        ConfigError: no such architecture.
    """

    def wide(*widths: int) -> tuple[int, ...]:
        return tuple(round(width * config.wider) for width in widths)

    words = len(EXPRESSIONS)
    if config.arch == "resnet18":
        return ResNet(words, channels, wide(64, 128, 256, 512))
    if config.arch == "densenet121":
        return DenseNet(words, channels, wide(32)[0], first=wide(64)[0])
    if config.arch == "convnext_tiny":
        return ConvNeXt(words, channels, wide(96, 192, 384, 768), drop=0.1)
    if config.arch == "small_resnet":
        return ResNet(words, channels, wide(12, 24, 48), (1, 1, 1), stem=2)
    if config.arch == "small_densenet":
        return DenseNet(words, channels, wide(12)[0], (2, 3, 3), first=wide(24)[0], stem=2)
    if config.arch == "small_convnext":
        return ConvNeXt(words, channels, wide(20, 40, 80), (1, 1, 1), patch=2)
    raise ConfigError(f"arch must be one of {', '.join(ARCHS)}, but is '{config.arch}'")


def _gated(model: nn.Module, config: Config, site: str, picture: tuple[int, int, int]) -> nn.Module:
    gates = Gates(config.gate, config.reduction, config.fuse, config.se_axis, config.init)
    return model if config.gate == "none" else inject(model, gates.build, site, picture)


# ------------------------------------------------------------------------------------------------- what it is held to
class Guess:
    """The commonest answer to both questions."""

    def fit(self, train: Samples, seed: int) -> Budget:
        """Count."""
        self._commonest = {field: int(np.bincount(train[field]).argmax()) for field in ("expression", "level")}
        return Budget(0, 0, len(train))

    def predict(self, batch: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The same for every row."""
        return {field: np.full(len(batch["image"]), answer) for field, answer in self._commonest.items()}


def build(config: Config) -> TripSE:
    """The network as configured, V4 unless told otherwise."""
    return TripSE(config)


def baseline(config: Config) -> TripSE:
    """No gate at all."""
    return TripSE(replace(config, gate="none"))


def chance(config: Config) -> Guess:
    """The commonest class."""
    return Guess()


def ablations(config: Config) -> dict[str, TripSE | Gradients]:
    """Every other gate, a plain network as large as the full one, and what was done before networks."""
    others: dict[str, TripSE | Gradients] = {
        kind: TripSE(replace(config, gate=kind)) for kind in KINDS if kind not in ("none", config.gate)
    }
    return {**others, "wider": TripSE(_widened(config)), "gradients": Gradients()}


def _widened(config: Config) -> Config:
    """No gates, and widths at which the networks have as many parameters as with them."""

    def size(one: Config) -> int:
        with torch.device("meta"):
            return sum(part.numel() for part in TripSE(one).parameters())

    goal = size(config)
    tried = [replace(config, gate="none", wider=1 + step / 100) for step in range(0, 21)]
    return min(tried, key=lambda one: abs(size(one) - goal))


UNEQUAL: Mapping[str, str] = {"gradients": "a linear classifier"}
METRICS = (Metric("levels"), Metric("expressions"))
SEEDS = 6
CLAIMS = (
    Claim("levels", BASELINE, 0.015),
    Claim("levels", "se", 0.015),
    Claim("levels", "wider", 0.015),
    *(Claim("expressions", BASELINE, -0.02, arm) for arm in ("full", "v1", "v2", "v3")),
    Claim("expressions", "chance", 0.25),
    Claim("expressions", "gradients", 0.0),
)


def score(model: Any, test: Samples) -> dict[str, float]:
    """Mean recall of levels and of expressions."""
    found = predicted(model, test)
    pairs = (("levels", "level"), ("expressions", "expression"))
    return {name: uar(test[field], found[field]) for name, field in pairs}


def data(config: Config, seed: int, folder: Path | None) -> Data:
    """Faces of the face world, or FER2013 from a folder (PublicTest is tested on), and marks beside each face.

    Raises:
        InputError: the folder does not hold FER2013.
    """
    if folder is None:
        people = world.people.draw(config.faces + config.tests, seed)
        drawn = world.faces(len(people), seed, config.side, people=people, turn=0.4, extent=_EXTENT_CM)
        train, test = drawn.subset(range(config.faces)), drawn.subset(range(config.faces, len(drawn)))
        disjoint(train, test)
    else:
        train, test = _fer2013(config, seed, folder)
    parts = []
    for number, (part, rows) in enumerate(((train, config.marked), (test, _MARKS_PER_TEST * len(test)))):
        part = part.subset(np.arange(max(rows, len(part))) % len(part))
        pictures, levels = draw(len(part), [seed, number])
        faces, shown = grey(part["image"]), part["expression"].astype(np.int64)
        fields: dict[str, NDArray[Any]] = {"image": faces, "expression": shown, "marks": pictures, "level": levels}
        parts.append(Samples(fields, part.subjects, part.name))
    destroyed = parts[0].shuffled("level", seed).shuffled("expression", seed)
    return Data(parts[0], parts[1], destroyed)


def answer(model: TripSE, path: Path, out: Path | None) -> dict[str, Any]:
    """What the faces of a photograph show."""
    from vultus.research.methods.expression.tripse.photograph import shown

    return shown(model, EXPRESSIONS, path, out)


def grey(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Brightness, (N, H, W), of (N, H, W, 3) or (N, H, W, 1); what is (N, H, W) already stays as it is."""
    if pictures.ndim == 3 or pictures.shape[3] == 1:
        return pictures.reshape(pictures.shape[:3])
    return np.round(pictures @ np.array(_LUMA, np.float32)).astype(np.uint8)


def _fer2013(config: Config, seed: int, folder: Path) -> tuple[Samples, Samples]:
    if fer2013.find(folder) is None:
        raise InputError(f"{folder} does not hold FER2013; looked for: " + " / or: ".join(fer2013.SET.wanted))
    reader = open_set("fer2013", folder)
    order = np.random.default_rng(seed)
    parts = []
    for split, most in (("train", config.faces), ("val", config.tests)):
        part = reader.read(split, grey=True, on_bad="skip")
        parts.append(part.subset(np.sort(order.permutation(len(part))[:most])))
    return parts[0], parts[1]
