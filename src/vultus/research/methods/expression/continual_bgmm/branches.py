"""The two frozen branches: a network of the first task whose features are kept, and one that estimates action units."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import torch
from torch import Tensor, nn

from vultus.research.blocks.backbones import ResNet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from vultus.research.data.sample import Samples

    Rows = NDArray[np.float64]

_WIDTHS, _FEATURES = (24, 48, 64), 64
_BATCH, _READ = 64, 256
_SHIFT = 3  # pixels of 48
_ELSEWHERE = 43  # seed of the estimator of action units, the same for all seeds


@dataclass(frozen=True, slots=True)
class Plan:
    """How the branches are trained.

    Attributes:
        backbone: "resnet18", or "conv": three convolutions.
        parts: principal parts of the deep features that are kept.
        deep_steps, unit_steps: of 64 pictures each.
        lr: at its highest.
    """

    backbone: Literal["resnet18", "conv"] = "resnet18"
    parts: int = 32
    deep_steps: int = 4000
    unit_steps: int = 8000
    lr: float = 2e-3


class Tower(nn.Module):
    """Pictures to features to outputs.

    Args:
        outputs: classes, or action units.
        size: side of the pictures in pixels.
        kind: "conv", three strided convolutions and a layer, or "resnet18".
    """

    def __init__(self, outputs: int, size: int, kind: str = "conv") -> None:
        super().__init__()
        if kind == "resnet18":
            self.body: nn.Module = _Pooled(ResNet(outputs))
            width = 512
        else:
            layers: list[nn.Module] = []
            for inward, outward in zip((3, *_WIDTHS[:-1]), _WIDTHS, strict=True):
                layers += [nn.Conv2d(inward, outward, 3, 2, 1, bias=False), nn.BatchNorm2d(outward), nn.ReLU()]
            side = -(-size // 2 ** len(_WIDTHS))
            layers += [
                nn.Flatten(),
                nn.Linear(_WIDTHS[-1] * side * side, _FEATURES),
                nn.BatchNorm1d(_FEATURES),
                nn.ReLU(),
            ]
            self.body, width = nn.Sequential(*layers), _FEATURES
        self.head = nn.Linear(width, outputs)

    def features(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) in 0 to 1, to (B, Dd)."""
        found: Tensor = self.body(2 * pictures - 1)
        return found

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) in 0 to 1, to (B, outputs)."""
        found: Tensor = self.head(self.features(pictures))
        return found


class _Pooled(nn.Module):
    """A backbone without its classifier."""

    def __init__(self, network: ResNet) -> None:
        super().__init__()
        network.fc = nn.Linear(1, 1)
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        return self.network.features(pictures).mean((2, 3))


def taught(
    tower: Tower, pictures: NDArray[np.uint8], wanted: NDArray[np.int64] | NDArray[np.float32], steps: int, seed: int,
    lr: float,
) -> Tower:  # fmt: skip
    """Train a tower and freeze it: whole numbers are classes, others are values to come near to.

    Args:
        tower: with its first weights.
        pictures: uint8, (N, H, W, 3).
        wanted: (N,) or (N, outputs).
        steps: of 64 pictures each.
        seed: of the order and of how pictures are varied.
        lr: at its highest.
    """
    rng = np.random.default_rng([seed, 5])
    loss: Callable[[Tensor, Tensor], Tensor] = (
        nn.CrossEntropyLoss(label_smoothing=0.1) if wanted.dtype.kind == "i" else nn.MSELoss()
    )
    optimiser = torch.optim.AdamW(tower.parameters(), lr, weight_decay=1e-2)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=steps)
    tower.train()
    for _ in range(steps):
        rows = rng.integers(0, len(pictures), _BATCH)
        optimiser.zero_grad(set_to_none=True)
        said = tower(_varied(_tensor(pictures[rows]), rng))
        loss(said, torch.from_numpy(np.ascontiguousarray(wanted[rows]))).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        rate.step()
    return tower.eval().requires_grad_(False)


def _tensor(pictures: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 255


def _varied(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Mirrored, shifted, lighter or darker."""
    count, side = len(pictures), pictures.shape[-1]
    mirrored = torch.from_numpy(rng.uniform(size=count) < 0.5)
    pictures = torch.where(mirrored[:, None, None, None], pictures.flip(-1), pictures)
    far = max(round(_SHIFT * side / 48), 1)
    padded = nn.functional.pad(pictures, (far,) * 4, mode="replicate")
    corners = rng.integers(0, 2 * far + 1, (count, 2))
    cut = torch.stack([one[:, y : y + side, x : x + side] for one, (y, x) in zip(padded, corners, strict=True)])
    light = torch.from_numpy(rng.uniform(0.75, 1.25, (count, 1, 1, 1)).astype(np.float32))
    return cut * light


def read(tower: Tower, pictures: NDArray[np.uint8], *, features: bool) -> Rows:
    """What a frozen tower says of pictures: its features, or its outputs; float64, (N, D)."""
    found = []
    with torch.inference_mode():
        for start in range(0, len(pictures), _READ):
            part = _tensor(pictures[start : start + _READ])
            found.append((tower.features(part) if features else tower(part)).double().numpy())
    return np.concatenate(found)


@dataclass(frozen=True, slots=True, eq=False)
class Fusion:
    """Both branches in one vector; every number in it comes from the first task.

    Attributes:
        mean, axes: of the deep features; (Dd,) and (Dd, P).
        deep_scale, unit_scale: what the parts are divided by; () each.
        unit_mean: of the action units, (A,).
    """

    mean: Rows
    axes: Rows
    deep_scale: float
    unit_mean: Rows
    unit_scale: float

    @classmethod
    def of(cls, deep: Rows, units: Rows, parts: int) -> Fusion:
        """Principal parts of the deep features, and both scales, of the first task's samples."""
        mean = deep.mean(axis=0)
        _, _, turned = np.linalg.svd(deep - mean, full_matrices=False)
        axes = turned[:parts].T
        inside = (deep - mean) @ axes
        return cls(mean, axes, _spread(inside), units.mean(axis=0), _spread(units - units.mean(axis=0)))

    def join(self, deep: Rows, units: Rows, mode: str) -> Rows:
        """The vector of each sample: "deep", "au" or "both"."""
        first = (deep - self.mean) @ self.axes / self.deep_scale
        second = (units - self.unit_mean) / self.unit_scale
        return {"deep": first, "au": second, "both": np.hstack([first, second])}[mode]


@dataclass(frozen=True, slots=True, eq=False)
class Branches:
    """Both frozen branches, and what they say of the samples they were trained beside.

    Attributes:
        deep, units: networks; no units where another program gave them, see `branches_of`.
        fusion: of what they say.
        rows: deep features and action units of the training samples.
        budget: numbers fitted, steps and samples of each branch, by its name.
        known: what they said of pictures that were asked for before.
    """

    deep: Tower
    units: Tower | None
    fusion: Fusion
    rows: tuple[Rows, Rows]
    budget: Mapping[str, tuple[int, int, int]]
    known: dict[bytes, tuple[Rows, Rows]] = field(default_factory=dict)

    def vectors(self, mode: str, samples: Samples | None = None) -> Rows:
        """Vectors of samples, or of those that were trained on: "deep", "au" or "both"."""
        if samples is None:
            return self.fusion.join(*self.rows, mode)
        pictures = samples["image"]
        key = blake2b(np.ascontiguousarray(pictures).tobytes(), digest_size=16).digest()
        if key not in self.known:
            self.known[key] = read(self.deep, pictures, features=True), units_of(self.units, samples)
        return self.fusion.join(*self.known[key], mode)


def units_of(tower: Tower | None, samples: Samples) -> Rows:
    """Action units of each sample: what another program said, or the network; (N, A)."""
    if tower is None:
        return samples["units"].astype(np.float64)
    return read(tower, samples["image"], features=False)


_KEPT: OrderedDict[tuple[object, ...], Any] = OrderedDict()
_MOST = 4


def branches_of(train: Samples, plan: Plan, seed: int) -> Branches:
    """Train both branches: the deep one on the first task alone, the other on rows without an expression.

    The arms of one seed share them, so that they differ in nothing but what they are meant to.

    Args:
        train: image, expression, task (-1: to learn action units from) and actions; or `units` in the place of both,
            what another program says of each picture.
        plan: of the training.
        seed: of the first weights and the order.
    """
    drills, first = np.flatnonzero(train["task"] < 0), np.flatnonzero(train["task"] == 0)
    labels = np.unique(train["expression"][first], return_inverse=True)[1].astype(np.int64)
    columns = ("image", "units") if "units" in train.fields else ("image",)
    whole = (plan, seed, _digest(train, "task", "expression"), _digest(train, *columns))
    if (found := _KEPT.get(whole)) is not None:
        return cast("Branches", found)
    units, unit_cost = (None, (0, 0, 0)) if "units" in train.fields else _estimator(train.subset(drills), plan)
    untaught = _untaught(int(labels.max()) + 1, train["image"].shape[1], plan.backbone, seed)
    deep = taught(untaught, train["image"][first], labels, plan.deep_steps, seed, plan.lr)
    rows = read(deep, train["image"], features=True), units_of(units, train)
    fusion = Fusion.of(rows[0][first], rows[1][first], plan.parts)
    budget = {
        "deep": (_size(deep) + fusion.axes.size, plan.deep_steps, plan.deep_steps * _BATCH),
        "au": unit_cost,
    }
    return cast("Branches", _keep(whole, Branches(deep, units, fusion, rows, budget)))


def _estimator(drills: Samples, plan: Plan) -> tuple[Tower, tuple[int, int, int]]:
    """The network that estimates action units, and what it cost: the same for all seeds."""
    part = (plan.backbone, plan.unit_steps, plan.lr, _digest(drills, "image", "actions"))
    units = _KEPT.get(part)
    if units is None:
        wanted = drills["actions"].astype(np.float32)
        untaught = _untaught(wanted.shape[1], drills["image"].shape[1], plan.backbone, _ELSEWHERE)
        units = taught(untaught, drills["image"], wanted, plan.unit_steps, _ELSEWHERE, plan.lr)
    _keep(part, units)
    return units, (_size(units), plan.unit_steps, plan.unit_steps * _BATCH)


def _keep(key: tuple[object, ...], one: object) -> object:
    _KEPT[key] = one
    if len(_KEPT) > _MOST:
        _KEPT.popitem(last=False)
    return one


def _digest(samples: Samples, *columns: str) -> bytes:
    state = blake2b(digest_size=16)
    for column in columns:
        for start in range(0, len(samples), _READ):
            state.update(np.ascontiguousarray(samples[column][start : start + _READ]).tobytes())
    return state.digest()


def _untaught(outputs: int, size: int, kind: str, seed: int) -> Tower:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Tower(outputs, size, kind)


def _size(tower: Tower) -> int:
    return sum(one.numel() for one in tower.parameters())


def _spread(rows: Rows) -> float:
    """Root of the mean variance of the columns: one number, so that weak columns stay weak."""
    return float(max(np.sqrt(rows.var(axis=0).mean()), 1e-9))
