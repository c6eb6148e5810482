"""The templates of a gallery as one matrix, read from the file of record and unsealed in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import StoreError
from vultus.gallery.record import Names

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from vultus.gallery.vault import Vault

TEMPLATE = "template"  # the kind of a sealed template, see `Vault.seal`
_FETCH = 8192
_NO_IDS: NDArray[np.int64] = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Templates:
    """Everything a search needs, as of one revision; read-only.

    Attributes:
        revision: counts the changes of the gallery.
        names: the people, in the order of their numbers.
        starts: row of each person's first template; int64, (people,).
        face_ids: int64, (faces,).
        vectors: float32, (faces, D), unit rows, one person's next to each other.
        person_ids: numbers of the people, ascending; int64, (people,). Left out, they are 1, 2, 3, ...
        gallery_id: of the gallery they are from.
    """

    revision: int
    names: Sequence[str]
    starts: NDArray[np.int64]
    face_ids: NDArray[np.int64]
    vectors: NDArray[np.float32]
    person_ids: NDArray[np.int64] = field(default_factory=lambda: _NO_IDS)
    gallery_id: str = ""

    def __post_init__(self) -> None:
        if len(self.person_ids) != len(self.names):
            object.__setattr__(self, "person_ids", np.arange(1, len(self.names) + 1, dtype=np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """What became of a gallery since an earlier revision.

    Attributes:
        revision: the revision now.
        gone: numbers of the people who were removed; int64, ascending.
        people: the people who are new or have changed, with all their templates of now.
    """

    revision: int
    gone: NDArray[np.int64]
    people: Templates


def read_templates(connection: sqlite3.Connection, vault: Vault, changed_since: int | None = None) -> Templates:
    """The templates of everybody, or of those who have changed since a revision.

    Raises:
        StoreError: a template is damaged.
        LockedError: the vault is locked.
    """
    revision, dimension = _meta(connection, "revision"), _meta(connection, "dimension")
    which = "person.revision > ?" if changed_since is not None else "1"
    given = () if changed_since is None else (changed_since,)
    people = connection.execute(
        f"SELECT person_id, name, count(*) FROM person JOIN face USING (person_id) WHERE {which}"
        " GROUP BY person_id ORDER BY person_id",
        given,
    ).fetchall()
    counts = np.array([row[2] for row in people], dtype=np.int64)
    n_faces = int(counts.sum())
    vectors = np.empty((n_faces, dimension), dtype=np.float32)
    face_ids = np.empty(n_faces, dtype=np.int64)
    rows = connection.execute(
        f"SELECT face_id, face.key_id, template FROM person JOIN face USING (person_id) WHERE {which}"
        " ORDER BY person_id, face_id",
        given,
    )
    at = 0
    for chunk in _chunks(rows):
        end = at + len(chunk)
        face_ids[at:end] = [row[0] for row in chunk]
        plain = b"".join([vault.open(key_id, TEMPLATE, face_id, blob) for face_id, key_id, blob in chunk])
        if len(plain) != len(chunk) * dimension * 4:
            raise StoreError("a template has the wrong length; examine the file: vultus gallery check")
        vectors[at:end] = np.frombuffer(plain, dtype="<f4").reshape(len(chunk), dimension)
        at = end
    vectors.flags.writeable = False
    person_ids = np.array([row[0] for row in people], dtype=np.int64)
    starts = np.cumsum(counts) - counts
    names = Names(row[1] for row in people)
    return Templates(revision, names, starts, face_ids, vectors, person_ids, vault.gallery_id)


def read_changes(connection: sqlite3.Connection, vault: Vault, since: int, at_most: int) -> Changes | None:
    """What has changed since a revision; None if it is more than so many people.

    Raises:
        StoreError: a template is damaged.
        LockedError: the vault is locked.
    """
    (touched,) = connection.execute(
        "SELECT (SELECT count(*) FROM person WHERE revision > ?) + (SELECT count(*) FROM gone WHERE revision > ?)",
        (since, since),
    ).fetchone()
    if touched > at_most:
        return None
    gone = connection.execute("SELECT person_id FROM gone WHERE revision > ? ORDER BY person_id", (since,)).fetchall()
    people = read_templates(connection, vault, since)
    return Changes(people.revision, np.array([row[0] for row in gone], dtype=np.int64), people)


def encode(template: NDArray[np.float32]) -> bytes:
    """A template as stored: little-endian float32."""
    return np.ascontiguousarray(template, dtype="<f4").tobytes()


def decode(blob: bytes) -> NDArray[np.float32]:
    """The read-only array of stored bytes."""
    return np.frombuffer(blob, dtype="<f4").astype(np.float32, copy=False)


def _meta(connection: sqlite3.Connection, key: str) -> int:
    return int(connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])


def _chunks(rows: Iterable[Any]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _FETCH:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
