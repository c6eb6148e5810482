"""Fair timing: one set of processors for both sides, turns taken, medians."""

from __future__ import annotations

import gc
import os
import statistics
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vultus.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def interleaved(ours: Callable[[], object], peer: Callable[[], object], repeats: int = 5) -> tuple[float, float]:
    """Median seconds of both sides, which take turns so that a slow spell of the machine hits both.

    Each side runs once beforehand, unmeasured. The order within a turn alternates.

    Raises:
        ConfigError: no repeats.
    """
    if repeats < 1:
        raise ConfigError(f"a timing needs at least one repeat, not {repeats}")
    ours()
    peer()
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(repeats):
        for side in (0, 1) if turn % 2 == 0 else (1, 0):
            taken[side].append(seconds(peer if side else ours))
    return statistics.median(taken[0]), statistics.median(taken[1])


def seconds(run: Callable[[], object]) -> float:
    """Wall clock of one call, without the garbage of the one before."""
    gc.collect()
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


@contextmanager
def processors(count: int) -> Iterator[int]:
    """Keep this process, and the threads it starts meanwhile, on `count` processors; yields how many it got.

    Where the system cannot do that (macOS, Windows), thread counts given to each library have to do.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield os.cpu_count() or 1
        return
    before = os.sched_getaffinity(0)
    chosen = set(sorted(before)[:count])
    os.sched_setaffinity(0, chosen)
    try:
        yield len(chosen)
    finally:
        os.sched_setaffinity(0, before)
