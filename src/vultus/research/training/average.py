"""The moving average of a model's weights."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


class Average:
    """Averages of everything in a model's state, running statistics of its normalisations as well.

    The first steps weigh more than the decay says, or else the first weights would be in it for long.

    Args:
        model: whose weights are averaged; the average starts at them.
        decay: how much of the average stays in a step, 0 to 1.
    """

    def __init__(self, model: torch.nn.Module, decay: float) -> None:
        self._model, self._decay = model, decay
        self.state = {key: value.detach().clone() for key, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take the weights after a step, counted from 0, in."""
        decay = min(self._decay, (1 + step) / (10 + step))
        now = self._model.state_dict()
        floats = [key for key, value in now.items() if value.is_floating_point()]
        torch._foreach_lerp_([self.state[key] for key in floats], [now[key] for key in floats], 1 - decay)
        for key in now.keys() - set(floats):
            self.state[key].copy_(now[key])

    @contextmanager
    def worn(self) -> Iterator[None]:
        """The model with the averaged weights, for a while."""
        own = {key: value.detach().clone() for key, value in self._model.state_dict().items()}
        self._model.load_state_dict(self.state)
        try:
            yield
        finally:
            self._model.load_state_dict(own)
