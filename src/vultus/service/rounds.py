"""Work of many requests in rounds: what comes while a round is under way is done together in the next one.

A request that had a thread of its own for a millisecond would cost as much again in threads that wake, wait for each
other and go to sleep.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from concurrent.futures import ThreadPoolExecutor

Q = TypeVar("Q")
R = TypeVar("R")
_TOGETHER = 64


class Rounds(Generic[Q, R]):
    """Rounds of one kind of work; one at a time for each key.

    Args:
        threads: where they are done.
        work: gets a key and what is asked, gives the answer or the error of each.
    """

    def __init__(
        self, threads: ThreadPoolExecutor, work: Callable[[Any, Sequence[Q]], Sequence[R | Exception]]
    ) -> None:
        self._threads, self._work = threads, work
        self._lock = threading.Lock()
        # Of every key with a thread at work.
        self._waiting: dict[Hashable, list[tuple[Q, asyncio.Future[R]]]] = {}

    async def ask(self, key: Hashable, item: Q) -> R:
        """The answer to one, from the next round of its key.

        Raises:
            Exception: whatever its work came to.
            RuntimeError: the threads are being stopped.
        """
        done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        with self._lock:
            under_way = key in self._waiting
            self._waiting.setdefault(key, []).append((item, done))
        if not under_way:
            try:
                self._threads.submit(self._go_round, key)
            except RuntimeError:  # the threads are being stopped
                with self._lock:
                    del self._waiting[key]
                raise
        return await done

    def _go_round(self, key: Hashable) -> None:
        while True:
            with self._lock:
                waiting = self._waiting[key]
                if not waiting:
                    del self._waiting[key]
                    return
                asked, self._waiting[key] = waiting[:_TOGETHER], waiting[_TOGETHER:]
            pairs: list[tuple[asyncio.Future[R], R | Exception]]
            try:
                answers = self._work(key, [item for item, _ in asked])
                pairs = [(done, answer) for (_, done), answer in zip(asked, answers, strict=True)]
            except Exception as error:  # theirs to hear: nobody else waits for this thread
                pairs = [(done, error) for _, done in asked]
            told: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[R], R | Exception]]] = defaultdict(list)
            for done, answer in pairs:
                told[done.get_loop()].append((done, answer))
            for loop, theirs in told.items():
                with contextlib.suppress(RuntimeError):  # nobody listens any more
                    loop.call_soon_threadsafe(_tell, theirs)


def _tell(pairs: Sequence[tuple[asyncio.Future[R], R | Exception]]) -> None:
    for done, answer in pairs:
        if done.done():  # the request ended meanwhile
            continue
        if isinstance(answer, Exception):
            done.set_exception(answer)
        else:
            done.set_result(answer)
