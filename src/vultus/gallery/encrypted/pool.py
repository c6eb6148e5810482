"""A scorer in several processes: products of large numbers are too short for Python's threads to overlap.

Blocks are dealt out in turn. Numbers travel as bytes through pipes; a worker gets public things only.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import signal
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ConfigError, InputError, StoreError
from vultus.gallery.encrypted.bignum import from_bytes, to_bytes
from vultus.gallery.encrypted.keyfile import public_document, public_from
from vultus.gallery.encrypted.layout import Layout
from vultus.gallery.encrypted.scheme import check
from vultus.gallery.encrypted.score import Scorer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from multiprocessing.connection import Connection
    from types import TracebackType
    from typing import Any, Self

    from numpy.typing import NDArray

    from vultus.gallery.encrypted.block import Block
    from vultus.gallery.encrypted.scheme import PublicKey

_PUT, _SCORE = b"p", b"s"


class ScorerPool:
    """Answers like `Scorer`, by several processes that stay until it is closed.

    Args:
        public: the key.
        layout: of the blocks.
        blocks: of templates.
        workers: processes.

    Raises:
        ConfigError: there is less than one worker.
        InputError: see `Scorer`.
    """

    def __init__(self, public: PublicKey, layout: Layout, blocks: Iterable[Block] = (), workers: int = 2) -> None:
        if workers < 1:
            raise ConfigError(f"workers must be at least 1, but is {workers}")
        self._public, self._layout, self._n_blocks = public, layout, 0
        context = multiprocessing.get_context("spawn")
        setup = json.dumps({"key": public_document(public), "layout": layout.to_json()})
        self._workers = []
        for _ in range(workers):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, setup), daemon=True)
            process.start()
            theirs.close()
            self._workers.append((process, ours))
        try:
            for block in blocks:
                self.put(self._n_blocks, block)
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        return self._n_blocks

    def put(self, at: int, block: Block) -> None:
        """Exchange block `at`, or put one behind the last; see `Scorer.put`.

        Raises:
            InputError: see `Scorer`.
            StoreError: a worker has died.
        """
        if not 0 <= at <= self._n_blocks or len(block) != self._layout.dimension:
            raise InputError(
                f"a block of {self._layout.dimension} ciphertexts is put at 0 to {self._n_blocks}, "
                f"not one of {len(block)} at {at}"
            )
        check(self._public, block)
        worker, place = at % len(self._workers), at // len(self._workers)
        body = b"".join([to_bytes(one, self._public.cipher_bytes) for one in block])
        self._send(worker, _PUT + place.to_bytes(8, "big") + body)
        self._receive(worker)
        self._n_blocks = max(self._n_blocks, at + 1)

    def score(
        self, probe: NDArray[np.integer[Any]], *, fresh: bool = False, only: Sequence[int] | None = None
    ) -> list[int]:
        """A ciphertext per block; see `Scorer.score`.

        Args:
            probe: whole numbers, (D,).
            fresh: give each answer a new nonce.
            only: these blocks.

        Raises:
            ShapeError, InputError: the probe does not fit the layout, or there is no such block.
            StoreError: a worker has died.
        """
        self._layout.check(probe[None])
        wanted = list(range(self._n_blocks)) if only is None else list(only)
        if not all(0 <= at < self._n_blocks for at in wanted):
            raise InputError(f"there are {self._n_blocks} blocks, and one asked for is not among them")
        count = len(self._workers)
        places = [[at // count for at in wanted if at % count == worker] for worker in range(count)]
        busy = [worker for worker in range(count) if places[worker]]
        for worker in busy:
            question = {"probe": probe.tolist(), "fresh": fresh, "only": places[worker]}
            self._send(worker, _SCORE + json.dumps(question).encode())
        size = self._public.cipher_bytes
        # All answers are fetched before any is used: a pipe with one left over would answer the next question.
        bodies = {worker: memoryview(self._receive(worker)) for worker in busy}
        found = {
            worker: iter([from_bytes(body[at : at + size]) for at in range(0, len(body), size)])
            for worker, body in bodies.items()
        }
        return [next(found[at % count]) for at in wanted]

    def close(self) -> None:
        """End the workers; a second time does nothing."""
        for process, connection in self._workers:
            connection.close()
            process.join(5)
            if process.is_alive():
                process.kill()
        self._workers = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, worker: int, message: bytes) -> None:
        try:
            self._workers[worker][1].send_bytes(message)
        except OSError as error:
            raise StoreError("a process of the scorer has died; start it again") from error

    def _receive(self, worker: int) -> bytes:
        try:
            return self._workers[worker][1].recv_bytes()
        except (OSError, EOFError) as error:
            raise StoreError("a process of the scorer has died; start it again") from error


def _work(connection: Connection, setup: str) -> None:
    """What a worker does until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    document = json.loads(setup)
    public, layout = public_from(document["key"]), Layout.from_json(document["layout"])
    scorer, size = Scorer(public, layout), public.cipher_bytes
    hider = None
    with contextlib.suppress(EOFError, OSError):
        while True:
            message = connection.recv_bytes()
            if message[:1] == _PUT:
                body = memoryview(message)[9:]
                block = [from_bytes(body[at : at + size]) for at in range(0, len(body), size)]
                scorer.put(int.from_bytes(message[1:9], "big"), block)
                connection.send_bytes(b"")
                continue
            question = json.loads(message[1:])
            if question["fresh"] and hider is None:
                hider = public.hider()
            probe = np.array(question["probe"], dtype=np.int32)
            scores = scorer.score(probe, hider=hider if question["fresh"] else None, only=question["only"])
            connection.send_bytes(b"".join([to_bytes(one, size) for one in scores]))
