"""The system of record: people, faces and templates in one SQLite file, changed in whole transactions only.

`Store` reads; `with store.writing() as writer:` changes, and either all of it is kept or nothing. One store may be used
by many threads; many stores, in many processes, may use one file.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import StoreError
from vultus.gallery import database
from vultus.gallery.database import connect, explain
from vultus.gallery.record import FaceRecord, Person
from vultus.gallery.writer import Writer, decode, person_id_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from numpy.typing import NDArray

FORGET_MS = 1000
_PERSON = (
    """SELECT name, count(face_id), metadata, created_at, updated_at FROM person LEFT JOIN face USING (person_id)"""
)
_FACE = "SELECT face_id, source, picture, place, score, quality, reasons, enrolled_at"


@dataclass(frozen=True, slots=True, eq=False)
class Templates:
    """Everything a search needs, as of one revision; read-only.

    Attributes:
        revision: counts the changes of the gallery.
        names: the people, in the order of their numbers.
        starts: row of each person's first template; int64, (people,).
        face_ids: int64, (faces,).
        vectors: float32, (faces, D), unit rows, one person's next to each other.
    """

    revision: int
    names: tuple[str, ...]
    starts: NDArray[np.int64]
    face_ids: NDArray[np.int64]
    vectors: NDArray[np.float32]


class Store:
    """A gallery file, open.

    Args:
        path: the file.
        create: make it if there is none.
        read_only: never write.

    Raises:
        StoreError: see `database.connect`.
    """

    def __init__(self, path: str | Path, *, create: bool = True, read_only: bool = False) -> None:
        self.path = Path(path)
        self.read_only = read_only
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = connect(self.path, create=create, read_only=read_only)

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One unchanging view of the file; other threads of this store wait."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writer]:
        """All or nothing: what the block did is on the disk when it ends, and undone when it raises.

        Raises:
            StoreError: the gallery was opened read-only, is locked for too long, or the disk refuses.
        """
        if self.read_only:
            raise StoreError(f"the gallery {self.path} was opened read-only; open it with read_only=False to change it")
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield Writer(connection)
            connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'revision'")

    def forget(self) -> None:
        """Move the log into the file and empty it, so that removed bytes are gone from both.

        Readers who still look at an older state hold it up; after a second it is left to the next call, or to the
        last program that closes the file.
        """
        with self._lock, contextlib.suppress(sqlite3.Error):
            connection = self._open()
            connection.execute(f"PRAGMA busy_timeout={FORGET_MS}")
            try:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                connection.execute(f"PRAGMA busy_timeout={int(database.BUSY_S * 1000)}")

    def revision(self) -> int:
        """Counts the changes of the gallery, by whichever process."""
        return int(str(self._meta("revision")))

    def contract(self) -> str:
        """Contract of the templates; empty before the first enrolment."""
        return str(self._meta("contract"))

    def dimension(self) -> int:
        """Length of a template; 0 before the first enrolment."""
        return int(str(self._meta("dimension")))

    def counts(self) -> tuple[int, int]:
        """People and faces."""
        with self.reading() as connection:
            row = connection.execute("SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM face)").fetchone()
        return int(row[0]), int(row[1])

    def names(self) -> list[str]:
        """All names, in the order of enrolment."""
        with self.reading() as connection:
            return [row[0] for row in connection.execute("SELECT name FROM person ORDER BY person_id")]

    def people(self) -> list[Person]:
        """Everybody, by name."""
        with self.reading() as connection:
            rows = connection.execute(f"{_PERSON} GROUP BY person_id ORDER BY name").fetchall()
        return [_person(row) for row in rows]

    def person(self, name: str) -> Person:
        """One person.

        Raises:
            UnknownNameError: there is none of that name.
        """
        with self.reading() as connection:
            person_id_of(connection, name)
            row = connection.execute(f"{_PERSON} WHERE name = ? GROUP BY person_id", (name,)).fetchone()
        return _person(row)

    def faces(self, name: str) -> list[tuple[FaceRecord, NDArray[np.float32]]]:
        """A person's faces with their templates, oldest first.

        Raises:
            UnknownNameError: there is nobody of that name.
        """
        with self.reading() as connection:
            person_id = person_id_of(connection, name)
            rows = connection.execute(
                f"{_FACE}, template FROM face WHERE person_id = ? ORDER BY face_id", (person_id,)
            ).fetchall()
        return [(_face(row[:-1]), decode(row[-1])) for row in rows]

    def templates(self) -> Templates:
        """Everybody's templates, as one matrix."""
        with self.reading() as connection:
            revision = int(connection.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()[0])
            dimension = int(connection.execute("SELECT value FROM meta WHERE key = 'dimension'").fetchone()[0])
            people = connection.execute(
                "SELECT name, count(*) FROM person JOIN face USING (person_id) GROUP BY person_id ORDER BY person_id"
            ).fetchall()
            rows = connection.execute("SELECT face_id, template FROM face ORDER BY person_id, face_id").fetchall()
        ends = np.cumsum([row[1] for row in people], dtype=np.int64)
        vectors = decode(b"".join(row[1] for row in rows)).reshape(len(rows), dimension)
        starts = np.concatenate([np.zeros(1, np.int64), ends])[: len(people)]
        face_ids = np.array([row[0] for row in rows], dtype=np.int64)
        return Templates(revision, tuple(row[0] for row in people), starts, face_ids, vectors)

    def known(self, name: str, picture: str, options: str) -> tuple[FaceRecord | None, tuple[str, ...]]:
        """What an earlier enrolment of this picture for this person came to: a face, reasons, or neither."""
        digest = bytes.fromhex(picture)
        with self.reading() as connection:
            face = connection.execute(
                f"{_FACE} FROM face JOIN person USING (person_id) WHERE picture = ? AND name = ?", (digest, name)
            ).fetchone()
            refused = connection.execute(
                "SELECT reasons FROM refusal WHERE name = ? AND picture = ? AND options = ?", (name, digest, options)
            ).fetchone()
        return (_face(face) if face else None), (tuple(json.loads(refused[0])) if refused else ())

    def check(self) -> list[str]:
        """What is wrong with the file, one sentence each; empty when all is well."""
        try:
            return self._problems()
        except StoreError as error:
            return [str(error)]

    def _problems(self) -> list[str]:
        with self.reading() as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
            problems = [line for line in found if line != "ok"]
            problems += [f"row {row[1]} of {row[0]} belongs to nobody" for row in
                         connection.execute("PRAGMA foreign_key_check")]  # fmt: skip
            dimension = int(connection.execute("SELECT value FROM meta WHERE key = 'dimension'").fetchone()[0])
            problems += [f"'{row[0]}' has no face" for row in connection.execute(
                "SELECT name FROM person WHERE person_id NOT IN (SELECT person_id FROM face)")]  # fmt: skip
            for face_id, blob in connection.execute("SELECT face_id, template FROM face"):
                length = float(np.linalg.norm(decode(blob)))
                if len(blob) != 4 * dimension or not abs(length - 1) < 1e-3:
                    problems.append(f"the template of face {face_id} is damaged")
        return problems

    def _meta(self, key: str) -> object:
        with self.reading() as connection:
            return connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0]

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(f"the gallery {self.path} is closed; open it again")
        return self._connection

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock:
            connection = self._open()
            nested = connection.in_transaction
            try:
                if not nested:
                    connection.execute(begin)
                yield connection
                if not nested:
                    connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise explain(error, self.path) from error
            finally:
                # SQLite has already rolled back by itself after some errors.
                if not nested and connection.in_transaction:
                    connection.execute("ROLLBACK")


def _person(row: Sequence[Any]) -> Person:
    return Person(row[0], int(row[1]), json.loads(row[2]), row[3], row[4])


def _face(row: Sequence[Any]) -> FaceRecord:
    place = json.loads(row[3])
    points = tuple((float(x), float(y)) for x, y in place["landmarks"])
    reasons = tuple(json.loads(row[6]))
    return FaceRecord(row[0], row[1], row[2].hex(), tuple(place["box"]), points, row[4], row[5], reasons, row[7])
