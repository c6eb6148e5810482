"""The networks that are compared, all from counts of events (B, 2, T, H, W) to logits (B, K)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from vultus.research.blocks.spiking import Neuron, neuron
from vultus.research.blocks.volumes import Kind, convolution

if TYPE_CHECKING:
    from torch import Tensor

FULLEST = 4.0  # more events of a sign in a cell and a bin count as so many


@dataclass(frozen=True, slots=True)
class Build:
    """Which of its components a network of volumes has.

    Attributes:
        kind: of the convolutions.
        neuron: after them.
        attention: in time and space.
    """

    kind: Kind = "decomposed"
    neuron: Neuron = "soft"
    attention: bool = True


@dataclass(frozen=True, slots=True)
class Size:
    """How large a network is.

    Attributes:
        classes: K.
        bins: T.
        side: H and W.
        widths, depths: channels and blocks of each stage; a stage ends with a pooling that halves height and width.
        beta: steepness of soft spikes.
        reach: side of the attention's convolution in space.
        dropout: before the classifier.
    """

    classes: int
    bins: int
    side: int
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    beta: float
    reach: int
    dropout: float


def scaled(counts: Tensor) -> Tensor:
    """Counts of events as they are looked at: at most `FULLEST`, and 1 where a cell has as many. Same shape."""
    return counts.float().clamp(max=FULLEST) / FULLEST


class SpaceTimeAttention(nn.Module):
    """x (1 + a): a gate over time from what all places see, then one over space from what all times see.

    Args:
        channels: C.
        reach: side of the convolution in space.
    """

    def __init__(self, channels: int, reach: int = 7) -> None:
        super().__init__()
        self.time = nn.Conv1d(channels, 1, 3, padding=1)
        self.space = nn.Conv2d(2, 1, reach, padding=reach // 2)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, T, H, W) to the same."""
        when = torch.sigmoid(self.time(maps.mean((3, 4))))[..., None, None]
        maps = maps * (1 + when)
        over = maps.mean(2)
        where = torch.sigmoid(self.space(torch.stack([over.mean(1), over.amax(1)], 1)))[:, :, None]
        return maps * (1 + where)


class Block(nn.Module):
    """Convolution over space and time, normalisation, neurons, attention."""

    def __init__(self, inward: int, outward: int, size: Size, build: Build) -> None:
        super().__init__()
        self.convolve = convolution(inward, outward, build.kind, bias=False)
        self.norm = nn.BatchNorm3d(outward)
        self.spike = neuron(build.neuron, outward, size.beta)
        self.attend = SpaceTimeAttention(outward, size.reach) if build.attention else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C_in, T, H, W) to (B, C_out, T, H, W)."""
        attended: Tensor = self.attend(self.spike(self.norm(self.convolve(maps))))
        return attended


class Volumes(nn.Module):
    """CS3D, and with another `Build` the networks that it is held against. Time is kept until the classifier."""

    def __init__(self, size: Size, build: Build, channels: int = 2) -> None:
        super().__init__()
        self.build = build
        parts: list[nn.Module] = []
        inward = channels
        for width, depth in zip(size.widths, size.depths, strict=True):
            for _ in range(depth):
                parts.append(Block(inward, width, size, build))
                inward = width
            parts.append(nn.MaxPool3d((1, 2, 2)))
        self.stages = nn.Sequential(*parts)
        self.drop = nn.Dropout(size.dropout)
        self.classify = nn.Linear(inward * size.bins, size.classes)

    def forward(self, counts: Tensor) -> Tensor:
        """(B, 2, T, H, W) to (B, K)."""
        maps = self.stages(scaled(counts)).mean((3, 4))
        logits: Tensor = self.classify(self.drop(maps.flatten(1)))
        return logits


class Frames(nn.Module):
    """2-D convolutions on one picture: the convolutional part of the other rivals, or a rival of its own.

    Args:
        size: of the network; widths are multiplied by `wider`.
        wider: how much wider.
    """

    def __init__(self, size: Size, wider: float = 1.0) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        inward = 2
        for width, depth in zip(size.widths, size.depths, strict=True):
            for _ in range(depth):
                outward = max(round(width * wider), 1)
                parts += [nn.Conv2d(inward, outward, 3, padding=1, bias=False), nn.BatchNorm2d(outward), nn.ReLU()]
                inward = outward
            parts.append(nn.MaxPool2d(2))
        self.layers, self.width = nn.Sequential(*parts), inward

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 2, H, W) to (B, width)."""
        found: Tensor = self.layers(pictures).mean((2, 3))
        return found


class Summed(nn.Module):
    """2-D convolutions on all events of a clip, whenever they came: blind to order and speed."""

    def __init__(self, size: Size, wider: float) -> None:
        super().__init__()
        self.frames = Frames(size, wider)
        self.classify = nn.Linear(self.frames.width, size.classes)

    def forward(self, counts: Tensor) -> Tensor:
        """(B, 2, T, H, W) to (B, K)."""
        logits: Tensor = self.classify(self.frames(torch.log1p(counts.float().sum(2))))
        return logits


class Recurrent(nn.Module):
    """2-D convolutions on each bin, and a GRU over the bins."""

    def __init__(self, size: Size, hidden: int) -> None:
        super().__init__()
        self.frames = Frames(size)
        self.gru = nn.GRU(self.frames.width, hidden, batch_first=True)
        self.classify = nn.Linear(hidden, size.classes)

    def forward(self, counts: Tensor) -> Tensor:
        """(B, 2, T, H, W) to (B, K)."""
        found, _ = self.gru(_by_bin(self.frames, counts))
        logits: Tensor = self.classify(found[:, -1])
        return logits


class Attending(nn.Module):
    """2-D convolutions on each bin, and a transformer over the bins."""

    def __init__(self, size: Size, hidden: int, heads: int = 4) -> None:
        super().__init__()
        self.frames = Frames(size)
        width = self.frames.width
        self.place = nn.Parameter(torch.randn(size.bins, width) * 0.1)
        self.layer = nn.TransformerEncoderLayer(width, heads, hidden, 0.0, batch_first=True, norm_first=True)
        self.classify = nn.Linear(width, size.classes)

    def forward(self, counts: Tensor) -> Tensor:
        """(B, 2, T, H, W) to (B, K)."""
        logits: Tensor = self.classify(self.layer(_by_bin(self.frames, counts) + self.place).mean(1))
        return logits


def _by_bin(frames: Frames, counts: Tensor) -> Tensor:
    """Features of every bin, (B, T, C)."""
    pictures = scaled(counts).transpose(1, 2)
    found: Tensor = frames(pictures.flatten(0, 1))
    return found.view(len(counts), -1, frames.width)
