"""Gates on feature maps: squeeze-and-excitation (SE), triplet attention (TA) and their four unions (TripSE, V1 to V4).

Sources: Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018; Misra et al., "Rotate to Attend", WACV 2021; Alhazmi
and Altahhan, "Achieving 3D Attention via Triplet Squeeze and Excitation Block", arXiv 2505.05943 (the order of the
parts in each variant follows a third party's reading of it, see docs/methods/tripse.md).

Triplet attention looks at a map along each of its axes: it keeps maximum and mean over that axis, and a convolution of
the two planes gives a gate over the other two. The papers turn the map for this and turn it back; here each gate is
brought into the frame of the map instead, where it is 1 long along the axis that was pooled. That is the same sum, and
no copy of the map is made. Shapes are (B, C, H, W) throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from vultus.errors import ConfigError, ShapeError

Kind = Literal["none", "se", "ta", "v1", "v2", "v3", "v4"]
KINDS: tuple[Kind, ...] = ("none", "se", "ta", "v1", "v2", "v3", "v4")
# Pooled axis of each branch; what is left is height x width, channel x width, and height x channel.
BRANCHES = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Gates:
    """Which gate, and what the papers leave open about it.

    Attributes:
        kind: "none", "se", "ta", or a variant of TripSE: "v1" (SE after the sum of the branches), "v2" (SE before each
            branch), "v3" (SE beside each branch, gates multiplied), "v4" (SE and plane added inside one sigmoid, then
            SE on the result).
        reduction: how much narrower SE is in its middle; never below 4 channels.
        fuse: branches are averaged ("mean", as triplet attention does) or added up ("sum").
        se_axis: "rotated": the SE of a branch runs over the axis that the branch pools, so its size is fixed to that of
            the map; "channel": over channels in every branch, for maps of any size.
        init: "plain": gates begin near a half; "identity": the block changes nothing until it has learnt, which is what
            a pretrained network needs.
    """

    kind: Kind = "v4"
    reduction: int = 16
    fuse: Literal["mean", "sum"] = "mean"
    se_axis: Literal["rotated", "channel"] = "rotated"
    init: Literal["plain", "identity"] = "plain"

    def __post_init__(self) -> None:
        for name, known in (
            ("kind", KINDS),
            ("fuse", ("mean", "sum")),
            ("se_axis", ("rotated", "channel")),
            ("init", ("plain", "identity")),
        ):
            if getattr(self, name) not in known:
                raise ConfigError(f"{name} of a gate is one of {', '.join(known)}, but it is '{getattr(self, name)}'")

    def build(self, channels: int, height: int, width: int) -> nn.Module:
        """The block for maps of a size; with `se_axis` "channel" it takes maps of any height and width."""
        if self.kind == "none":
            return nn.Identity()
        if self.kind == "se":
            return SqueezeExcitation(channels, self)
        return Triplet((channels, height, width), self)


class ChannelLogit(nn.Module):
    """S(X): what squeeze-and-excitation says of each entry of an axis, before the sigmoid.

    Args:
        length: entries of the axis.
        gates: for reduction and init.
        axis: of (B, C, H, W).
    """

    def __init__(self, length: int, gates: Gates, axis: int = 1) -> None:
        super().__init__()
        narrow = max(length // gates.reduction, 4)
        self.length, self.axis = length, axis
        self.down, self.up = nn.Linear(length, narrow), nn.Linear(narrow, length)
        if gates.init == "identity":
            nn.init.zeros_(self.up.weight)
            nn.init.zeros_(self.up.bias)

    def forward(self, maps: Tensor) -> Tensor:
        """Logits, as long as the axis and 1 long elsewhere: (B, C, 1, 1) for axis 1.

        Raises:
            ShapeError: the axis has another length; with `se_axis` "rotated" a network takes one picture size only.
        """
        if maps.shape[self.axis] != self.length:
            raise ShapeError("map", f"of length {self.length} along axis {self.axis}", str(tuple(maps.shape)))
        others = [axis for axis in BRANCHES if axis != self.axis]
        logit: Tensor = self.up(torch.relu(self.down(maps.mean(others))))
        shape = [-1, 1, 1, 1]
        shape[self.axis] = self.length
        return logit.view(shape)


class PlaneLogit(nn.Module):
    """G(Z): maximum and mean over one axis, convolved into a plane over the other two, before the sigmoid.

    Args:
        gates: for init.
        axis: pooled over.
    """

    def __init__(self, gates: Gates, axis: int) -> None:
        super().__init__()
        self.axis = axis
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.norm = nn.BatchNorm2d(1, momentum=0.01)
        if gates.init == "identity":
            # Not the convolution: normalised zeros have gradients 300 times too large.
            nn.init.zeros_(self.norm.weight)

    def forward(self, maps: Tensor) -> Tensor:
        """Logits, 1 long along the pooled axis."""
        turned = self.axis == 3  # triplet attention has height x channel there, not channel x height
        pooled = [maps.max(self.axis).values, maps.mean(self.axis)]
        # The two planes lie beside each other in memory: the convolution takes a third of the time then.
        planes = torch.stack([plane.transpose(1, 2) if turned else plane for plane in pooled], 3).permute(0, 3, 1, 2)
        logit: Tensor = self.norm(self.conv(planes))
        return (logit.transpose(2, 3) if turned else logit).squeeze(1).unsqueeze(self.axis)


class SqueezeExcitation(nn.Module):
    """X * gate(S(X))."""

    def __init__(self, channels: int, gates: Gates) -> None:
        super().__init__()
        self.channel = ChannelLogit(channels, gates)
        self.scale = _scale(gates)

    def forward(self, maps: Tensor) -> Tensor:
        """The maps, gated; same shape."""
        return maps * (self.scale * torch.sigmoid(self.channel(maps)))


class Triplet(nn.Module):
    """Triplet attention, alone or with squeeze-and-excitation in one of four places.

    Args:
        size: channels, height and width of the maps.
        gates: which variant; not "none" or "se".
    """

    def __init__(self, size: tuple[int, int, int], gates: Gates) -> None:
        super().__init__()
        self.gates, self.scale = gates, _scale(gates)
        self.share = 1 / len(BRANCHES) if gates.fuse == "mean" else 1.0
        self.planes = nn.ModuleList(PlaneLogit(gates, axis) for axis in BRANCHES)
        self.channels = nn.ModuleList()
        if gates.kind in ("v2", "v3", "v4"):
            axes = BRANCHES if gates.se_axis == "rotated" else (1, 1, 1)
            self.channels.extend(ChannelLogit(size[axis - 1], gates, axis) for axis in axes)
        self.last = ChannelLogit(size[0], gates) if gates.kind in ("v1", "v4") else None

    def forward(self, maps: Tensor) -> Tensor:
        """The maps, gated; same shape."""
        out = self.share * self._branches(maps)
        return out if self.last is None else out * self._gate(self.last(out))

    def _branches(self, maps: Tensor) -> Tensor:
        """Sum over the branches."""
        kind = self.gates.kind
        if kind in ("ta", "v1"):
            return maps * _sum([self._gate(plane(maps)) for plane in self.planes])
        pairs = list(zip(self.planes, self.channels, strict=True))
        if kind == "v2":
            first = [(plane, maps * self._gate(channel(maps))) for plane, channel in pairs]
            return _sum([part * self._gate(plane(part)) for plane, part in first])
        if kind == "v3":
            return maps * _sum([self._gate(plane(maps)) * self._gate(channel(maps)) for plane, channel in pairs])
        return maps * _sum([self._gate(plane(maps) + channel(maps)) for plane, channel in pairs])

    def _gate(self, logit: Tensor) -> Tensor:
        return self.scale * torch.sigmoid(logit)


def _scale(gates: Gates) -> float:
    """Gates that change nothing at first are 2 * sigmoid(0)."""
    return 2.0 if gates.init == "identity" else 1.0


def _sum(parts: list[Tensor]) -> Tensor:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
