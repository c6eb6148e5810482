"""The service's second small database: jobs with what became of each item, monitors with what they have told.

Apart from keys and collections, so that a job that writes every second keeps nobody waiting who calls. Names of people
are not in it but where a caller's folder has them: results and events hold numbers, and are named when somebody looks.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from vultus.errors import StoreError
from vultus.service.sqlfile import SqlFile

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "work.db"
_TABLES = """
CREATE TABLE job (
    number INTEGER PRIMARY KEY AUTOINCREMENT, job_id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    collection_id TEXT NOT NULL, source TEXT NOT NULL, options TEXT NOT NULL, caller TEXT NOT NULL,
    purpose TEXT NOT NULL, state TEXT NOT NULL, revision INTEGER NOT NULL DEFAULT 1, planned INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0, total INTEGER, n_errors INTEGER NOT NULL DEFAULT 0, place REAL NOT NULL DEFAULT 0,
    counts TEXT NOT NULL DEFAULT '{}', message TEXT NOT NULL DEFAULT '', created_at TEXT NOT NULL, started_at TEXT,
    finished_at TEXT
);
CREATE INDEX job_by_state ON job (state, number);
CREATE TABLE item (
    job_id TEXT NOT NULL, n INTEGER NOT NULL, path TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0,
    code TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '', body TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (job_id, n)
) WITHOUT ROWID;
CREATE UNIQUE INDEX item_by_path ON item (job_id, path);
CREATE INDEX item_waiting ON item (job_id, n) WHERE done = 0;
CREATE INDEX item_failed ON item (job_id, n) WHERE code <> '';
CREATE TABLE monitor (
    number INTEGER PRIMARY KEY AUTOINCREMENT, monitor_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    collection_id TEXT NOT NULL, shown TEXT NOT NULL, sealed BLOB NOT NULL, settings TEXT NOT NULL,
    wanted INTEGER NOT NULL, caller TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE TABLE event (
    event_id INTEGER PRIMARY KEY AUTOINCREMENT, monitor_id TEXT NOT NULL, type TEXT NOT NULL, at TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX event_of ON event (monitor_id, event_id);
CREATE INDEX event_by_age ON event (at);
"""


class Workbook(SqlFile):
    """See above; what the disk refuses is told as a `StoreError`."""

    NAME, TABLES, VERSION = NAME, _TABLES, 1
    CANNOT = "jobs and monitors cannot be kept in the folder {folder}"

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for statements that change nothing.

        Raises:
            StoreError: the disk refuses.
        """
        with self._told(), super().reading() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All or nothing: on the disk when the block ends, undone when it raises.

        Raises:
            StoreError: the disk refuses.
        """
        with self._told(), super().writing() as connection:
            yield connection

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"the list of jobs and monitors {self.path} cannot be used: {error}") from error
