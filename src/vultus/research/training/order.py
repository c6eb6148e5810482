"""Which rows a step is made of: a pure function of the seed, the stage and the step."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.research.contract import Stage
    from vultus.research.data.sample import Samples

BALANCED = "balanced:"


class Order:
    """The rows of every step of a stage.

    Args:
        stage: its sampler and batch size.
        samples: what is drawn from.
        place: the seed, and where the stage stands among the others.
    """

    def __init__(self, stage: Stage, samples: Samples, *place: int) -> None:
        self._size, self._place, self._count = stage.batch_size, place, len(samples)
        self._shuffled = lru_cache(maxsize=4)(self._permutation)
        self._members: list[NDArray[np.int64]] = []
        if stage.sampler.startswith(BALANCED):
            column = samples[stage.sampler.removeprefix(BALANCED)]
            self._members = [np.flatnonzero(column == value) for value in np.unique(column)]

    def rows(self, step: int) -> NDArray[np.int64]:
        """Row numbers of a step; int64, (batch_size,)."""
        return self._balanced(step) if self._members else self._uniform(step)

    def _uniform(self, step: int) -> NDArray[np.int64]:
        """A piece of an endless row of permutations."""
        start, rows = step * self._size, np.empty(0, np.int64)
        while len(rows) < self._size:
            lap, at = divmod(start + len(rows), self._count)
            rows = np.append(rows, self._shuffled(lap)[at : at + self._size - len(rows)])
        return rows

    def _balanced(self, step: int) -> NDArray[np.int64]:
        """Each value in turn, and any of its rows."""
        rng = self._rng(step)
        values = np.resize(rng.permutation(len(self._members)), self._size)
        return np.array([rng.choice(self._members[value]) for value in values], np.int64)

    def _permutation(self, lap: int) -> NDArray[np.int64]:
        return self._rng(lap).permutation(self._count)

    def _rng(self, *more: int) -> np.random.Generator:
        return np.random.default_rng([*self._place, *more])
