"""The service's own small database: keys, collections and repeated requests. Faces are in the galleries, never here."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vultus.service.sqlfile import SqlFile

if TYPE_CHECKING:
    from pathlib import Path

NAME = "service.db"
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


class Database(SqlFile):
    """See above.

    Attributes:
        secret: 32 bytes of this service, made once: signs cursors.
    """

    NAME, TABLES, VERSION = NAME, _TABLES, 1
    CANNOT = "the service cannot use the folder {folder}"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.secret = self._secret()

    def version(self) -> int:
        """Changes whenever another process has written to the file."""
        with self._lock:
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def _secret(self) -> bytes:
        with self.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO meta VALUES ('secret', ?)", (secrets.token_bytes(32),))
            (value,) = connection.execute("SELECT value FROM meta WHERE key = 'secret'").fetchone()
        return bytes(value)


def now() -> str:
    """This second, ISO 8601, UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
