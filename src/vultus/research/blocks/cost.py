"""What a network costs: parameters, and multiplications for one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Cost:
    """Parameters, and multiply-accumulate operations of convolutions and dense layers for one input."""

    parameters: int
    macs: int


def cost(model: nn.Module, shape: tuple[int, ...]) -> Cost:
    """Count, while one input of zeros passes.

    Args:
        model: takes (1, *shape).
        shape: of an input, without the batch.
    """
    macs = 0

    def count(module: nn.Module, given: tuple[Tensor, ...], made: Tensor) -> None:
        nonlocal macs
        if isinstance(module, nn.Conv2d):
            macs += made[0].numel() * module.weight[0].numel()
        elif isinstance(module, nn.Linear):
            macs += made[0].numel() * module.in_features

    handles = [part.register_forward_hook(count) for part in model.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    training, weight = model.training, next(model.parameters())
    try:
        with torch.no_grad():
            model.eval()(torch.zeros(1, *shape, dtype=weight.dtype, device=weight.device))
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()
    return Cost(sum(part.numel() for part in model.parameters()), macs)
