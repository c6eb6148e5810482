"""The two critics: one looks at whole pictures, one at patches beside patches of the donor.

Patch co-occurrence: Park et al., "Swapping Autoencoder for Deep Image Manipulation", NeurIPS 2020. R1: Mescheder et
al., ICML 2018, taken lazily as in StyleGAN2.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  PyTorch's own habit

if TYPE_CHECKING:
    from collections.abc import Sequence


class Trunk(nn.Module):
    """Strided convolutions to a vector: mean over the last map."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, widths[0], 3, padding=1)
        self.steps = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in pairwise(widths))

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) to (B, widths[-1])."""
        maps = F.leaky_relu(self.stem(image), 0.2)
        for step in self.steps:
            maps = F.leaky_relu(step(maps), 0.2)
        return maps.mean((2, 3))


class ImageCritic(nn.Module):
    """D: how real a picture is."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.trunk, self.judge = Trunk(widths), nn.Linear(widths[-1], 1)

    def forward(self, image: Tensor) -> Tensor:
        """Logits (B,)."""
        said: Tensor = self.judge(self.trunk(image))[:, 0]
        return said


class PatchCritic(nn.Module):
    """Whether patches look as if cut from the same picture as the reference patches."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.trunk = Trunk(widths)
        self.judge = nn.Sequential(
            nn.Linear(2 * widths[-1], widths[-1]), nn.LeakyReLU(0.2), nn.Linear(widths[-1], 1)
        )  # fmt: skip

    def forward(self, patches: Tensor, reference: Tensor) -> Tensor:
        """Patches and reference patches, (B, n, 3, s, s), to logits (B, n)."""
        count = patches.shape[1]
        seen = self.trunk(torch.cat([patches, reference], 1).flatten(0, 1)).reshape(len(patches), 2 * count, -1)
        ours, theirs = seen[:, :count], seen[:, count:].mean(1, keepdim=True).expand(-1, count, -1)
        said: Tensor = self.judge(torch.cat([ours, theirs], 2))[..., 0]
        return said


def cut(image: Tensor, count: int, side: int) -> Tensor:
    """Squares from random places: (B, C, H, W) to (B, count, C, side, side)."""
    rows, _, height, width = image.shape
    top = torch.randint(height - side + 1, (rows, count, 1, 1), device=image.device)
    left = torch.randint(width - side + 1, (rows, count, 1, 1), device=image.device)
    step = torch.arange(side, device=image.device)
    at = ((top + step[:, None]) * width + left + step).flatten(1)
    picked = image.flatten(2).gather(2, at[:, None].expand(-1, image.shape[1], -1))
    return picked.reshape(rows, -1, count, side, side).movedim(2, 1)


def patches(image: Tensor, count: int, smallest: int, largest: int) -> Tensor:
    """Squares of one random size, brought to the largest: (B, count, C, largest, largest)."""
    side = int(torch.randint(smallest, largest + 1, ()))
    found = cut(image, count, side)
    if side == largest:
        return found
    larger = F.interpolate(found.flatten(0, 1), size=(largest, largest), mode="bilinear")
    return larger.reshape(len(image), count, -1, largest, largest)


def slope(said: Tensor, shown: Tensor) -> Tensor:
    """R1: mean of the squared length of the gradient of a critic by what it is shown.

    Args:
        said: logits that depend on `shown`.
        shown: real pictures, or patches.
    """
    (gradient,) = torch.autograd.grad(said.sum(), shown, create_graph=True)
    return gradient.pow(2).flatten(1).sum(1).mean()
