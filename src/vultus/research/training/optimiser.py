"""A player's optimiser, and its learning rate as a function of the step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.research.contract import Player

_RISE = 0.3  # part of a "onecycle" stage in which the rate rises


def build(player: Player, parameters: Sequence[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """The optimiser of a player."""
    if player.optimiser == "sgd":
        return torch.optim.SGD(parameters, player.lr, momentum=player.betas[0], weight_decay=player.weight_decay)
    kind = torch.optim.AdamW if player.optimiser == "adamw" else torch.optim.Adam
    return kind(parameters, player.lr, betas=player.betas, weight_decay=player.weight_decay)


def rate(player: Player, step: int, steps: int) -> float:
    """The learning rate of a step, counted from 0, of a stage of so many."""
    if step < player.warmup:
        return player.lr * (step + 1) / player.warmup
    done, length = step - player.warmup, max(steps - player.warmup, 1)
    if player.schedule == "constant":
        return player.lr
    if player.schedule == "onecycle":
        rising = _RISE * length
        part = (done - rising) / (length - rising) if done > rising else 1 - done / max(rising, 1)
    elif player.schedule == "restarts":
        part = done % player.period / player.period
    else:
        part = done / length
    return player.lr * (1 + math.cos(math.pi * part)) / 2
