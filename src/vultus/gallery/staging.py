"""Templates of another model, gathered beside those in use and taken over in one transaction.

Until the last transaction the gallery is what it was: searches, enrolments and removals go on under the old contract.
The last one exchanges all templates, the contract and the length at once, so that a kill at any moment leaves a gallery
of one contract, with what was gathered or without.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import StoreError
from vultus.gallery.locksmith import CROP, STAGED
from vultus.gallery.templates import TEMPLATE, decode, encode
from vultus.gallery.writer import now

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from vultus.gallery.alignment import Alignment
    from vultus.gallery.store import Store

MIGRATION = "migration"  # the row of `meta` that says where a gallery is on its way to
_CHUNK = 1024
_SHUFFLE = 2654435761  # Knuth's multiplier: spreads numbers that follow each other


@dataclass(frozen=True, slots=True)
class Underway:
    """A migration that has begun and not ended.

    Attributes:
        contract: that the gallery will have.
        dimension: length of its templates.
        started_at: ISO 8601, UTC.
    """

    contract: str
    dimension: int
    started_at: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is.

    Attributes:
        n_faces: in the gallery, those of unknown people too.
        n_ready: with a template of the other model.
        n_to_embed: not ready, with a kept crop.
    """

    n_faces: int
    n_ready: int
    n_to_embed: int


@dataclass(frozen=True, slots=True, eq=False)
class Both:
    """Faces that both models have embedded.

    Attributes:
        old, new: unit rows, float32, (N, D1) and (N, D2).
        people: who is on each; equal numbers are one person; int64, (N,).
    """

    old: NDArray[np.float32]
    new: NDArray[np.float32]
    people: NDArray[np.int64]


class Staging:
    """The gathered templates of one gallery."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def underway(self) -> Underway | None:
        """The migration that was begun, if one was."""
        with self._store.reading() as connection:
            return _underway(connection)

    def check(self, contract: str) -> None:
        """Refuse to begin a second migration.

        Raises:
            StoreError: one to another contract has begun.
        """
        found = self.underway()
        if found is not None and found.contract != contract:
            raise StoreError(
                f"the gallery {self._store.path} is on its way to {found.contract} since {found.started_at}; go on "
                "with that one, or end it first: vultus gallery migrate --rollback"
            )

    def begin(self, contract: str, dimension: int) -> None:
        """Begin a migration, or go on with the same one.

        Raises:
            StoreError: one to another contract has begun.
        """
        self.check(contract)
        if self.underway() is None:
            self._store.remember(MIGRATION, json.dumps(asdict(Underway(contract, dimension, now()))))

    def progress(self) -> Progress:
        """How many faces are ready."""
        with self._store.reading() as connection:
            row = connection.execute(
                "SELECT count(*), count(staged.face_id), coalesce(sum(staged.face_id IS NULL AND crop.face_id IS NOT"
                " NULL), 0) FROM face LEFT JOIN staged USING (face_id) LEFT JOIN crop ON crop.face_id = face.face_id"
            ).fetchone()
        return Progress(*map(int, row))

    def crops(self, count: int) -> Iterator[list[tuple[int, bytes]]]:
        """Kept crops of faces that are not ready, so many at a time, each with the number of its face."""
        after = 0
        while True:
            with self._store.reading() as connection:
                self._store.vault.load(connection)
                rows = connection.execute(
                    "SELECT face_id, crop.key_id, jpeg FROM crop WHERE face_id > ? AND face_id NOT IN"
                    " (SELECT face_id FROM staged) ORDER BY face_id LIMIT ?",
                    (after, count),
                ).fetchall()
            if not rows:
                return
            after = rows[-1][0]
            vault = self._store.vault
            yield [(face_id, vault.open(key_id, CROP, face_id, blob)) for face_id, key_id, blob in rows]

    def put(self, contract: str, templates: Sequence[tuple[int, NDArray[np.float32]]]) -> None:
        """Keep templates of the other model; they are on the disk when this returns. Faces gone meanwhile are left out.

        Raises:
            StoreError: the migration was ended by another program.
        """
        vault = self._store.vault
        with self._store.aside() as connection:
            self._same(connection, contract)
            for face_id, template in templates:
                row = connection.execute("SELECT key_id FROM face WHERE face_id = ?", (face_id,)).fetchone()
                if row is not None:
                    blob = vault.seal(row[0], STAGED, face_id, encode(template))
                    connection.execute(
                        "INSERT OR REPLACE INTO staged VALUES (?, ?, ?, ?)", (face_id, contract, row[0], blob)
                    )

    def both(self, at_most: int) -> Both:
        """Ready faces under both models, no more than so many, of people drawn by their numbers.

        A face of nobody counts as one of a person of its own.
        """
        vault = self._store.vault
        with self._store.reading() as connection:
            vault.load(connection)
            rows = connection.execute(
                "SELECT face_id, person_id, face.key_id, face.template, staged.key_id, staged.template FROM face"
                f" JOIN staged USING (face_id) ORDER BY (coalesce(person_id, -face_id) * {_SHUFFLE}) % 4294967291,"
                " face_id LIMIT ?",
                (at_most,),
            ).fetchall()
            found = _underway(connection)
            widths = _meta(connection, "dimension"), 0 if found is None else found.dimension
        old = b"".join([vault.open(row[2], TEMPLATE, row[0], row[3]) for row in rows])
        new = b"".join([vault.open(row[4], STAGED, row[0], row[5]) for row in rows])
        people = np.array([-row[0] if row[1] is None else row[1] for row in rows], dtype=np.int64)
        return Both(decode(old).reshape(len(rows), widths[0]), decode(new).reshape(len(rows), widths[1]), people)

    def unready(self, count: int) -> list[str]:
        """Where the first faces come from that have no template of the other model."""
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT source FROM face WHERE face_id NOT IN (SELECT face_id FROM staged) ORDER BY face_id LIMIT ?",
                (count,),
            ).fetchall()
        return [str(row[0]) for row in rows]

    def finish(self, contract: str, alignment: Alignment | None, at_most: int) -> bool:
        """Exchange all templates; faces that are not ready get the old one, mapped.

        Nothing is exchanged, and the answer is no, if more than `at_most` are not ready: somebody has enrolled faces
        meanwhile.

        Raises:
            StoreError: the migration was ended by another program.
        """
        with self._store.writing() as writer, self._store.reading() as connection:
            found = self._same(connection, contract)
            faces = connection.execute("SELECT face_id, key_id FROM face ORDER BY face_id").fetchall()
            ready = {row[0] for row in connection.execute("SELECT face_id FROM staged")}
            others = [face for face in faces if face[0] not in ready]
            if len(others) > at_most:
                return False
            for start in range(0, len(faces), _CHUNK):
                part = faces[start : start + _CHUNK]
                self._take(connection, [face for face in part if face[0] in ready])
                if alignment is not None:
                    self._map(connection, [face for face in part if face[0] not in ready], alignment)
            before = connection.execute("SELECT value FROM meta WHERE key = 'contract'").fetchone()[0]
            detail = {"old": before, "new": contract, "faces": len(faces), "mapped": len(others)}
            writer.note("migrate", detail=detail)
            connection.execute("DELETE FROM staged")
            connection.execute("DELETE FROM meta WHERE key = ?", (MIGRATION,))
            # Another model may find a face where the old one found none.
            connection.execute("DELETE FROM refusal")
            connection.execute("UPDATE meta SET value = ? WHERE key = 'contract'", (found.contract,))
            connection.execute("UPDATE meta SET value = ? WHERE key = 'dimension'", (found.dimension,))
            connection.execute("UPDATE person SET revision = 1 + (SELECT value FROM meta WHERE key = 'revision')")
        self._store.forget()
        return True

    def roll_back(self) -> int:
        """End a migration and forget what was gathered; how many templates that were."""
        with self._store.writing() as writer, self._store.reading() as connection:
            count = connection.execute("DELETE FROM staged").rowcount
            writer.note("migrate", detail={"what": "rolled back", "faces": count})
            connection.execute("DELETE FROM meta WHERE key = ?", (MIGRATION,))
        self._store.forget()
        return int(count)

    def _same(self, connection: sqlite3.Connection, contract: str) -> Underway:
        found = _underway(connection)
        if found is None or found.contract != contract:
            raise StoreError(
                f"the migration of {self._store.path} to {contract} was ended by another program; begin it again"
            )
        return found

    def _take(self, connection: sqlite3.Connection, faces: Sequence[tuple[int, int]]) -> None:
        """Put the gathered templates of faces (number, key) in the place of the old ones."""
        vault = self._store.vault
        for face_id, key_id in faces:
            sealed_by, blob = connection.execute(
                "SELECT key_id, template FROM staged WHERE face_id = ?", (face_id,)
            ).fetchone()
            plain = vault.open(sealed_by, STAGED, face_id, blob)
            self._set(connection, face_id, vault.seal(key_id, TEMPLATE, face_id, plain))

    def _map(self, connection: sqlite3.Connection, faces: Sequence[tuple[int, int]], alignment: Alignment) -> None:
        """Put mapped templates in the place of the old ones."""
        vault = self._store.vault
        if not faces:
            return
        old = [
            vault.open(key_id, TEMPLATE, face_id, connection.execute(
                "SELECT template FROM face WHERE face_id = ?", (face_id,)).fetchone()[0])
            for face_id, key_id in faces
        ]  # fmt: skip
        for (face_id, key_id), row in zip(faces, alignment.apply(np.stack(list(map(decode, old)))), strict=True):
            self._set(connection, face_id, vault.seal(key_id, TEMPLATE, face_id, encode(row)))

    def _set(self, connection: sqlite3.Connection, face_id: int, blob: bytes) -> None:
        connection.execute("UPDATE face SET template = ? WHERE face_id = ?", (blob, face_id))


def _underway(connection: sqlite3.Connection) -> Underway | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (MIGRATION,)).fetchone()
    return None if row is None else Underway(**json.loads(row[0]))


def _meta(connection: sqlite3.Connection, key: str) -> int:
    return int(connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])
