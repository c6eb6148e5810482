"""An engine whose pictures are looked at by workers on a Ray cluster: what `vultus enroll --engine ray` enrols with."""

from __future__ import annotations

import os
from collections import deque
from contextlib import ExitStack
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

from vultus.batch.rayrun import check_ray, cluster, enter, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from vultus.errors import VultusError
    from vultus.gallery.enrol import Engine
    from vultus.inference.image import Source
    from vultus.types import Calibration, Face

_BLOCK = 16  # pictures that go to a worker together
_IN_FLIGHT = 2  # blocks per worker: one to work on, one that waits


class Looker:
    """A process with an engine."""

    def __init__(self, home: str, build: Callable[[], Engine]) -> None:
        enter(home)
        self._engine = build()

    def look(self, sources: list[Source], embed: bool) -> list[list[Face] | VultusError]:
        """The answers for a block of pictures."""
        return [found for _, found in self._engine.find_each(sources, embed=embed)]


class RayEngine:
    """The engine given, with `find_each` on a cluster; the same answers in the same order.

    The cluster is started at the first picture, see `run_ray`, and left when the context ends. A worker that dies is
    replaced, and what it was working on is looked at again.

    Args:
        engine: answers everything else.
        build: makes the engine of a worker.
        workers: processes that have one.

    Raises:
        MissingExtraError: Ray is not installed.
    """

    def __init__(self, engine: Engine, build: Callable[[], Engine], workers: int = 2) -> None:
        check_ray()
        self._engine, self._build, self._workers = engine, build, workers
        self._stack = ExitStack()
        self._actors: list[Any] = []

    @property
    def contract(self) -> str:
        """As the engine's."""
        return self._engine.contract

    @property
    def calibration(self) -> Calibration:
        """As the engine's."""
        return self._engine.calibration

    @property
    def gate(self) -> Any:
        """As the engine's: what was refused under another gate is looked at again."""
        return getattr(self._engine, "gate", None)

    def find(self, image: Source) -> list[Face]:
        """One picture is looked at in this process."""
        return self._engine.find(image)

    def find_each(
        self, sources: Iterable[Source], *, embed: bool = True, batch: int = 16
    ) -> Iterator[tuple[Source, list[Face] | VultusError]]:
        """The faces of many pictures, in order; a picture that cannot be read gives its error.

        Args:
            sources: pictures; read lazily, two blocks per worker ahead.
            embed: also compute embeddings.
            batch: pictures that go to a worker together, if fewer than 16.

        Raises:
            StoreError: the cluster gave up, or no engine could be built in a worker.
        """
        ray, _ = check_ray()
        rest = iter(sources)
        blocks = iter(lambda: list(islice(rest, min(batch, _BLOCK))), [])
        with told("run the same command again"):
            turns = cycle(self._workers_ready(ray))
            waiting: deque[tuple[list[Source], Any]] = deque()

            def send(count: int) -> None:
                waiting.extend((block, next(turns).look.remote(block, embed)) for block in islice(blocks, count))

            send(_IN_FLIGHT * self._workers)
            while waiting:
                block, answers = waiting.popleft()
                found = ray.get(answers)
                send(1)
                yield from zip(block, found, strict=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._actors = []
        self._stack.close()

    def _workers_ready(self, ray: Any) -> list[Any]:
        if not self._actors:
            self._stack.enter_context(cluster(self._workers))
            kind = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=-1)(Looker)
            self._actors = [kind.remote(os.getcwd(), self._build) for _ in range(self._workers)]
        return self._actors
