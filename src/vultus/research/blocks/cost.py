"""What a network costs: parameters, multiplications for one input, and energy where its layers are fed by spikes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import Tensor

# Picojoules in 45 nm at 0.9 V: a 32-bit floating-point multiplication takes 3.7 and an addition 0.9.
# Horowitz, "Computing's Energy Problem (and what we can do about it)", ISSCC 2014.
MAC_PJ, AC_PJ = 4.6, 0.9
_KINDS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear, nn.GRU, nn.MultiheadAttention)


@dataclass(frozen=True, slots=True)
class Cost:
    """Parameters, and multiply-accumulate operations of convolutions and dense layers for one input."""

    parameters: int
    macs: int


@dataclass(frozen=True, slots=True)
class Layer:
    """What one layer does for one input.

    Attributes:
        name: of the part.
        macs: multiply-accumulate operations if nothing is left out.
        fed: mean size of the numbers it is given. Spikes of 1 make it the share of connections that are used, and a
            number v counts as v spikes.
        sent: mean size of the numbers it gives.
    """

    name: str
    macs: int
    fed: float
    sent: float


def layers(model: nn.Module, batch: Tensor, also: Mapping[type[nn.Module], int] | None = None) -> tuple[Layer, ...]:
    """Count, while a batch passes: convolutions, dense layers, recurrent layers and attention, in order.

    Args:
        model: takes the batch.
        batch: what it is measured on; (B, ...).
        also: further kinds of parts, and how many multiplications these take for each number that they give.
    """
    own, found = also or {}, []

    def count(name: str, module: nn.Module, given: tuple[Tensor, ...], made: Tensor | tuple[Tensor, ...]) -> None:
        out = made[0] if isinstance(made, tuple) else made
        each = out[0].numel()
        extra = sum(each * times for kind, times in own.items() if isinstance(module, kind))
        sizes = [one.detach().abs().double().mean().item() if one.device.type != "meta" else 0.0
                 for one in (given[0], out)]  # fmt: skip
        found.append(Layer(name, _macs(module, given[0][0], out[0]) + extra, *sizes))

    kinds: tuple[type[nn.Module], ...] = (*_KINDS, *own)
    handles = [
        part.register_forward_hook(partial(count, name))
        for name, part in model.named_modules()
        if isinstance(part, kinds)
    ]
    modes = [(part, part.training) for part in model.modules()]
    try:
        with torch.no_grad():
            model.eval()(batch)
    finally:
        for part, mode in modes:
            part.training = mode
        for handle in handles:
            handle.remove()
    return tuple(found)


def cost(model: nn.Module, shape: tuple[int, ...]) -> Cost:
    """Count, while one input of zeros passes.

    Args:
        model: takes (1, *shape).
        shape: of an input, without the batch.
    """
    weight = next(model.parameters())
    counted = layers(model, torch.zeros(1, *shape, dtype=weight.dtype, device=weight.device))
    return Cost(sum(part.numel() for part in model.parameters()), sum(one.macs for one in counted))


def energy_pj(counted: Iterable[Layer], spikes: Mapping[str, float] | None = None) -> float:
    """Energy for one input: 4.6 pJ for each multiply-accumulate, 0.9 pJ for each addition that a spike causes.

    Args:
        counted: see `layers`.
        spikes: layers that are fed by spikes, and what number stands for one spike there. They add a weight for each
            spike, so that their multiplications shrink to as many additions as `fed` says. None: everything is dense.
    """
    units = spikes or {}
    return sum(
        one.macs * one.fed / units[one.name] * AC_PJ if one.name in units else one.macs * MAC_PJ for one in counted
    )


def _macs(module: nn.Module, given: Tensor, made: Tensor) -> int:
    """Of one input."""
    if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        return made.numel() * module.weight[0].numel()
    if isinstance(module, nn.Linear):
        return made.numel() * module.in_features
    if isinstance(module, nn.GRU):
        return len(given) * sum(one.numel() for one in module.parameters() if one.ndim == 2)
    if isinstance(module, nn.MultiheadAttention):
        length, width = given.shape
        return 4 * length * width**2 + 2 * length**2 * width
    return 0
