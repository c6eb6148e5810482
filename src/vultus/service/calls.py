"""The log of calls: every request leaves a line in an audit log of the service's own before it is answered.

It is a gallery file with nobody in it, so that the chain of digests, its keys and `vultus audit verify` are the same.
Lines that come together are written together.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from vultus.errors import VultusError
from vultus.gallery import audit
from vultus.gallery.audit import Signature
from vultus.gallery.store import Store
from vultus.gallery.writer import log_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "calls.vultus"
_TOGETHER = 256


class CallLog:
    """Writes lines from one thread, many per transaction.

    Args:
        folder: of the service.
    """

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / NAME, signature=Signature("service"))
        self._waiting: queue.SimpleQueue[tuple[Signature, Mapping[str, Any], Future[None]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="vultus-calls", daemon=True)
        self._thread.start()

    async def write(self, signature: Signature, detail: Mapping[str, Any]) -> None:
        """A line is on the disk when this returns.

        Args:
            signature: who called, and what for.
            detail: JSON values; no names of people.

        Raises:
            StoreError: the disk refuses.
        """
        done: Future[None] = Future()
        self._waiting.put((signature, detail, done))
        await asyncio.wrap_future(done)

    def newest_lines(self, **which: Any) -> list[audit.Entry]:
        """Lines backwards; arguments as of `audit.newest`."""
        with self.store.reading() as connection:
            return audit.newest(connection, **which)

    def verify_log(self) -> audit.Verdict:
        """Look for edits, removals and moves."""
        return self.store.verify_log()

    def close(self) -> None:
        """Write what waits, and close the file."""
        self._waiting.put(None)
        self._thread.join(timeout=30)
        self.store.close()

    def _work(self) -> None:
        while True:
            lines = [self._waiting.get()]
            while len(lines) < _TOGETHER and not self._waiting.empty():
                lines.append(self._waiting.get())
            self._write([line for line in lines if line is not None])
            if None in lines:
                return

    def _write(self, lines: list[tuple[Signature, Mapping[str, Any], Future[None]]]) -> None:
        try:
            with self.store.aside() as connection:
                for signature, detail, _ in lines:
                    with audit.signed(signature):
                        log_of(connection, self.store.vault, self.store.signature).append("call", (), detail)
        except VultusError as error:
            for *_, done in lines:
                done.set_exception(error)
        else:
            for *_, done in lines:
                done.set_result(None)
