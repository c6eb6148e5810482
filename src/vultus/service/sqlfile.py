"""A small SQLite file of the service: what its two databases have in common."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from typing import TYPE_CHECKING, ClassVar

from vultus.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class SqlFile:
    """An SQLite file that only the owner may read; one connection, used by many threads in turn.

    Args:
        folder: of the service; made if it is not there.

    Attributes:
        NAME, TABLES, VERSION: of the file.
        CANNOT: what is said of a folder that cannot be used, with "{folder}" in it.

    Raises:
        StoreError: the file cannot be made or opened, or is of a later version.
    """

    NAME: ClassVar[str]
    TABLES: ClassVar[str]
    VERSION: ClassVar[int]
    CANNOT: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self.path = folder / self.NAME
        self._lock = threading.RLock()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, timeout=30, cached_statements=64
            )
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "trusted_schema=OFF"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._make()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{self.CANNOT.format(folder=folder)}: {error}") from error

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for statements that change nothing."""
        with self._lock:
            yield self._connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All or nothing: on the disk when the block ends, undone when it raises."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        with self._lock:
            self._connection.close()

    def _make(self) -> None:
        with self.writing() as connection:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            if found > self.VERSION:
                raise StoreError(f"{self.path} was made by a later version of Vultus; install that one")
            if found == 0:
                for statement in self.TABLES.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={self.VERSION}")
