"""Lines of the audit log that change nothing else; those of several threads go to the disk together.

A line is on the disk before its verb answers. Who finds others waiting writes theirs too, so that many searches at
once do not wait for the disk one after another.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vultus.gallery import audit
from vultus.gallery.writer import log_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence, Set
    from contextlib import AbstractContextManager

    from vultus.gallery.audit import Signature
    from vultus.gallery.vault import Vault


@dataclass(slots=True, eq=False)
class Line:
    """A line that waits to be written.

    Attributes:
        action: one of `audit.ACTIONS`.
        subjects: numbers of the people it is about.
        names: of more people it is about; who is not known any more is left out.
        detail: counts, rates and settings.
        caller: who asked for it; None for whoever works with the gallery.
        written: it is on the disk.
        error: why it is not.
    """

    action: str
    subjects: Set[int]
    names: Set[str]
    detail: Mapping[str, Any] | None
    caller: Signature | None = field(default_factory=audit.caller)
    written: bool = False
    error: Exception | None = None


class Notes:
    """Lines of one open gallery.

    Args:
        aside: begins a transaction of the gallery file that only one thread can be in.
    """

    def __init__(self, aside: Callable[[], AbstractContextManager[sqlite3.Connection]]) -> None:
        self._aside = aside
        self._waiting: deque[Line] = deque()

    def wait(self, lines: Sequence[Line]) -> None:
        """Have lines written by whoever comes first."""
        self._waiting.extend(lines)

    def write(self, lines: Sequence[Line], vault: Vault, signature: Signature, *, alone: bool) -> None:
        """See to it that lines are on the disk; to be called by one thread at a time.

        Args:
            lines: of the caller; whatever else waits is written with them.
            vault, signature: of the gallery.
            alone: nothing else, in a transaction that is under way and may yet be undone.

        Raises:
            StoreError: the gallery is locked for too long, or the disk refuses.
        """
        left = [line for line in lines if not line.written and line.error is None]
        if left:
            self._write(left if alone else [*self._waiting], vault, signature)
        for line in lines:
            if line.error is not None:
                raise line.error

    def _write(self, lines: list[Line], vault: Vault, signature: Signature) -> None:
        error: Exception | None = None
        try:
            with self._aside() as connection:
                for one in lines:
                    _append(one, connection, vault, signature)
        except Exception as raised:
            error = raised
        for one in lines:
            self._waiting.remove(one)
            one.written, one.error = error is None, error


def _append(line: Line, connection: sqlite3.Connection, vault: Vault, signature: Signature) -> None:
    found = [
        connection.execute("SELECT person_id FROM person WHERE name = ?", (name,)).fetchone() for name in line.names
    ]
    numbers = {*line.subjects, *(row[0] for row in found if row)}
    with audit.signed(line.caller):
        log_of(connection, vault, signature).append(line.action, numbers, line.detail)
