"""One engine for many requests: pictures that come at the same time go through the networks together.

Batches have one of a few sizes (1, 2, 3, 4, 6, 8, 12, ...), so that the networks see few shapes and memory stays flat.
Nobody waits for a batch to fill while a worker is idle, except for pictures that are being decoded at that moment. The
queue is bounded in pictures and pixels: whoever comes later is told when to come again. A picture whose request has
ended is dropped.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vultus.errors import VultusError
from vultus.gallery.kernel import processors
from vultus.gallery.photo import Photo
from vultus.inference.engine import FaceEngine
from vultus.service.envelope import ServiceError
from vultus.service.limits import retry_after
from vultus.service.worker import MOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from vultus.gallery.enrol import Engine
    from vultus.inference.image import Source
    from vultus.service.crew import Worker
    from vultus.service.settings import Settings
    from vultus.types import Calibration, Face

    _Lists = Callable[..., list[list[Face]]]

_MOST_PIXELS = 48_000_000  # of a batch
_QUEUED_PIXELS = 1_000_000_000  # of all that wait: 3 GB
_LINGER_S = 0.004
# Seconds of `time.monotonic` at which the request that works here ends.
deadline: ContextVar[float] = ContextVar("vultus_deadline", default=float("inf"))


@dataclass(slots=True, eq=False)
class _Item:
    picture: Source
    embed: bool
    pixels: int
    until: float
    done: Future[list[Face]] = field(default_factory=Future)


@dataclass(slots=True)
class Load:
    """What the engine has done and has to do.

    Attributes:
        waiting: pictures in the queue.
        pictures, batches: worked on since the start.
        seconds: spent on them by all workers.
        refused: pictures that found the queue full.
        dropped: pictures whose request had ended.
    """

    waiting: int = 0
    pictures: int = 0
    batches: int = 0
    seconds: float = 0.0
    refused: int = 0
    dropped: int = 0


class BatchedEngine:
    """An engine as galleries want it, shared by all requests.

    Args:
        engine: does the work; safe to use from many threads.
        settings: size of batches and of the queue.
        workers: batches that are worked on at once.
        arriving: how many pictures are about to come.
        crew: processes that do the work in the place of the engine, one for each worker.

    Attributes:
        inner: the engine itself.
        chosen: thresholds in place of the engine's own.
        load: what was done.
    """

    def __init__(
        self, engine: Engine, settings: Settings, *, workers: int = 1, arriving: Callable[[], int] = lambda: 0,
        crew: Sequence[Worker] = (),
    ) -> None:  # fmt: skip
        self.inner = engine
        self._most, self._room, self._raw = settings.batch, settings.queue, settings.decode == "none"
        self._arriving = arriving
        # Nothing has to be read ahead where pixels are at hand: lists are faster.
        self._lists: _Lists | None = engine.find if isinstance(engine, FaceEngine) and not self._raw else None
        self._crew = tuple(crew)
        if crew:
            self._most = min(self._most, MOST)
        self.chosen: Calibration | None = None
        self._queue: deque[_Item] = deque()
        self._pixels = 0
        self._change = threading.Condition()
        self._closed, self._idle = False, 0
        self.load = Load()
        self._threads = [
            threading.Thread(target=self._work, args=(worker,), name=f"vultus-engine-{number}", daemon=True)
            for number, worker in enumerate(self._crew or [None] * max(workers, 1))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def contract(self) -> str:
        """Digest of everything that shapes an embedding."""
        return self.inner.contract

    @property
    def calibration(self) -> Calibration:
        """Thresholds in use."""
        return self.chosen or self.inner.calibration

    @property
    def gate(self) -> object:
        """Limits a face must keep to be called good."""
        return getattr(self.inner, "gate", None)

    @property
    def starts(self) -> int:
        """Processes of the engine that were started."""
        return sum(worker.starts for worker in self._crew)

    def submit(self, picture: Source, *, embed: bool = True) -> Future[list[Face]]:
        """Put a picture into the queue.

        Raises:
            ServiceError: the queue is full, or the service is being stopped.
        """
        pixels = picture.shape[0] * picture.shape[1] if isinstance(picture, Photo) else 0
        item = _Item(self._content(picture), embed, pixels, deadline.get())
        with self._change:
            if self._closed:
                raise ServiceError("draining", "the service is being stopped")
            if len(self._queue) >= self._room or (self._queue and self._pixels + pixels > _QUEUED_PIXELS):
                self.load.refused += 1
                raise ServiceError(
                    "busy", "more pictures are waiting than can be worked on soon", headers=retry_after(self._wait_s())
                )
            self._queue.append(item)
            self._pixels += pixels
            self._change.notify()
        return item.done

    def find(self, image: Source) -> list[Face]:
        """The faces of a picture, with embeddings; waits."""
        return self.submit(image).result()

    def find_each(
        self, sources: Iterable[Source], *, embed: bool = True, batch: int = 16
    ) -> Iterator[tuple[Source, list[Face] | VultusError]]:
        """The faces of many pictures, in order; waits. A picture that cannot be read gives its error."""
        ahead: deque[tuple[Source, Future[list[Face]]]] = deque()
        for source in sources:
            ahead.append((source, self._submit_patiently(source, embed)))
            if len(ahead) >= max(batch, 1):
                yield _settled(*ahead.popleft())
        while ahead:
            yield _settled(*ahead.popleft())

    def close(self) -> None:
        """Finish what waits, then stop."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        for thread in self._threads:
            thread.join(timeout=30)

    def _submit_patiently(self, source: Source, embed: bool) -> Future[list[Face]]:
        """Long runs wait for room in the queue instead of failing."""
        while True:
            try:
                return self.submit(source, embed=embed)
            except ServiceError as error:
                if error.code != "busy" or time.monotonic() > deadline.get():
                    raise
                time.sleep(0.02)

    def _content(self, picture: Source) -> Source:
        return bytes(picture.data) if self._raw and isinstance(picture, Photo) else picture

    def _wait_s(self) -> float:
        """How long the queue takes, by what pictures took so far."""
        load = self.load
        each = load.seconds / load.pictures / len(self._threads) if load.pictures else 0.1
        return len(self._queue) * each

    def _work(self, worker: Worker | None) -> None:
        lists = self._lists
        if worker is not None:
            lists = worker.find
            with contextlib.suppress(ServiceError):  # it is tried again when somebody asks
                worker.start()
        self._answer_all(lists)
        if worker is not None:
            worker.stop()

    def _answer_all(self, lists: _Lists | None) -> None:
        while (items := self._take()) is not None:
            began = time.perf_counter()
            answers = self._find(items, lists)
            with self._change:
                self.load.pictures += len(items)
                self.load.batches += 1
                self.load.seconds += time.perf_counter() - began
            for item, answer in zip(items, answers, strict=True):
                if isinstance(answer, BaseException):
                    item.done.set_exception(answer)
                else:
                    item.done.set_result(answer)

    def _take(self) -> list[_Item] | None:
        """The next batch; None once the engine is closed and all is done."""
        with self._change:
            while True:
                self._idle += 1
                while not self._queue and not self._closed:
                    self._change.wait()
                self._linger()
                self._idle -= 1
                self._drop_late()
                if self._queue and (items := self._first()):
                    return items
                if self._closed and not self._queue:
                    return None

    def _linger(self) -> None:
        """Give pictures that are being decoded a moment to join."""
        until = time.monotonic() + _LINGER_S
        while not self._closed and 0 < len(self._queue) < self._most and self._arriving():
            left = until - time.monotonic()
            if left <= 0:
                return
            self._change.wait(left)

    def _drop_late(self) -> None:
        now = time.monotonic()
        for item in [item for item in self._queue if item.until < now or item.done.cancelled()]:
            self._queue.remove(item)
            self._pixels -= item.pixels
            self.load.dropped += 1
            if not item.done.cancelled():
                item.done.set_exception(ServiceError("deadline_exceeded", "the engine could not begin in time"))

    def _first(self) -> list[_Item]:
        """From the head of the queue: of one kind, of few pixels, and as many as the largest batch size they fill."""
        fitting, pixels = 0, 0
        for item in self._queue:
            pixels += item.pixels
            if fitting == self._most or item.embed != self._queue[0].embed or (fitting and pixels > _MOST_PIXELS):
                break
            fitting += 1
        # Others who have nothing to do get their part.
        mine = -(-fitting // (self._idle + 1))
        power = 1 << (mine.bit_length() - 1)
        count = max(size for size in (power, power * 3 // 2) if size <= mine)
        items = [self._queue.popleft() for _ in range(count)]
        self._pixels -= sum(item.pixels for item in items)
        if self._queue:
            self._change.notify()
        return [item for item in items if item.done.set_running_or_notify_cancel()]

    def _find(self, items: Sequence[_Item], lists: _Lists | None) -> list[list[Face] | BaseException]:
        try:
            pictures = [item.picture for item in items]
            if lists is not None:
                return list(lists(pictures, embed=items[0].embed))
            found = self.inner.find_each(pictures, embed=items[0].embed, batch=len(items))
            return [answer for _, answer in found]
        except Exception as error:  # the engine must not take its thread along, nor one picture the others
            return [error] if len(items) == 1 else [self._find([item], lists)[0] for item in items]


def _settled(source: Source, done: Future[list[Face]]) -> tuple[Source, list[Face] | VultusError]:
    try:
        return source, done.result()
    except VultusError as error:
        return source, error


def share(settings: Settings) -> tuple[int, int | None]:
    """How the processors are shared out: batches at once, and threads within each.

    Two batches on a thread each get more done than one batch on two threads. An accelerator takes one batch after
    another; a second one is made ready meanwhile.
    """
    if settings.device != "cpu":
        return 2, settings.threads
    return (settings.threads or processors()), 1
