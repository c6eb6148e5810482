"""The SQLite file below a gallery: made, recognised, opened and its errors put into words.

Write-ahead logging lets readers see the last committed state while one writer works; `synchronous=FULL` makes a commit
survive power loss; `secure_delete` overwrites what is deleted. The application id is written in the same transaction as
the tables and before write-ahead logging begins, so a kill at any moment leaves an empty file or a whole gallery.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from vultus.errors import StoreError

Lock = Callable[[sqlite3.Connection, str], None]

APPLICATION_ID = 0x56554C54  # "VULT"
BUSY_S = 30.0
_PRAGMAS = (
    "foreign_keys=ON",
    "synchronous=FULL",
    "secure_delete=ON",
    "temp_store=MEMORY",
    "trusted_schema=OFF",
    "cell_size_check=ON",
)
_MAGIC = b"SQLite format 3\x00"

# Script n brings a file from version n to n + 1; released ones never change.
_MIGRATIONS = (
    (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
        """CREATE TABLE person (
            person_id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE CHECK (length(name) > 0),
            metadata TEXT NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL)""",
        """CREATE TABLE face (
            face_id INTEGER PRIMARY KEY AUTOINCREMENT,
            person_id INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
            picture BLOB NOT NULL CHECK (length(picture) = 32),
            source TEXT NOT NULL,
            place TEXT NOT NULL,
            score REAL NOT NULL,
            quality REAL NOT NULL,
            reasons TEXT NOT NULL,
            template BLOB NOT NULL CHECK (typeof(template) = 'blob' AND length(template) % 4 = 0),
            enrolled_at TEXT NOT NULL,
            UNIQUE (picture, person_id))""",
        "CREATE INDEX face_of_person ON face (person_id, face_id)",
        # Refused pictures, so that an interrupted run does not compute them again.
        """CREATE TABLE refusal (
            name TEXT NOT NULL,
            picture BLOB NOT NULL CHECK (length(picture) = 32),
            options TEXT NOT NULL,
            reasons TEXT NOT NULL,
            PRIMARY KEY (name, picture, options)) WITHOUT ROWID""",
        "INSERT INTO meta VALUES ('revision', 0), ('contract', ''), ('dimension', 0)",
    ),
    (
        "ALTER TABLE person ADD COLUMN collection TEXT NOT NULL DEFAULT 'default'",
        "ALTER TABLE person ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE person ADD COLUMN consent TEXT NOT NULL DEFAULT '{}'",
        "ALTER TABLE person ADD COLUMN keep_until TEXT",
        # What searches have to take in anew: the revision at which a person, or one of the faces, last changed.
        "ALTER TABLE person ADD COLUMN revision INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX person_by_revision ON person (revision)",
        "CREATE TABLE gone (person_id INTEGER PRIMARY KEY, revision INTEGER NOT NULL)",
        # A face of nobody is one that was kept for clustering.
        """CREATE TABLE face_2 (
            face_id INTEGER PRIMARY KEY AUTOINCREMENT,
            person_id INTEGER REFERENCES person ON DELETE CASCADE,
            group_id INTEGER,
            picture BLOB NOT NULL CHECK (length(picture) = 32),
            source TEXT NOT NULL,
            place TEXT NOT NULL,
            score REAL NOT NULL,
            quality REAL NOT NULL,
            reasons TEXT NOT NULL,
            key_id INTEGER NOT NULL,
            template BLOB NOT NULL CHECK (typeof(template) = 'blob'),
            enrolled_at TEXT NOT NULL,
            UNIQUE (picture, person_id))""",
        """INSERT INTO face_2 SELECT face_id, person_id, NULL, picture, source, place, score, quality, reasons, 0,
            template, enrolled_at FROM face""",
        "DELETE FROM sqlite_sequence WHERE name = 'face_2'",
        "INSERT INTO sqlite_sequence SELECT 'face_2', seq FROM sqlite_sequence WHERE name = 'face'",
        "DROP TABLE face",
        "ALTER TABLE face_2 RENAME TO face",
        "CREATE INDEX face_of_person ON face (person_id, face_id)",
        """CREATE TABLE crop (
            face_id INTEGER PRIMARY KEY REFERENCES face ON DELETE CASCADE,
            key_id INTEGER NOT NULL,
            jpeg BLOB NOT NULL)""",
        # The user's word: this face is not that person; these two faces are, or are not, the same person.
        """CREATE TABLE negative (
            face_id INTEGER NOT NULL REFERENCES face ON DELETE CASCADE,
            person_id INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
            PRIMARY KEY (face_id, person_id)) WITHOUT ROWID""",
        """CREATE TABLE link (
            first_face INTEGER NOT NULL REFERENCES face ON DELETE CASCADE,
            second_face INTEGER NOT NULL REFERENCES face ON DELETE CASCADE,
            same INTEGER NOT NULL CHECK (same IN (0, 1)),
            PRIMARY KEY (first_face, second_face),
            CHECK (first_face < second_face)) WITHOUT ROWID""",
        "CREATE INDEX negative_of_person ON negative (person_id)",
        "CREATE INDEX link_of_second ON link (second_face)",
        """CREATE TABLE data_key (
            key_id INTEGER PRIMARY KEY AUTOINCREMENT,
            collection TEXT NOT NULL,
            master_id TEXT NOT NULL,
            wrapped BLOB NOT NULL,
            created_at TEXT NOT NULL)""",
        """CREATE TABLE audit (
            seq INTEGER PRIMARY KEY,
            entry TEXT NOT NULL,
            key_id INTEGER NOT NULL,
            digest BLOB NOT NULL)""",
        """CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
        """CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
        # Templates under another contract, waiting for the day of the change.
        """CREATE TABLE staged (
            face_id INTEGER PRIMARY KEY REFERENCES face ON DELETE CASCADE,
            contract TEXT NOT NULL,
            key_id INTEGER NOT NULL,
            template BLOB NOT NULL)""",
        "INSERT INTO meta VALUES ('vault', 'off')",
    ),
)
SCHEMA = len(_MIGRATIONS)


def connect(path: Path, *, create: bool, read_only: bool, lock: Lock | None = None) -> sqlite3.Connection:
    """Open a gallery file, making it where allowed.

    Args:
        path: the file.
        create: make it if there is none.
        read_only: never write.
        lock: locks a new gallery, in the transaction that makes it: called with the connection and the gallery's id.

    Raises:
        StoreError: there is none and none may be made, it is something else, it was written by a later version, or
            the file system refuses.
    """
    try:
        fresh = _prepare(path, create=create and not read_only)
    except OSError as error:
        raise StoreError(f"cannot open the gallery {path}: {error.strerror or error}") from error
    writable = not read_only
    try:
        if read_only and os.access(path, os.W_OK) and _version(path) in range(1, SCHEMA):
            _open(path, "rw", create=False, lock=None).close()
        try:
            connection = _open(path, "rw" if writable else "ro", create=create and writable, lock=lock)
        except sqlite3.OperationalError:
            # Write-ahead logging needs an index file beside the gallery even to read. Where the folder is read-only
            # and no log is waiting, nobody is writing, and the file may be read as it lies.
            log = Path(f"{path}-wal")
            if writable or (log.exists() and log.stat().st_size > 0):
                raise
            connection = _open(path, "ro&immutable=1", create=False, lock=None)
        if fresh:
            path.chmod(0o600)
    except sqlite3.Error as error:
        raise explain(error, path) from error
    return connection


class Glance:
    """What a gallery file says of itself, told while another connection of this process is busy.

    Args:
        path: the file; opened at the first look.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def revision(self) -> int:
        """Counts the changes that are on the disk.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._lock:
            if self._connection is None:
                self._connection = connect(self._path, create=False, read_only=True)
            try:
                row = self._connection.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()
            except sqlite3.Error as error:
                raise explain(error, self._path) from error
        return int(row[0])

    def close(self) -> None:
        """Close it; a second time does nothing."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def explain(error: sqlite3.Error, path: Path) -> StoreError:
    """What SQLite means, and what to do about it."""
    code = getattr(error, "sqlite_errorname", None) or ""
    known = {
        "SQLITE_FULL": "the disk is full; nothing of the last operation was kept: free some space and run it again",
        "SQLITE_BUSY": f"another program has been writing to it for {BUSY_S:g} s; try again when it is done",
        "SQLITE_LOCKED": f"another program has been writing to it for {BUSY_S:g} s; try again when it is done",
        "SQLITE_READONLY": "it is read-only; check the permissions of the file and its folder",
        "SQLITE_CORRUPT": "it is damaged; restore a copy, or enrol the pictures anew",
        "SQLITE_NOTADB": "it is no Vultus gallery, or its first page is damaged",
        "SQLITE_CANTOPEN": "it cannot be opened; check that the folder exists and may be written",
        "SQLITE_IOERR": "the disk refused; nothing of the last operation was kept: check its space and health",
    }
    for name, words in known.items():
        if code.startswith(name):
            return StoreError(f"gallery {path}: {words} ({error})")
    return StoreError(f"gallery {path}: {error}")


def _prepare(path: Path, *, create: bool) -> bool:
    """Refuse what is no gallery by its first bytes; make an empty file readable by its owner only; was it made?"""
    if path.is_dir():
        raise StoreError(f"{path} is a folder, but a gallery is one file; name a file in it: {path / 'people.vultus'}")
    if not path.exists():
        if not create:
            raise StoreError(f"there is no gallery at {path}; make one: vultus enroll --gallery {path} DIR")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        return True
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
    # Without a byte in it, the file is what a kill leaves right after its creation.
    if head == b"" and create:
        return True
    if head != _MAGIC:
        raise _stranger(path)
    return False


def _open(path: Path, mode: str, *, create: bool, lock: Lock | None) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()
        _recognise(connection, path, create=create, read_only=mode != "rw", lock=lock)
        if mode == "rw":
            _use_wal(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _recognise(connection: sqlite3.Connection, path: Path, *, create: bool, read_only: bool, lock: Lock | None) -> None:
    """Tell a gallery from another database, and bring an empty or older one up to date."""
    if _pragma(connection, "application_id") != APPLICATION_ID:
        # Between two reads another process may have made the gallery, hence the second look at whose it is.
        filled = _pragma(connection, "page_count") > 0 and _pragma(connection, "application_id") != APPLICATION_ID
        if filled or not create:
            raise _stranger(path)
        _migrate(connection, lock)
        return
    version = _pragma(connection, "user_version")
    if version > SCHEMA:
        raise StoreError(
            f"the gallery {path} was written by a later Vultus (format {version}, this one reads up to {SCHEMA}); "
            "update: pip install -U vultus"
        )
    if version < SCHEMA:
        if read_only:
            raise StoreError(
                f"the gallery {path} was written by an earlier Vultus (format {version}, now {SCHEMA}); "
                "open it once where it may be written, which brings it up to date"
            )
        _migrate(connection, None)


def _version(path: Path) -> int:
    """Format of the file as its header tells, big-endian at byte 60; 0 of a file that has none."""
    with path.open("rb") as file:
        return int.from_bytes(file.read(64)[60:64], "big")


def _migrate(connection: sqlite3.Connection, lock: Lock | None) -> None:
    connection.execute("BEGIN EXCLUSIVE")
    try:
        # Somebody else may have done it while this one waited for the lock.
        version = _pragma(connection, "user_version")
        for script in _MIGRATIONS[version:]:
            for statement in script:
                connection.execute(statement)
        if version == 0:
            gallery_id = uuid.uuid4().hex
            connection.execute("INSERT INTO meta VALUES ('gallery_id', ?)", (gallery_id,))
            if lock is not None:
                lock(connection, gallery_id)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={SCHEMA}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _use_wal(connection: sqlite3.Connection) -> None:
    """Turn write-ahead logging on; SQLite does not wait by itself while others open the same file."""
    until = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            if time.monotonic() > until or not error.sqlite_errorname.startswith("SQLITE_BUSY"):
                raise
            time.sleep(0.02)
        else:
            return


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _stranger(path: Path) -> StoreError:
    return StoreError(f"{path} is no Vultus gallery; name another file, and leave this one as it is")
