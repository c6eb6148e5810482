"""What a long run has done so far, by content: one SQLite file beside the table that is being made.

A picture is known by the SHA-256 of its bytes, so a file that was renamed, copied or listed twice is computed once.
Each result is committed as it comes; `kill -9` loses what the networks were working on at that moment, and nothing
else. After a power cut the last few results may be missing too: they are computed again.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vultus.errors import InputError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from vultus.types import Face

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
-- a picture without faces and without an error has not been looked at yet; '[]' is one with nobody in it
CREATE TABLE IF NOT EXISTS picture (
    picture_id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    error TEXT,
    faces TEXT,
    vectors BLOB);
CREATE TABLE IF NOT EXISTS entry (
    path BLOB PRIMARY KEY,
    run INTEGER NOT NULL,
    stamp TEXT,
    picture_id INTEGER REFERENCES picture,
    error TEXT) WITHOUT ROWID;
"""
_PRAGMAS = (
    "locking_mode=EXCLUSIVE",
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "cache_size=-32768",
    "trusted_schema=OFF",
)
_APPLICATION_ID = 0x56554C4A  # "VULJ"
_AT_ONCE = 1000
_PATIENCE_S = 1.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A listed file.

    Attributes:
        path: as it was listed.
        stamp: size and times of the file when its bytes were last read, "" before that.
        done: whether its picture was looked at.
    """

    path: str
    stamp: str
    done: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What was found in a picture.

    Attributes:
        error: why it could not be decoded, "" when it could.
        faces: one mapping of JSON values per face, see `result_of`.
        vectors: float32 embeddings of the faces with `embedded`, one after the other.
    """

    error: str = ""
    faces: str = "[]"
    vectors: bytes = b""


def result_of(faces: Iterable[Face]) -> Result:
    """Faces as the journal keeps them."""
    rows: list[dict[str, Any]] = []
    vectors = b""
    for face in faces:
        rows.append({
            "box": [float(edge) for edge in face.box.xyxy],
            "landmarks": [float(value) for point in face.landmarks for value in point],
            "score": float(face.score),
            "quality": float(face.quality.score),
            "reasons": list(face.quality.reasons),
            "live": None if face.liveness is None else bool(face.liveness.live),
            "live_score": None if face.liveness is None else float(face.liveness.live_score),
            "embedded": face.embedding is not None,
        })  # fmt: skip
        if face.embedding is not None:
            vectors += face.embedding.vector.astype("<f4").tobytes()
    return Result("", json.dumps(rows, allow_nan=False), vectors)


class Journal:
    """The journal of one table; one process at a time.

    Args:
        path: the file; made if there is none, for its owner only.
        terms: what shapes the results, as text; a journal of other terms is refused.

    Raises:
        InputError: it belongs to a run under other terms.
        StoreError: it is no journal, is damaged, in use, or cannot be written.
    """

    def __init__(self, path: Path, terms: str) -> None:
        self.path = path
        with self._told():
            self._sql = _connect(path)
            try:
                known = self._meta("terms", terms)
                self._run = int(self._meta("run", "0")) + 1
                self._sql.execute("UPDATE meta SET value = ? WHERE key = 'run'", (str(self._run),))
            except BaseException:
                self._sql.close()
                raise
        if known != terms:
            self.close()
            raise InputError(
                f"the journal {path} belongs to a run with {known}, but this one is with {terms}; "
                "give the same options, or delete it to begin anew"
            )

    def plan(self, paths: Iterable[str]) -> int:
        """Take down what this run is about, in bounded memory; how many different files it is."""
        stream = iter(paths)
        put = "INSERT INTO entry (path, run) VALUES (?, ?) ON CONFLICT (path) DO UPDATE SET run = excluded.run"
        while chunk := [(os.fsencode(path), self._run) for path in islice(stream, _AT_ONCE)]:
            with self._told(), self._transaction():
                self._sql.executemany(put, chunk)
        return self._number("SELECT count(*) FROM entry WHERE run = ?", self._run)

    def adopt(self, known: Iterable[tuple[bytes, Result]]) -> None:
        """Take over what an earlier table knows, by digest."""
        stream = iter(known)
        put = "INSERT OR IGNORE INTO picture (digest, error, faces, vectors) VALUES (?, ?, ?, ?)"
        while chunk := [(digest, *_kept(result)) for digest, result in islice(stream, _AT_ONCE)]:
            with self._told(), self._transaction():
                self._sql.executemany(put, chunk)

    def entries(self) -> Iterator[Entry]:
        """The files of this run by path; the journal may be written to meanwhile."""
        after = b""
        # A path sorts after the empty one, and no cursor stays open while others write.
        sql = """SELECT path, stamp, faces IS NOT NULL OR picture.error IS NOT NULL FROM entry
            LEFT JOIN picture USING (picture_id) WHERE run = ? AND path > ? ORDER BY path LIMIT ?"""
        while rows := self._rows(sql, self._run, after, _AT_ONCE):
            for path, stamp, done in rows:
                yield Entry(os.fsdecode(path), stamp or "", bool(done))
            after = rows[-1][0]

    def files(self, picture_id: int) -> list[str]:
        """The files of this run that hold a picture, by path."""
        self._index()
        sql = "SELECT path FROM entry WHERE picture_id = ? AND run = ? ORDER BY path"
        return [os.fsdecode(path) for (path,) in self._rows(sql, picture_id, self._run)]

    def waiting(self) -> Iterator[str]:
        """One file for each different picture of this run that was not looked at yet, in no order."""
        after = 0
        sql = """SELECT picture_id, min(entry.path) FROM picture JOIN entry USING (picture_id)
            WHERE run = ? AND faces IS NULL AND picture.error IS NULL AND picture_id > ?
            GROUP BY picture_id ORDER BY picture_id LIMIT ?"""
        self._index()
        while rows := self._rows(sql, self._run, after, _AT_ONCE):
            for _, path in rows:
                yield os.fsdecode(path)
            after = rows[-1][0]

    def link(self, path: str, stamp: str, digest: bytes) -> tuple[int, bool]:
        """The picture that a file holds: its number, and whether it was looked at already."""
        with self._told(), self._transaction():
            self._sql.execute("INSERT OR IGNORE INTO picture (digest) VALUES (?)", (digest,))
            picture_id, done = self._sql.execute(
                "SELECT picture_id, faces IS NOT NULL OR error IS NOT NULL FROM picture WHERE digest = ?", (digest,)
            ).fetchone()
            self._sql.execute(
                "UPDATE entry SET stamp = ?, picture_id = ?, error = NULL WHERE path = ?",
                (stamp, picture_id, os.fsencode(path)),
            )
        return int(picture_id), bool(done)

    def fail(self, path: str, error: str) -> None:
        """A file whose bytes could not be read; the next run tries again."""
        with self._told():
            self._sql.execute(
                "UPDATE entry SET stamp = NULL, picture_id = NULL, error = ? WHERE path = ?", (error, os.fsencode(path))
            )

    def store(self, picture_id: int, result: Result) -> None:
        """Keep what was found in a picture; it is on the disk when this returns."""
        with self._told():
            self._sql.execute(
                "UPDATE picture SET error = ?, faces = ?, vectors = ? WHERE picture_id = ?",
                (*_kept(result), picture_id),
            )

    def results(self) -> Iterator[tuple[str, bytes, Result]]:
        """Path, digest and result of each file of this run, by path; the digest of an unreadable file is empty."""
        after = b""
        sql = """SELECT path, digest, coalesce(entry.error, picture.error, ''), coalesce(faces, '[]'), vectors
            FROM entry LEFT JOIN picture USING (picture_id)
            WHERE run = ? AND path > ? ORDER BY path LIMIT ?"""
        while rows := self._rows(sql, self._run, after, _AT_ONCE):
            for path, digest, error, faces, vectors in rows:
                yield os.fsdecode(path), digest or b"", Result(error, faces, vectors or b"")
            after = rows[-1][0]

    def unfinished(self) -> int:
        """How many files of this run have neither a result nor an error."""
        return self._number(
            """SELECT count(*) FROM entry LEFT JOIN picture USING (picture_id)
            WHERE run = ? AND entry.error IS NULL AND faces IS NULL AND picture.error IS NULL""",
            self._run,
        )

    def known(self) -> int:
        """How many pictures it has met, in this run or an earlier one."""
        return self._number("SELECT count(*) FROM picture")

    def dimension(self) -> int:
        """Numbers per embedding; 0 while there is none."""
        sql = "SELECT length(vectors), faces FROM picture WHERE length(vectors) > 0 LIMIT 1"
        rows = self._rows(sql)
        return rows[0][0] // 4 // sum(face["embedded"] for face in json.loads(rows[0][1])) if rows else 0

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._sql.close()

    def delete(self) -> None:
        """Close the file and remove it: the table is there."""
        self.close()
        for tail in ("", "-wal", "-shm"):
            Path(f"{self.path}{tail}").unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _index(self) -> None:
        """Only a cluster asks for the files of a picture."""
        self._rows("CREATE INDEX IF NOT EXISTS entry_of_picture ON entry (picture_id)")

    def _meta(self, key: str, default: str) -> str:
        self._sql.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, default))
        return str(self._sql.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        with self._told():
            return self._sql.execute(sql, values).fetchall()

    def _number(self, sql: str, *values: Any) -> int:
        return int(self._rows(sql, *values)[0][0])

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._sql.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._sql.in_transaction:
                self._sql.execute("ROLLBACK")
            raise
        self._sql.execute("COMMIT")

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _explained(error, self.path) from error


def _kept(result: Result) -> tuple[str | None, str | None, bytes]:
    return (result.error, None, b"") if result.error else (None, result.faces, result.vectors)


def _connect(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(f"cannot write the journal {path}: {error.strerror or error}") from error
    connection = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
    try:
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        if owner != _APPLICATION_ID and connection.execute("PRAGMA page_count").fetchone()[0] > 1:
            raise StoreError(f"{path} is no journal of Vultus; name another table, and leave this file as it is")
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()
        connection.execute(f"PRAGMA application_id={_APPLICATION_ID}")
        connection.executescript(_SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


def _explained(error: sqlite3.Error, path: Path) -> StoreError:
    code = getattr(error, "sqlite_errorname", None) or ""
    known = {
        "SQLITE_FULL": "the disk is full; what was done is kept: free some space and go on with --resume",
        "SQLITE_BUSY": "another run is writing to it; wait for it, or name another table",
        "SQLITE_READONLY": "it is read-only; check the permissions of the file and its folder",
        "SQLITE_CORRUPT": "it is damaged; delete it to begin anew",
        "SQLITE_NOTADB": "it is no journal of Vultus, or damaged; delete it to begin anew",
    }
    words = next((words for name, words in known.items() if code.startswith(name)), "")
    return StoreError(f"journal {path}: {words or 'the disk refused'} ({error})")
