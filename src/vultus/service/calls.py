"""The log of calls: every request leaves a line in an audit log of the service's own before it is answered.

It is a gallery file with nobody in it, so that the chain of digests, its keys and `vultus audit verify` are the same.
Lines that come together are written together.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from vultus.gallery import audit
from vultus.gallery.audit import Signature
from vultus.gallery.store import Store
from vultus.gallery.writer import log_of
from vultus.service.rounds import Rounds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    Line = tuple[Signature, Mapping[str, Any]]

NAME = "calls.vultus"


class CallLog:
    """Writes lines in one thread of its own, many per transaction.

    Args:
        folder: of the service.
    """

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / NAME, signature=Signature("service"))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vultus-calls")
        self._rounds: Rounds[Line, None] = Rounds(self._thread, self._write)

    async def write(self, signature: Signature, detail: Mapping[str, Any]) -> None:
        """A line is on the disk when this returns.

        Args:
            signature: who called, and what for.
            detail: JSON values; no names of people.

        Raises:
            StoreError: the disk refuses.
        """
        await self._rounds.ask(NAME, (signature, detail))

    def newest_lines(self, **which: Any) -> list[audit.Entry]:
        """Lines backwards; arguments as of `audit.newest`."""
        with self.store.reading() as connection:
            return audit.newest(connection, **which)

    def verify_log(self) -> audit.Verdict:
        """Look for edits, removals and moves."""
        return self.store.verify_log()

    def close(self) -> None:
        """Write what waits, and close the file."""
        self._thread.shutdown(wait=True)
        self.store.close()

    def _write(self, _: str, lines: Sequence[Line]) -> list[None]:
        with self.store.aside() as connection:
            for signature, detail in lines:
                with audit.signed(signature):
                    log_of(connection, self.store.vault, self.store.signature).append("call", (), detail)
        return [None] * len(lines)
