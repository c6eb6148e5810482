"""The system of record: people, faces and templates in one SQLite file, changed in whole transactions only.

`Store` reads; `with store.writing() as writer:` changes, and either all of it is kept or nothing. One store may be used
by many threads; many stores, in many processes, may use one file.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import StoreError
from vultus.gallery import audit, database
from vultus.gallery.audit import Signature
from vultus.gallery.database import Glance, connect, explain
from vultus.gallery.keys import find_key, find_or_make_key
from vultus.gallery.locksmith import CROP
from vultus.gallery.matrix import forget_matrix
from vultus.gallery.notes import Line, Notes
from vultus.gallery.record import FaceRecord, Person, face_record, person_record
from vultus.gallery.templates import TEMPLATE, decode, read_changes, read_templates
from vultus.gallery.vault import GALLERY, Vault
from vultus.gallery.writer import Writer, log_of, now, person_id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from vultus.gallery.filters import Filter
    from vultus.gallery.keys import MasterKey
    from vultus.gallery.templates import Changes, Templates

FORGET_MS = 1000
PERSON_COLUMNS = """SELECT name, count(face_id), metadata, created_at, updated_at, person_id, collection, tags, consent,
    keep_until FROM person LEFT JOIN face USING (person_id)"""
FACE_COLUMNS = "SELECT face_id, source, picture, place, score, quality, reasons, enrolled_at"


class Store:
    """A gallery file, open.

    Args:
        path: the file.
        create: make it if there is none.
        read_only: never write.
        vault: whether a new gallery seals templates and crops; one that is there stays as it is.
        key: the master key or its file; None looks for it, see `keys.py`.
        signature: who works with it, for the audit log.

    Attributes:
        vault: seals and opens templates and crops.
        on_forget: what else has to forget who was removed.

    Raises:
        StoreError: see `database.connect`.
        LockedError: the gallery is sealed and its master key is not at hand.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        create: bool = True,
        read_only: bool = False,
        vault: bool = True,
        key: MasterKey | Path | None = None,
        signature: Signature | None = None,
    ) -> None:
        self.path = Path(path)
        self.read_only = read_only
        self.signature = signature or Signature()
        self.on_forget: Callable[[], None] = lambda: None
        self._lock = threading.RLock()
        self._notes = Notes(self.aside)
        self._glance = Glance(self.path)

        def lock(connection: sqlite3.Connection, gallery_id: str) -> None:
            connection.execute("UPDATE meta SET value = 'on' WHERE key = 'vault'")
            made = Vault(gallery_id, find_or_make_key(key))
            made.new_key(connection, GALLERY, now())
            log_of(connection, made, self.signature).append("key", detail={"made": 1})

        self._connection: sqlite3.Connection | None = connect(
            self.path, create=create, read_only=read_only, lock=lock if vault else None
        )
        try:
            self.vault = self._unlock(key)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        with self._lock:
            self._glance.close()  # the last connection tidies up, and this one may not write
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
        with self.aside() as connection:
            writer = Writer(connection, self.vault, self.signature)
            yield writer
            writer.finish()

    @contextlib.contextmanager
    def aside(self) -> Iterator[sqlite3.Connection]:
        """As `writing`, for what neither searches nor people see: nothing counts as changed.

        Raises:
            StoreError: as `writing`.
        """
        if self.read_only:
            raise StoreError(f"the gallery {self.path} was opened read-only; open it with read_only=False to change it")
        with self._transaction("BEGIN IMMEDIATE") as connection:
            self.vault.load(connection)
            yield connection

    def note(
        self,
        action: str,
        subjects: Iterable[int] = (),
        detail: Mapping[str, Any] | None = None,
        *,
        names: Iterable[str] = (),
    ) -> None:
        """Write a line into the audit log that changes nothing else; it is on the disk when this returns.

        A gallery that was opened read-only keeps no log.

        Args:
            action: one of `audit.ACTIONS`.
            subjects: numbers of the people it is about.
            detail: counts, rates and settings.
            names: names of more people it is about; who is not known any more is left out.

        Raises:
            StoreError: the gallery is locked for too long, or the disk refuses.
        """
        self.note_all([Line(action, {*subjects}, {*names}, detail)])

    def note_all(self, lines: Sequence[Line]) -> None:
        """Write some such lines together; see `note`."""
        if self.read_only or not lines:
            return
        self._notes.wait(lines)
        with self._lock:
            self._notes.write(lines, self.vault, self.signature, alone=self._open().in_transaction)

    def verify_log(self, kept: audit.Head | None = None) -> audit.Verdict:
        """Look for edits, removals and moves in the audit log; see `audit.verify`."""
        with self.reading() as connection:
            self.vault.load(connection)
            return audit.verify(connection, self.vault.gallery_id, self.vault.audit_key, kept, sealed=self.vault.on)

    def forget(self) -> None:
        """Move the log into the file and empty it, so that removed bytes are gone from both.

        Readers who still look at an older state hold it up; after a second it is left to the next call, or to the
        last program that closes the file. `on_forget` is called in the end. Killed before all of it was done, the next
        `Gallery.open` does it again.
        """
        up_to = self._meta("to_forget")
        emptied = self._soon("PRAGMA wal_checkpoint(TRUNCATE)")[:1] == [0]
        forget_matrix(self.path)
        self.on_forget()
        if emptied and up_to is not None:
            self._soon("DELETE FROM meta WHERE key = 'to_forget' AND value = ?", up_to)

    def must_forget(self) -> bool:
        """Whether somebody was removed or renamed, and `forget` has not come to its end since."""
        return not self.read_only and self._meta("to_forget") is not None

    def _soon(self, statement: str, *values: object) -> list[Any]:
        """The first row of what a statement gives; nothing where others keep it waiting for a second."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            connection = self._open()
            connection.execute(f"PRAGMA busy_timeout={FORGET_MS}")
            try:
                return list(connection.execute(statement, values).fetchone() or ())
            finally:
                connection.execute(f"PRAGMA busy_timeout={int(database.BUSY_S * 1000)}")
        return []

    def revision(self) -> int:
        """Counts the changes of the gallery, by whichever process; waits for nobody who is writing."""
        if not self._lock.acquire(blocking=False):
            return self._glance.revision()
        try:
            return int(str(self._meta("revision")))
        finally:
            self._lock.release()

    def contract(self) -> str:
        """Contract of the templates; empty before the first enrolment."""
        return str(self._meta("contract"))

    def dimension(self) -> int:
        """Length of a template; 0 before the first enrolment."""
        return int(str(self._meta("dimension")))

    def counts(self) -> tuple[int, int]:
        """People and faces."""
        with self.reading() as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM face WHERE person_id IS NOT NULL)"
            ).fetchone()
        return int(row[0]), int(row[1])

    def names(self) -> list[str]:
        """All names, in the order of enrolment."""
        with self.reading() as connection:
            return [row[0] for row in connection.execute("SELECT name FROM person ORDER BY person_id")]

    def people(self) -> list[Person]:
        """Everybody, by name."""
        with self.reading() as connection:
            rows = connection.execute(f"{PERSON_COLUMNS} GROUP BY person_id ORDER BY name").fetchall()
        return [person_record(row) for row in rows]

    def person(self, name: str) -> Person:
        """One person.

        Raises:
            UnknownNameError: there is none of that name.
        """
        with self.reading() as connection:
            person_id_of(connection, name)
            row = connection.execute(f"{PERSON_COLUMNS} WHERE name = ? GROUP BY person_id", (name,)).fetchone()
        return person_record(row)

    def faces(self, name: str) -> list[tuple[FaceRecord, NDArray[np.float32]]]:
        """A person's faces with their templates, oldest first.

        Raises:
            UnknownNameError: there is nobody of that name.
        """
        with self.reading() as connection:
            person_id = person_id_of(connection, name)
            self.vault.load(connection)
            rows = connection.execute(
                f"{FACE_COLUMNS}, key_id, template FROM face WHERE person_id = ? ORDER BY face_id", (person_id,)
            ).fetchall()
        return [(face_record(row[:-2]), decode(self.vault.open(row[-2], TEMPLATE, row[0], row[-1]))) for row in rows]

    def crops(self, name: str) -> dict[int, bytes]:
        """The kept cut-outs of a person's faces, JPEG, by number of the face.

        Raises:
            UnknownNameError: there is nobody of that name.
        """
        with self.reading() as connection:
            person_id = person_id_of(connection, name)
            self.vault.load(connection)
            rows = connection.execute(
                "SELECT face_id, crop.key_id, jpeg FROM crop JOIN face USING (face_id) WHERE person_id = ?"
                " ORDER BY face_id",
                (person_id,),
            ).fetchall()
        return {face_id: self.vault.open(key_id, CROP, face_id, jpeg) for face_id, key_id, jpeg in rows}

    def templates(self) -> Templates:
        """Everybody's templates, as one matrix."""
        with self.reading() as connection:
            self.vault.load(connection)
            return read_templates(connection, self.vault)

    def changes(self, since: int, at_most: int) -> Changes | None:
        """What has changed since a revision; None if it is more than so many people."""
        with self.reading() as connection:
            self.vault.load(connection)
            return read_changes(connection, self.vault, since, at_most)

    def select(self, within: Filter) -> NDArray[np.int64]:
        """Numbers of the people who pass a filter; int64, ascending."""
        with self.reading() as connection:
            return within.select(connection)

    def known(self, name: str, picture: str, options: str) -> tuple[FaceRecord | None, tuple[str, ...]]:
        """What an earlier enrolment of this picture for this person came to: a face, reasons, or neither."""
        digest = bytes.fromhex(picture)
        with self.reading() as connection:
            face = connection.execute(
                f"{FACE_COLUMNS} FROM face JOIN person USING (person_id) WHERE picture = ? AND name = ?", (digest, name)
            ).fetchone()
            refused = connection.execute(
                "SELECT reasons FROM refusal WHERE name = ? AND picture = ? AND options = ?", (name, digest, options)
            ).fetchone()
        return (face_record(face) if face else None), (tuple(json.loads(refused[0])) if refused else ())

    def remember(self, key: str, value: str) -> None:
        """Keep a word about the file itself, such as where copies of its templates are; nobody in it changes.

        Raises:
            StoreError: the gallery was opened read-only, is locked for too long, or the disk refuses.
        """
        with self.aside() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def check(self) -> list[str]:
        """What is wrong with the file, one sentence each; empty when all is well."""
        try:
            return self._problems()
        except StoreError as error:
            return [str(error)]

    def _problems(self) -> list[str]:
        with self.reading() as connection:
            # One row may be many lines, headed by "*** in database main ***".
            found = [line for row in connection.execute("PRAGMA integrity_check") for line in str(row[0]).splitlines()]
            problems = [line for line in found if line != "ok" and not line.startswith("***")]
            problems += [f"row {row[1]} of {row[0]} belongs to nobody" for row in
                         connection.execute("PRAGMA foreign_key_check")]  # fmt: skip
            dimension = int(connection.execute("SELECT value FROM meta WHERE key = 'dimension'").fetchone()[0])
            problems += [f"'{row[0]}' has no face" for row in connection.execute(
                "SELECT name FROM person WHERE NOT EXISTS (SELECT 1 FROM face WHERE face.person_id = person.person_id)"
            )]  # fmt: skip
            self.vault.load(connection)
            for face_id, key_id, blob in connection.execute("SELECT face_id, key_id, template FROM face"):
                if not self._sound(face_id, key_id, blob, dimension):
                    problems.append(f"the template of face {face_id} is damaged")
            problems += [f"audit log: {problem}" for problem in self.verify_log().problems]
        return problems

    def _sound(self, face_id: int, key_id: int, blob: bytes, dimension: int) -> bool:
        try:
            plain = self.vault.open(key_id, TEMPLATE, face_id, blob)
        except StoreError:
            return False
        return len(plain) == 4 * dimension and abs(float(np.linalg.norm(decode(plain))) - 1) < 1e-3

    def _unlock(self, key: MasterKey | Path | None) -> Vault:
        with self.reading() as connection:
            meta = dict(connection.execute("SELECT key, value FROM meta WHERE key IN ('gallery_id', 'vault')"))
            if meta["vault"] == "off":
                return Vault(meta["gallery_id"], None)
            row = connection.execute("SELECT master_id FROM data_key LIMIT 1").fetchone()
            if row is None:
                raise StoreError(f"gallery {self.path}: it is damaged: sealed, but without its data keys")
            vault = Vault(meta["gallery_id"], find_key(row[0], key, gallery=self.path))
            vault.load(connection)
        return vault

    def _meta(self, key: str) -> object:
        try:
            with self._lock:  # one statement sees one state by itself
                row = self._open().execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            raise explain(error, self.path) from error
        return None if row is None else row[0]

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
