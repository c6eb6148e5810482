"""A gallery for doors that keep its templates elsewhere: who is in it, and the templates of some, never of all at once.

`StoreLedger` reads the file of record, `HeldLedger` templates that are in memory already.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from vultus.errors import StoreError
from vultus.gallery.database import BUSY_S
from vultus.gallery.record import DEFAULT_COLLECTION, Names
from vultus.gallery.templates import TEMPLATE, Templates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vultus.gallery.store import Store

COPIES = "copies"  # the row of `meta` that names the places where copies of templates are


@dataclass(frozen=True, slots=True, eq=False)
class Roll:
    """Who is in a gallery, as of one revision: 16 bytes per person.

    Attributes:
        revision: counts the changes of the gallery.
        person_ids: ascending; int64, (P,).
        n_faces: of each person, at least 1; int32, (P,).
        parts: names of the collections of people.
        part_of: which of `parts` each person is in; int32, (P,).
    """

    revision: int
    person_ids: NDArray[np.int64]
    n_faces: NDArray[np.int32]
    parts: tuple[str, ...]
    part_of: NDArray[np.int32]


_LINE = np.dtype([("id", np.int64), ("faces", np.int32), ("part", np.int32)])
_NOBODY = Roll(-1, np.zeros(0, np.int64), np.zeros(0, np.int32), (), np.zeros(0, np.int32))


class Ledger(Protocol):
    """What a door may ask.

    Attributes:
        gallery: tells galleries apart; letters and digits.
        contract: of the templates.
        dimension: numbers of a template; 0 in a gallery that never had one.
        sealed: the templates are encrypted where they are.
    """

    @property
    def gallery(self) -> str: ...
    @property
    def contract(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def sealed(self) -> bool: ...

    def roll(self) -> Roll:
        """Who is in the gallery now."""

    def read(self, person_ids: NDArray[np.int64]) -> Templates:
        """The templates that some people have now, in the order of their numbers; who is gone is left out."""

    def changed(self, since: int) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Who is new or has changed since a revision, and who is gone; None if that is not known."""

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """Keep other programs from changing the copies until the end of the block."""

    def note_copy(self, place: dict[str, Any]) -> None:
        """Remember a copy of the templates: `uri` and `name` tell where, the rest how it was made, and `mark` how left.

        Without a mark, it is about to be made: the audit log is told.
        """

    def copy_at(self, uri: str, name: str) -> dict[str, Any]:
        """What was noted of a copy last; empty if nothing was."""


class StoreLedger:
    """Reads the file of record; see `Ledger`."""

    def __init__(self, store: Store) -> None:
        self._store, self.path = store, store.path
        self._roll = _NOBODY
        self.gallery, self.sealed = store.vault.gallery_id, store.vault.on

    @property
    def contract(self) -> str:
        """Of the templates now."""
        return self._store.contract()

    @property
    def dimension(self) -> int:
        """Of a template; 0 before the first."""
        return self._store.dimension()

    def roll(self) -> Roll:
        """See `Ledger`; after the first time, only who has changed is read."""
        with self._store.reading() as connection:
            revision = int(connection.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()[0])
            known = self._roll
            if known.revision == revision:
                return known
            changed = [
                [row[0] for row in connection.execute(f"SELECT person_id FROM {table} WHERE revision > ?",
                                                      (known.revision,))] for table in ("person", "gone")
            ]  # fmt: skip
            parts = list(known.parts)
            rows = connection.execute(
                "SELECT person_id, count(*), collection FROM person JOIN face USING (person_id)"
                " WHERE person.revision > ? GROUP BY person_id ORDER BY person_id",
                (known.revision,),
            )
            new = np.fromiter(((row[0], row[1], _number(parts, row[2])) for row in rows), dtype=_LINE)
        stays = ~np.isin(known.person_ids, np.array(changed[0] + changed[1], dtype=np.int64))
        at = np.searchsorted(known.person_ids[stays], new["id"])
        self._roll = Roll(
            revision,
            np.insert(known.person_ids[stays], at, new["id"]),
            np.insert(known.n_faces[stays], at, new["faces"]),
            tuple(parts),
            np.insert(known.part_of[stays], at, new["part"]),
        )
        return self._roll

    def read(self, person_ids: NDArray[np.int64]) -> Templates:
        """See `Ledger`.

        Raises:
            StoreError: a template is damaged.
            LockedError: the vault is locked.
        """
        vault = self._store.vault
        with self._store.reading() as connection:
            vault.load(connection)
            rows = connection.execute(
                "SELECT person_id, name, face_id, face.key_id, template FROM person JOIN face USING (person_id)"
                " WHERE person_id IN (SELECT value FROM json_each(?)) ORDER BY person_id, face_id",
                (json.dumps(person_ids.tolist()),),
            ).fetchall()
        plain = b"".join([vault.open(key_id, TEMPLATE, face_id, blob) for _, _, face_id, key_id, blob in rows])
        if len(plain) != len(rows) * self.dimension * 4:
            raise StoreError("a template has the wrong length; look for damage: vultus gallery check")
        found, starts = np.unique(np.array([row[0] for row in rows], dtype=np.int64), return_index=True)
        return Templates(
            self._store.revision(),
            Names(rows[start][1] for start in starts),
            starts.astype(np.int64),
            np.array([row[2] for row in rows], dtype=np.int64),
            np.frombuffer(plain, dtype="<f4").reshape(len(rows), self.dimension),
            found,
        )

    def changed(self, since: int) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """See `Ledger`."""
        with self._store.reading() as connection:
            if since > int(connection.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()[0]):
                return None
            touched, gone = (
                np.array([row[0] for row in connection.execute(f"SELECT person_id FROM {table} WHERE revision > ?"
                                                               " ORDER BY person_id", (since,))], dtype=np.int64)
                for table in ("person", "gone")
            )  # fmt: skip
        return touched, gone

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """See `Ledger`; by a lock on an empty file beside the gallery, which the end of a program always frees.

        Raises:
            StoreError: another program has it for long, or the folder cannot be written.
        """
        path = self._store.path
        try:
            lock = sqlite3.connect(f"{path}-copying", timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise StoreError(
                f"cannot copy the templates of {path}: its folder must allow new files ({error})"
            ) from error
        with contextlib.closing(lock):
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.Error as error:
                raise StoreError(
                    f"another program has been copying the templates of {path} for {BUSY_S:g} s; try again when it is "
                    f"done ({error})"
                ) from error
            yield

    def note_copy(self, place: dict[str, Any]) -> None:
        """See `Ledger`.

        Raises:
            StoreError: the gallery was opened read-only.
        """
        if "mark" not in place:
            self._store.note("export", (), {"to": "milvus", "people": len(self.roll().person_ids)})
        self._store.remember(COPIES, json.dumps([*self._copies_but(place["uri"], place["name"]), place]))

    def drop_copy(self, uri: str, name: str) -> None:
        """Forget a copy that is there no more."""
        self._store.remember(COPIES, json.dumps(self._copies_but(uri, name)))

    def copy_at(self, uri: str, name: str) -> dict[str, Any]:
        """See `Ledger`."""
        return next((one for one in self.copies() if (one["uri"], one["name"]) == (uri, name)), {})

    def copies(self) -> list[dict[str, Any]]:
        """Where copies of the templates are."""
        with self._store.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (COPIES,)).fetchone()
        found: list[dict[str, Any]] = json.loads(row[0]) if row else []
        return found

    def _copies_but(self, uri: str, name: str) -> list[dict[str, Any]]:
        return [one for one in self.copies() if (one["uri"], one["name"]) != (uri, name)]


class HeldLedger:
    """Templates in memory, all in one part, of a gallery that nobody else knows; see `Ledger`."""

    contract, sealed = "", False

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self.gallery = secrets.token_hex(16)
        self.dimension = templates.vectors.shape[1]
        self._copy: dict[str, Any] = {}

    def roll(self) -> Roll:
        """See `Ledger`."""
        held = self._templates
        n_faces = np.diff(np.append(held.starts, len(held.vectors))).astype(np.int32)
        part_of = np.zeros(len(n_faces), dtype=np.int32)
        return Roll(held.revision, held.person_ids, n_faces, (DEFAULT_COLLECTION,), part_of)

    def read(self, person_ids: NDArray[np.int64]) -> Templates:
        """See `Ledger`."""
        held = self._templates
        people = np.flatnonzero(np.isin(held.person_ids, person_ids))
        ends = np.append(held.starts, len(held.vectors))
        counts = ends[people + 1] - ends[people]
        starts = np.cumsum(counts) - counts
        rows = np.repeat(ends[people] - starts, counts) + np.arange(int(counts.sum()))
        names = [held.names[int(at)] for at in people]
        return Templates(held.revision, names, starts, held.face_ids[rows], held.vectors[rows], held.person_ids[people])

    def changed(self, since: int) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """See `Ledger`: nothing is known of what they were before."""
        none = np.zeros(0, dtype=np.int64)
        return (none, none) if since == self._templates.revision else None

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """See `Ledger`."""
        return contextlib.nullcontext()

    def note_copy(self, place: dict[str, Any]) -> None:
        """See `Ledger`."""
        self._copy = place

    def copy_at(self, uri: str, name: str) -> dict[str, Any]:
        """See `Ledger`: of the one copy."""
        return self._copy


def _number(parts: list[str], part: str) -> int:
    """Number of a part, which is added if it is new."""
    if part not in parts:
        parts.append(part)
    return parts.index(part)
