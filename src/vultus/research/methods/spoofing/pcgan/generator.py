"""From content and pattern to a picture: convolutions whose weights the pattern scales.

Weight modulation and demodulation: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", CVPR 2020;
waves as an input: "Alias-Free Generative Adversarial Networks", NeurIPS 2021.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  PyTorch's own habit

if TYPE_CHECKING:
    from collections.abc import Sequence


class StyledConv(nn.Module):
    """A convolution whose input channels a style scales: w'_oik = s_i w_oik / sqrt(sum_ik (s_i w_oik)^2).

    The weights of each sample are never built: its input is scaled before, its output after one common convolution.

    Args:
        inward, width: channels.
        style: length of the style.
        side: of the kernel.
        demodulate: divide by the root above.
    """

    def __init__(self, inward: int, width: int, style: int, side: int = 3, *, demodulate: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width, inward, side, side) / (inward * side * side) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(width))
        self.scale = nn.Linear(style, inward)
        nn.init.normal_(self.scale.weight, std=0.5 / style**0.5)
        nn.init.ones_(self.scale.bias)
        self.side, self.demodulate = side, demodulate

    def forward(self, maps: Tensor, style: Tensor) -> Tensor:
        """(B, inward, H, W) and (B, style) to (B, width, H, W)."""
        scale = self.scale(style)
        out = F.conv2d(maps * scale[:, :, None, None], self.weight, padding=self.side // 2)
        if self.demodulate:
            power = scale**2 @ (self.weight**2).sum((2, 3)).T
            out = out * (power + 1e-8).rsqrt()[:, :, None, None]
        return out + self.bias[:, None, None]


class Waves(nn.Module):
    """Gratings of fixed pitch and direction at random places, and noise: what a pattern may draw on a picture.

    Args:
        width: channels that come out.
        style: length of the style, which says how strong each is.
        pitches: cycles per pixel.
        turns: directions.
    """

    bank: Tensor

    def __init__(self, width: int, style: int, pitches: Sequence[float], turns: int) -> None:
        super().__init__()
        angles = torch.arange(turns) * torch.pi / turns
        directions = torch.stack([angles.cos(), angles.sin()], 1)
        self.register_buffer("bank", torch.cat([cycles * directions for cycles in pitches]))
        self.strength = nn.Linear(style, len(self.bank) + 1)
        nn.init.normal_(self.strength.weight, std=0.3 / style**0.5)
        nn.init.zeros_(self.strength.bias)
        self.mix = nn.Conv2d(len(self.bank) + 1, width, 1, bias=False)

    def forward(self, style: Tensor, phase: Tensor, size: tuple[int, int], generator: Tensor) -> Tensor:
        """Draw.

        Args:
            style: (B, style).
            phase: where each grating starts, 0 to 1: (B, waves).
            size: height and width.
            generator: noise, (B, 1, H, W).
        """
        height, width = size
        x, y = torch.arange(width, device=style.device), torch.arange(height, device=style.device)
        turns = self.bank[:, 0, None, None] * x + self.bank[:, 1, None, None] * y[:, None]
        waves = torch.cos(2 * torch.pi * (turns + phase[:, :, None, None]))
        drawn: Tensor = self.mix(torch.cat([waves, generator], 1) * self.strength(style)[:, :, None, None])
        return drawn


class Generator(nn.Module):
    """G: content, pattern and skip to a picture.

    Args:
        widths: channels as of the encoder; read backwards.
        content: channels of the content.
        pattern: length of the pattern.
        pitches, turns: see `Waves`.
    """

    def __init__(self, widths: Sequence[int], content: int, pattern: int, pitches: Sequence[float], turns: int) -> None:
        super().__init__()
        down = tuple(widths)[::-1]
        self.start = StyledConv(content, down[0], pattern)
        self.grow = nn.ModuleList(StyledConv(a, b, pattern) for a, b in pairwise(down))
        self.skip = nn.Conv2d(widths[1], widths[1], 1)
        self.waves = Waves(down[-1], pattern, pitches, turns)
        self.last = StyledConv(down[-1], down[-1], pattern)
        self.colour = StyledConv(down[-1], 3, pattern, 1, demodulate=False)

    def phases(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """What is random in a picture: places of the gratings, and noise; the same ones give the same picture."""
        count = len(self.waves.bank)
        phase = torch.rand(len(image), count, device=image.device)
        return phase, torch.randn(len(image), 1, *image.shape[2:], device=image.device)

    def forward(self, content: Tensor, pattern: Tensor, skip: Tensor, random: tuple[Tensor, Tensor]) -> Tensor:
        """(B, C, h, w), (B, P), (B, W1, H / 2, W / 2) to (B, 3, H, W), about -1 to 1."""
        maps = F.leaky_relu(self.start(content, pattern), 0.2)
        for block in self.grow:
            if maps.shape[2] == skip.shape[2]:
                maps = maps + self.skip(skip)
            maps = F.interpolate(maps, scale_factor=2.0, mode="bilinear", align_corners=False)
            maps = F.leaky_relu(block(maps, pattern), 0.2)
        drawn = self.waves(pattern, random[0], (maps.shape[2], maps.shape[3]), random[1])
        maps = F.leaky_relu(self.last(maps, pattern) + drawn, 0.2)
        image: Tensor = self.colour(maps, pattern)
        return image
