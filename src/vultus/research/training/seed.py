"""Random numbers of a run: each draw follows from the seed and from where in the run it happens.

Nothing random is carried from step to step. So the state of every generator is the number of the step, and a run that
was killed goes on with the numbers it would have drawn.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def plant(seed: int, *place: int) -> None:
    """Start torch's own generators (dropout, noise, first weights) anew; nothing happens where torch is not loaded."""
    if "torch" in sys.modules:
        import torch

        # torch.manual_seed would also queue a call for each accelerator that is not there, in every step anew
        torch.default_generator.manual_seed(number(seed, *place))
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            torch.cuda.manual_seed_all(number(seed, *place))
        elif torch.backends.mps.is_available():
            torch.mps.manual_seed(number(seed, *place))


def number(seed: int, *place: int) -> int:
    """A number below 2**63 for a place in a run."""
    return int(np.random.SeedSequence([seed, *place]).generate_state(1, np.uint64)[0] >> 1)


def generator(device: torch.device, seed: int, *place: int) -> torch.Generator:
    """A generator of its own, on a device."""
    import torch

    return torch.Generator(device).manual_seed(number(seed, *place))
