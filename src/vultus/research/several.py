"""Seeds side by side: each is measured in a process of its own, on one thread.

Small networks gain nothing from a second thread; two seeds at once do. As every arm runs on one thread, figures do not
depend on how many processors there are.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from vultus.research.experiment import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.queues import SimpleQueue
    from pathlib import Path

    from vultus.research.contract import Method
    from vultus.research.experiment import Measured

_lines: SimpleQueue[str | None] | None = None  # of a process that measures


def measure_several(
    module: str, config: Any, seeds: Sequence[int], folder: Path | None, tell: Callable[[str], None], jobs: int
) -> list[Measured]:
    """What `experiment.measure` gives for each seed.

    Args:
        module: of the method, by its full name.
        config, seeds, folder, tell: as of `experiment.ablate`.
        jobs: so many seeds at once.
    """
    context = multiprocessing.get_context("spawn")
    lines: SimpleQueue[str | None] = context.SimpleQueue()
    teller = threading.Thread(target=_pass_on, args=(lines, tell), daemon=True)
    teller.start()
    pool = ProcessPoolExecutor(min(jobs, len(seeds)), context, _begin, (lines,))
    try:
        waiting = [pool.submit(_of_seed, module, config, seed, folder) for seed in seeds]
        return [one.result() for one in waiting]
    finally:
        pool.shutdown(cancel_futures=True)
        lines.put(None)
        teller.join()


def _pass_on(lines: SimpleQueue[str | None], tell: Callable[[str], None]) -> None:
    for line in iter(lines.get, None):
        tell(line)


def _begin(lines: SimpleQueue[str | None]) -> None:
    global _lines
    import torch
    from threadpoolctl import threadpool_limits

    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    threadpool_limits(1)
    _lines = lines


def _end_with_parent() -> None:
    """Nobody would tell this process to stop if the one that asks it were killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _of_seed(module: str, config: Any, seed: int, folder: Path | None) -> Measured:
    tell = _lines.put if _lines is not None else lambda line: None
    return measure(cast("Method", import_module(module)), config, seed, folder, tell)
