"""METST_SF: a fast and a slow path over flow features, one head for spotting and one for recognition.

Source: the paper's public code describes stem, paths, stages, laterals and heads; blocks are Mamba's (Gu and Dao,
arXiv 2312.00752) or, small, convolutions in time. The selective scan runs step by step in plain PyTorch, since
`mamba_ssm` needs CUDA.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  PyTorch's own habit

if TYPE_CHECKING:
    from torch import Tensor

CHANNELS = 36
STAGES = 3


class SelectiveScan(nn.Module):
    """A Mamba block: h_t = exp(dt A) h_{t-1} + dt B_t x_t, y_t = C_t h_t + D x_t, gated; dt, B and C follow from x.

    Args:
        width: of the sequence; (B, T, width) in and out.
        state: numbers that each inner channel remembers.
        taps: of the causal convolution before the scan.
        expand: inner channels per channel.
    """

    def __init__(self, width: int, state: int, taps: int = 4, expand: int = 2) -> None:
        super().__init__()
        inner, self._rank, self._state = expand * width, max(width // 16, 1), state
        self.into = nn.Linear(width, 2 * inner, bias=False)
        self.short = nn.Conv1d(inner, inner, taps, padding=taps - 1, groups=inner)
        self.choose = nn.Linear(inner, self._rank + 2 * state, bias=False)
        self.step = nn.Linear(self._rank, inner)
        self.decay = nn.Parameter(torch.arange(1, state + 1).float().log().repeat(inner, 1))
        self.skip = nn.Parameter(torch.ones(inner))
        self.out = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, width) to the same."""
        length = x.shape[1]
        inner, gate = self.into(x).chunk(2, dim=-1)
        inner = F.silu(self.short(inner.transpose(1, 2))[..., :length].transpose(1, 2))
        step, write, read = self.choose(inner).split([self._rank, self._state, self._state], dim=-1)
        step = F.softplus(self.step(step))
        keep = torch.exp(step[..., None] * -self.decay.exp())
        drive = (step * inner)[..., None] * write[:, :, None]
        memory = torch.zeros_like(keep[:, 0])
        told = []
        for at in range(length):
            memory = keep[:, at] * memory + drive[:, at]
            told.append((memory * read[:, at, None]).sum(dim=-1))
        found = torch.stack(told, dim=1) + self.skip * inner
        result: Tensor = self.out(found * F.silu(gate))
        return result


class TimeConvolution(nn.Module):
    """What stands in for `SelectiveScan` at small sizes: a depthwise convolution in time and two mixings."""

    def __init__(self, width: int, taps: int = 7) -> None:
        super().__init__()
        self.time = nn.Conv1d(width, width, taps, padding=taps // 2, groups=width)
        self.mix = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, width) to the same."""
        mixed: Tensor = self.mix(self.time(x.transpose(1, 2)).transpose(1, 2))
        return mixed


class Block(nn.Module):
    """x + drop(LN(inner(LN x))), on (B, width, T)."""

    def __init__(self, width: int, kind: Literal["mamba", "tcn"], state: int, drop: float) -> None:
        super().__init__()
        self.before, self.after, self.drop = nn.LayerNorm(width), nn.LayerNorm(width), drop
        self.inner = SelectiveScan(width, state) if kind == "mamba" else TimeConvolution(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, T) to the same; in training whole samples skip the block now and then."""
        found = self.after(self.inner(self.before(x.transpose(1, 2)))).transpose(1, 2)
        if self.training and self.drop:
            kept = (torch.rand(len(x), 1, 1, device=x.device) >= self.drop).to(found.dtype)
            found = found * kept / (1 - self.drop)
        whole: Tensor = x + found
        return whole


class FastSlow(nn.Module):
    """METST_SF up to its heads.

    Args:
        width: of the fast path; the slow one is twice as wide and half as long.
        blocks: per stage and path.
        kind: of the blocks.
        state: of the selective scan.
        drop: share of samples that skip the last block; from 0 it rises over the blocks.
        channels: of the features.
    """

    def __init__(
        self, width: int, blocks: int, kind: Literal["mamba", "tcn"], state: int = 64, drop: float = 0.0,
        channels: int = CHANNELS,
    ) -> None:  # fmt: skip
        super().__init__()
        self.stem = nn.Sequential(_conv(channels, width), _conv(width, width))
        self.slow = nn.Conv1d(width, 2 * width, 3, stride=2, padding=1)
        rates = [drop * at / max(STAGES * blocks - 1, 1) for at in range(STAGES * blocks)]

        def path(size: int) -> nn.ModuleList:
            return nn.ModuleList(
                nn.Sequential(*(Block(size, kind, state, rates[stage * blocks + at]) for at in range(blocks)))
                for stage in range(STAGES)
            )

        self.fast_stages, self.slow_stages = path(width), path(2 * width)
        self.laterals = nn.ModuleList(_conv(width, 2 * width, stride=2) for _ in range(STAGES - 1))

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, channels, T) to (B, 3 width, T)."""
        fast = self.stem(x)
        slow = self.slow(fast)
        for stage in range(STAGES):
            fast, slow = self.fast_stages[stage](fast), self.slow_stages[stage](slow)
            if stage < STAGES - 1:
                slow = slow + self.laterals[stage](fast)
        slow = F.interpolate(slow, size=fast.shape[-1])
        return torch.cat([fast, slow], dim=1)


def still(flow: Tensor, *, nose: bool = True) -> Tensor:
    """Windows of flow (B, T, 38) as features (B, 36, T), from each window's first frame on.

    Args:
        flow: of the regions, and of the bridge of the nose.
        nose: subtract the bridge, which is the head's movement.
    """
    regions, bridge = flow[..., :CHANNELS], flow[..., CHANNELS:]
    if nose:
        regions = regions - bridge.repeat(1, 1, CHANNELS // 2)
    return (regions - regions[:, :1]).transpose(1, 2)


def jittered(batch: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
    """The batch with `flow` up to a tenth larger or smaller, for each window."""
    scale = torch.rand(len(batch["flow"]), 1, 1, generator=generator, device=generator.device) * 0.2 + 0.9
    return {**batch, "flow": batch["flow"] * scale}


def _conv(inward: int, outward: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv1d(inward, outward, 3, stride=stride, padding=1), nn.BatchNorm1d(outward), nn.ReLU())


def parameters(module: nn.Module) -> int:
    """How many numbers are learnt."""
    return sum(one.numel() for one in module.parameters() if one.requires_grad)
