"""What stands before the experts: a network for each kind of sensor, from a row to a vector.

Sources: Lawhern et al., "EEGNet", J. Neural Eng. 2018, with the sizes of the EAV set's public code (8 temporal filters,
depth 8, 64 separable ones, pools 4 and 8); convolutions with a transformer over time for mel spectrograms and video,
whose sizes the paper leaves open.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

    from vultus.research.data.world.signals import Modality

_POOLS = (4, 8)


class EegNet(nn.Module):
    """Filters in time, weights over channels, filters in time for each of those: (B, C, T) to (B, width).

    Also for eyes, muscles and blood: EEGNet for few channels is the same network with fewer of them.

    Args:
        channels: of a row.
        samples: of a row.
        width: of the vector.
        filters: in time.
        depth: weights over channels for each filter.
        kernel: of the filters in time, samples.
        drop: share of features left out in training.
    """

    def __init__(
        self, channels: int, samples: int, width: int, *, filters: int = 8, depth: int = 8, kernel: int = 300,
        drop: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__()
        inner = filters * depth
        self.time = nn.Sequential(
            nn.ZeroPad2d((kernel // 2 - (kernel + 1) % 2, kernel // 2, 0, 0)),
            nn.Conv2d(1, filters, (1, kernel), bias=False), nn.BatchNorm2d(filters),
        )  # fmt: skip
        self.space = nn.Sequential(
            nn.Conv2d(filters, inner, (channels, 1), groups=filters, bias=False), nn.BatchNorm2d(inner), nn.ELU(),
            nn.AvgPool2d((1, _POOLS[0])), nn.Dropout(drop),
        )  # fmt: skip
        self.separable = nn.Sequential(
            nn.ZeroPad2d((7, 8, 0, 0)), nn.Conv2d(inner, inner, (1, 16), groups=inner, bias=False),
            nn.Conv2d(inner, inner, 1, bias=False), nn.BatchNorm2d(inner), nn.ELU(),
            nn.AvgPool2d((1, _POOLS[1])), nn.Dropout(drop),
        )  # fmt: skip
        self.out = nn.Linear(inner * (samples // _POOLS[0] // _POOLS[1]), width)

    def forward(self, row: Tensor) -> Tensor:
        """(B, C, T) to (B, width)."""
        found: Tensor = self.out(self.separable(self.space(self.time(row[:, None]))).flatten(1))
        return found


class MelNet(nn.Module):
    """Convolutions over the time of a mel spectrogram, then a transformer: (B, 1, 64, T) to (B, width)."""

    def __init__(self, width: int, bands: int = 64, drop: float = 0.1) -> None:
        super().__init__()
        self.short = nn.Sequential(
            nn.Conv1d(bands, width, 5, stride=2, padding=2), nn.BatchNorm1d(width), nn.GELU(),
            nn.Conv1d(width, width, 5, stride=2, padding=2), nn.BatchNorm1d(width), nn.GELU(),
        )  # fmt: skip
        self.long = OverTime(width, drop)

    def forward(self, row: Tensor) -> Tensor:
        """(B, 1, bands, T) to (B, width)."""
        found: Tensor = self.long(self.short(row[:, 0]).transpose(1, 2))
        return found


class FrameNet(nn.Module):
    """Three convolutions for every picture, then a transformer over them: (B, T, 3, 56, 56) to (B, width)."""

    def __init__(self, width: int, drop: float = 0.1) -> None:
        super().__init__()
        sizes = (3, max(width // 4, 4), max(width // 2, 4), width)
        self.picture = nn.Sequential(*(
            layer for inward, outward in pairwise(sizes)
            for layer in (nn.Conv2d(inward, outward, 3, stride=2, padding=1), nn.BatchNorm2d(outward), nn.GELU())
        ))  # fmt: skip
        self.long = OverTime(width, drop)

    def forward(self, row: Tensor) -> Tensor:
        """(B, T, 3, H, W) to (B, width)."""
        batch, length = row.shape[:2]
        maps = self.picture(row.flatten(0, 1)).mean((2, 3))
        found: Tensor = self.long(maps.view(batch, length, -1))
        return found


class OverTime(nn.Module):
    """One transformer layer over (B, T, width), then the mean: (B, width). Place in time is told by a learnt decay."""

    def __init__(self, width: int, drop: float, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads if width % heads == 0 else 1
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mixed, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(drop), nn.Linear(2 * width, width))
        self.decay = nn.Parameter(torch.zeros(self.heads))

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, width) to (B, width)."""
        batch, length, width = x.shape
        query, key, value = (
            one.view(batch, length, self.heads, -1).transpose(1, 2) for one in self.mixed(self.before(x)).chunk(3, -1)
        )
        at = torch.arange(length, device=x.device, dtype=x.dtype)
        far = (at[:, None] - at[None]).abs() / length
        score = query @ key.transpose(2, 3) / query.shape[-1] ** 0.5 - self.decay.view(-1, 1, 1) * far
        x = x + self.out((score.softmax(-1) @ value).transpose(1, 2).reshape(batch, length, width))
        found: Tensor = (x + self.wide(self.after(x))).mean(1)
        return found


def encoder(
    one: Modality, shape: tuple[int, ...], width: int, *, filters: int, depth: int, kernel: int, drop: float
) -> nn.Module:
    """The network for a modality; those with few channels have half the filters.

    Args:
        one: the modality.
        shape: of a row.
        width: of the vector.
        filters, depth, kernel, drop: see `EegNet`.
    """
    if one.kind == "mel":
        return MelNet(width)
    if one.kind == "video":
        return FrameNet(width)
    own = filters if one.name == "eeg" else max(filters // 2, 1)
    return EegNet(shape[0], shape[1], width, filters=own, depth=depth, kernel=min(kernel, shape[1]), drop=drop)
