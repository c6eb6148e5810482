"""Reads the rows of the coming steps while the current one runs."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
_THREADS = min(os.cpu_count() or 1, 8)
AHEAD = _THREADS + 1


class Feed(Generic[T]):
    """Batches in order, a few of them ahead of time.

    Args:
        fetch: makes the batch of a step; called from threads.
        steps: the steps to come.
        ahead: batches made ahead of time; 0 makes them when they are due, which is faster where they lie in memory.

    Attributes:
        waited_s: how long the run has stood still for a batch.
    """

    def __init__(self, fetch: Callable[[int], T], steps: range, ahead: int = AHEAD) -> None:
        self._fetch, self._steps, self._ahead = fetch, steps, ahead
        self.waited_s = 0.0

    def __iter__(self) -> Iterator[tuple[int, T]]:
        pool = ThreadPoolExecutor(_THREADS, "feed") if self._ahead else None
        coming = deque(pool.submit(self._fetch, step) for step in self._steps[: self._ahead]) if pool else deque()
        try:
            for step in self._steps:
                start = perf_counter()
                batch = coming.popleft().result() if pool else self._fetch(step)
                if pool and (later := step + self._ahead) in self._steps:
                    coming.append(pool.submit(self._fetch, later))
                self.waited_s += perf_counter() - start
                yield step, batch
        finally:
            if pool:
                pool.shutdown(wait=True, cancel_futures=True)
