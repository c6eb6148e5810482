"""The service's own small database: keys, collections and repeated requests. Faces are in the galleries, never here."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vultus.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "service.db"
_VERSION = 1
_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE api_key (
    key_id TEXT PRIMARY KEY, name TEXT NOT NULL, salt BLOB NOT NULL, digest BLOB NOT NULL, roles TEXT NOT NULL,
    collections TEXT NOT NULL, rate_per_s REAL, created_at TEXT NOT NULL, last_used_at TEXT, revoked_at TEXT
) WITHOUT ROWID;
CREATE TABLE collection (
    collection_id TEXT PRIMARY KEY, description TEXT NOT NULL, created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE repeat (
    slot BLOB PRIMARY KEY, fingerprint BLOB NOT NULL, sealed BLOB, created REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX repeat_by_age ON repeat (created);
"""


class Database:
    """An SQLite file that only the owner may read; one connection, used by many threads in turn.

    Args:
        folder: of the service; made if it is not there.

    Attributes:
        secret: 32 bytes of this service, made once: signs cursors.

    Raises:
        StoreError: the file cannot be made or opened, or is of a later version.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
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
            raise StoreError(f"the service cannot use the folder {folder}: {error}") from error
        self.secret = self._secret()

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

    def version(self) -> int:
        """Changes whenever another process has written to the file."""
        with self._lock:
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        with self._lock:
            self._connection.close()

    def _make(self) -> None:
        with self.writing() as connection:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            if found > _VERSION:
                raise StoreError(f"{self.path} was made by a later version of Vultus; install that one")
            if found == 0:
                for statement in _TABLES.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={_VERSION}")

    def _secret(self) -> bytes:
        with self.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO meta VALUES ('secret', ?)", (secrets.token_bytes(32),))
            (value,) = connection.execute("SELECT value FROM meta WHERE key = 'secret'").fetchone()
        return bytes(value)


def now() -> str:
    """This second, ISO 8601, UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
