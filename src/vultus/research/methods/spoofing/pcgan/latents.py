"""From a picture to what is shown (content) and how it was shown (pattern), and the heads that keep the two apart."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  PyTorch's own habit

if TYPE_CHECKING:
    from collections.abc import Sequence


class Halving(nn.Module):
    """Two convolutions that halve the map, beside an averaged shortcut."""

    def __init__(self, inward: int, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inward, inward, 3, padding=1)
        self.second = nn.Conv2d(inward, width, 3, 2, 1)
        self.short = nn.Conv2d(inward, width, 1, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) to (B, width, H / 2, W / 2)."""
        branch = self.second(F.leaky_relu(self.first(F.leaky_relu(maps, 0.2)), 0.2))
        out: Tensor = (branch + self.short(F.avg_pool2d(maps, 2))) / 2**0.5
        return out


class LowPass(nn.Module):
    """Halves a map after two binomial filters: waves above a quarter of a cycle per pixel lose 98 % and more."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        line = torch.tensor([1.0, 8.0, 28.0, 56.0, 70.0, 56.0, 28.0, 8.0, 1.0]) / 256
        self.register_buffer("kernel", torch.outer(line, line)[None, None])

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C, H / 2, W / 2)."""
        channels = maps.shape[1]
        padded = F.pad(maps, (4, 4, 4, 4), mode="reflect")
        return F.conv2d(padded, self.kernel.expand(channels, 1, 9, 9), stride=2, groups=channels)

    def fine(self, image: Tensor) -> Tensor:
        """What is lost by it."""
        slow = F.interpolate(self(image), scale_factor=2.0, mode="bilinear", align_corners=False)
        return image - slow


class Encoder(nn.Module):
    """E: a picture to content (a small map), pattern (a vector) and a skip, both without the picture's fine structure.

    Args:
        widths: channels at each size from the picture down, each half of the one before.
        content: channels of the content.
        pattern: length of the pattern.
    """

    def __init__(self, widths: Sequence[int], content: int, pattern: int) -> None:
        super().__init__()
        self.low = LowPass()
        self.stem = nn.Conv2d(3, widths[1], 3, padding=1)
        self.trunk = nn.Sequential(*[Halving(a, b) for a, b in pairwise(widths[1:])])
        self.to_content = nn.Conv2d(widths[-1], content, 1)
        first, last = widths[0], 2 * widths[0]
        plan = ((3, first, 1), (first, last, 2), (last, last, 1))
        self.texture = nn.Sequential(*[
            part for a, b, stride in plan
            for part in (nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU())
        ])  # fmt: skip
        self.to_pattern = nn.Sequential(nn.Linear(2 * last, 2 * last), nn.ReLU(), nn.Linear(2 * last, pattern))

    def forward(self, image: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Take a picture apart.

        Args:
            image: (B, 3, H, W), -1 to 1.
            mask: which pixels tell of the pattern, (B, H, W), 0 to 1; without, all.

        Returns:
            Content (B, C, h, w), pattern (B, P) and skip (B, W1, H / 2, W / 2).
        """
        skip = self.stem(self.low(image))
        return torch.tanh(self.to_content(self.trunk(skip))), self.pattern(image, mask), skip

    def pattern(self, image: Tensor, mask: Tensor | None = None) -> Tensor:
        """The pattern alone: mean and spread of what is found in the fine structure, where the mask is."""
        texture = self.texture(4 * self.low.fine(image))
        if mask is None:
            mask = texture.new_ones(len(texture), *texture.shape[2:])
        else:
            mask = F.adaptive_avg_pool2d(mask[:, None].float(), texture.shape[2:])[:, 0]
        weight = (mask / mask.sum((1, 2), keepdim=True).clamp_min(1e-6))[:, None]
        mean = (texture * weight).sum((2, 3))
        spread = ((texture - mean[:, :, None, None]) ** 2 * weight).sum((2, 3))
        code: Tensor = self.to_pattern(torch.cat([mean, (spread + 1e-4).sqrt()], 1))
        return code


class _Reversed(torch.autograd.Function):
    """The same going forward, the opposite going back."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        """Nothing happens."""
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """The sign turns."""
        return -gradients[0]


def reversed_gradient(values: Tensor) -> Tensor:
    """What learns from this learns to be of no use for what comes after it."""
    out: Tensor = _Reversed.apply(values)  # type: ignore[no-untyped-call]
    return out


class Heads(nn.Module):
    """What patterns and contents are asked: the kind of attack, and what they must not tell.

    Args:
        pattern, content: length of the one, channels of the other.
        kinds, people, domains: classes.
        hidden: width.
    """

    def __init__(self, pattern: int, content: int, kinds: int, people: int, domains: int, hidden: int = 32) -> None:
        super().__init__()
        self.kind = nn.Linear(pattern, kinds)
        self.person = nn.Sequential(nn.Linear(pattern, hidden), nn.ReLU(), nn.Linear(hidden, people))
        self.domain = nn.Sequential(nn.Linear(pattern, hidden), nn.ReLU(), nn.Linear(hidden, domains))
        self.trace = nn.Sequential(
            nn.Conv2d(content, hidden, 3, padding=1), nn.ReLU(), nn.Conv2d(hidden, hidden, 3, 2, 1), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(hidden, kinds),
        )  # fmt: skip

    def losses(self, content: Tensor, pattern: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """CE(kind(p)), and behind reversed gradients CE(person(~p)), CE(domain(~p)) and CE(kind(~c)).

        Domains are asked of people alone: where each camera knows attacks of its own, the kind tells the domain.
        """
        hidden = reversed_gradient(pattern)
        alive = (batch["label"] == 0).float()
        domain = F.cross_entropy(self.domain(hidden), batch["domain"], reduction="none")
        return {
            "kind": F.cross_entropy(self.kind(pattern), batch["kind"]),
            "person": F.cross_entropy(self.person(hidden), batch["person"]),
            "domain": (domain * alive).sum() / alive.sum().clamp_min(1),
            "trace": F.cross_entropy(self.trace(reversed_gradient(content)), batch["kind"]),
        }
