"""Faces nobody has named, in the file of record: their groups, and what the user said about them.

A must-link says that two faces are one person, a cannot-link that they are two, a negative that a face is not a certain
person. Faces that the user put together hang on the newest of them, for age is what takes faces away.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import UnknownNameError
from vultus.gallery.locksmith import CROP
from vultus.gallery.templates import TEMPLATE, decode
from vultus.types import Box

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from vultus.gallery.record import NewFace
    from vultus.gallery.vault import Vault

SAME_FACE_IOU = 0.5
SHOWN = 3
_NEXT = "next_group"  # the row of `meta` with the number of the next group; numbers are never used again


@dataclass(frozen=True, slots=True)
class Group:
    """Faces that are probably one person.

    Attributes:
        group_id: stays while most of the faces do, and is never given to others.
        n_faces: how many.
        sources: pictures of the best faces, at most three.
        first_at, last_at: when the first and the last were kept, ISO 8601, UTC.
    """

    group_id: int
    n_faces: int
    sources: tuple[str, ...]
    first_at: str
    last_at: str


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """All faces without a name and what is known of them.

    Attributes:
        face_ids: ascending; int64, (N,).
        groups: of each face, -1 for none yet; int64, (N,).
        pictures: of each face.
        vectors: float32, (N, D), unit rows.
        together, apart: pairs of positions, int64, (K, 2).
        digest: differs from that of any other state.
    """

    face_ids: NDArray[np.int64]
    groups: NDArray[np.int64]
    pictures: list[bytes]
    vectors: NDArray[np.float32]
    together: NDArray[np.int64]
    apart: NDArray[np.int64]
    digest: bytes


class Unnamed:
    """Questions and changes within one transaction.

    Args:
        connection: with the transaction begun.
        vault: opens templates.
    """

    def __init__(self, connection: sqlite3.Connection, vault: Vault) -> None:
        self._connection, self._vault = connection, vault

    def standing(self, face: NewFace) -> tuple[int, int | None] | None:
        """Number of this face of this picture and of its person, if it is kept already, with or without a name."""
        rows = self._connection.execute(
            "SELECT face_id, person_id, place FROM face WHERE picture = ? ORDER BY person_id IS NULL",
            (bytes.fromhex(face.picture),),
        ).fetchall()
        box = Box(np.array(face.box_xyxy_px, dtype=np.float32))
        return next((row[:2] for row in rows if _box(row[2]).iou(box) > SAME_FACE_IOU), None)

    def state(self) -> State:
        """Everything the clustering needs.

        Raises:
            StoreError: a template is damaged.
            LockedError: the vault is locked.
        """
        self._vault.load(self._connection)
        rows = self._connection.execute(
            "SELECT face_id, coalesce(group_id, -1), picture, key_id, template FROM face WHERE person_id IS NULL"
            " ORDER BY face_id"
        ).fetchall()
        plain = [decode(self._vault.open(row[3], TEMPLATE, row[0], row[4])) for row in rows]
        face_ids = np.array([row[0] for row in rows], dtype=np.int64)
        pairs = {same: self._pairs(face_ids, same) for same in (1, 0)}
        return State(
            face_ids, np.array([row[1] for row in rows], dtype=np.int64), [row[2] for row in rows],
            np.stack(plain) if plain else np.zeros((0, 1), np.float32), pairs[1], pairs[0], self.digest(),
        )  # fmt: skip

    def digest(self) -> bytes:
        """Of the faces, their groups and the links: tells whether anything has changed."""
        digest = sha256()
        for query in (
            "SELECT face_id, coalesce(group_id, -1) FROM face WHERE person_id IS NULL ORDER BY face_id",
            "SELECT first_face, second_face, same FROM link ORDER BY first_face, second_face",
        ):
            for row in self._connection.execute(query):
                digest.update(repr(row).encode())
        return digest.digest()

    def regrouped(self, state: State, groups: NDArray[np.int64]) -> None:
        """Write the groups that were found for a state."""
        moved = np.flatnonzero(groups != state.groups)
        self._connection.executemany(
            "UPDATE face SET group_id = ? WHERE face_id = ?",
            zip(groups[moved].tolist(), state.face_ids[moved].tolist(), strict=True),
        )
        self._count_up(int(groups.max(initial=0)) + 1)

    def next_group(self) -> int:
        """The first number that no group ever had."""
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (_NEXT,)).fetchone()
        return 1 if row is None else int(row[0])

    def groups(self, at_least: int = 1) -> list[Group]:
        """Groups with so many faces, the largest first; faces that no group was looked for yet are in none."""
        best: dict[int, list[str]] = {}
        for group_id, source in self._connection.execute(
            "SELECT group_id, source FROM (SELECT group_id, source, row_number() OVER"
            " (PARTITION BY group_id ORDER BY quality DESC, face_id) AS place FROM face"
            " WHERE person_id IS NULL AND group_id IS NOT NULL) WHERE place <= ? ORDER BY group_id, place",
            (SHOWN,),
        ):
            best.setdefault(group_id, []).append(source)
        rows = self._connection.execute(
            "SELECT group_id, count(*), min(enrolled_at), max(enrolled_at) FROM face"
            " WHERE person_id IS NULL AND group_id IS NOT NULL GROUP BY group_id HAVING count(*) >= ?"
            " ORDER BY count(*) DESC, group_id",
            (at_least,),
        )
        return [Group(number, n_faces, tuple(best[number]), first, last) for number, n_faces, first, last in rows]

    def faces_of(self, group_id: int) -> list[int]:
        """Numbers of the faces of a group, the oldest first.

        Raises:
            UnknownNameError: there is no such group.
        """
        rows = self._connection.execute(
            "SELECT face_id FROM face WHERE person_id IS NULL AND group_id = ? ORDER BY face_id", (group_id,)
        ).fetchall()
        if not rows:
            raise UnknownNameError("group of unknown faces", str(group_id), (), "(list: vultus unknown list)")
        return [row[0] for row in rows]

    def best_of(self, group_ids: Sequence[int], most: int) -> dict[int, list[int]]:
        """Numbers of so many faces of each group at most, the best first; groups that are not there are left out."""
        best: dict[int, list[int]] = {}
        for group_id, face_id in self._connection.execute(
            "SELECT group_id, face_id FROM (SELECT group_id, face_id, row_number() OVER"
            " (PARTITION BY group_id ORDER BY quality DESC, face_id) AS place FROM face"
            " WHERE person_id IS NULL AND group_id IN (SELECT value FROM json_each(?))) WHERE place <= ?"
            " ORDER BY group_id, place",
            (json.dumps(list(group_ids)), most),
        ):
            best.setdefault(group_id, []).append(face_id)
        return best

    def cut_outs(self, face_ids: Sequence[int]) -> dict[int, bytes]:
        """The kept cut-outs of faces, as JPEG files.

        Raises:
            StoreError: one is damaged.
            LockedError: the vault is locked.
        """
        self._vault.load(self._connection)
        rows = self._connection.execute(
            "SELECT face_id, key_id, jpeg FROM crop WHERE face_id IN (SELECT value FROM json_each(?)) ORDER BY face_id",
            (json.dumps(list(face_ids)),),
        )
        return {face_id: self._vault.open(key_id, CROP, face_id, jpeg) for face_id, key_id, jpeg in rows}

    def fit(self, face_ids: Sequence[int], person_id: int) -> list[int]:
        """Those of the faces that may be this person: not denied, and one per picture that has none yet."""
        taken = {row[0] for row in self._connection.execute(
            "SELECT picture FROM face WHERE person_id = ?", (person_id,))}  # fmt: skip
        denied = {row[0] for row in self._connection.execute(
            "SELECT face_id FROM negative WHERE person_id = ?", (person_id,))}  # fmt: skip
        rows = self._connection.execute(
            "SELECT face_id, picture FROM face WHERE face_id IN (SELECT value FROM json_each(?))"
            " ORDER BY quality DESC, face_id",
            (json.dumps(list(face_ids)),),
        )
        fit = []
        for face_id, picture in rows:
            if face_id not in denied and picture not in taken:
                taken.add(picture)
                fit.append(face_id)
        return sorted(fit)

    def named(self, face_ids: Sequence[int], person_id: int) -> None:
        """Turn what was said of faces that have a name now into negatives: what is set apart from them is not them."""
        given = set(face_ids)
        for first, second, same in self._links(face_ids):
            for own, other in ((first, second), (second, first)):
                if not same and own in given and other not in given:
                    self.deny([other], person_id)
        self._unlink(face_ids)

    def deny(self, face_ids: Iterable[int], person_id: int) -> None:
        """Say that none of these faces is this person."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO negative VALUES (?, ?)", [(face_id, person_id) for face_id in face_ids]
        )

    def join(self, face_ids: Sequence[int], group_id: int) -> None:
        """Say that these faces are one person; the group is theirs."""
        inside = set(face_ids)
        gone = [(first, second) for first, second, _ in self._links(face_ids) if first in inside and second in inside]
        self._connection.executemany("DELETE FROM link WHERE first_face = ? AND second_face = ?", gone)
        self._link(face_ids, max(face_ids), same=1)
        self._move(face_ids, group_id)

    def split(self, face_ids: Sequence[int], rest: Sequence[int]) -> int:
        """Say that these faces of a group are not the person that the rest is; the number of their new group."""
        leaving, inside, hub = set(face_ids), {*face_ids, *rest}, max(rest)
        links = self._links(sorted(inside))
        bunches = _bunches([(first, second) for first, second, same in links if same])
        self._connection.executemany(
            "DELETE FROM link WHERE first_face = ? AND second_face = ?",
            [(first, second) for first, second, _ in links if first in inside and second in inside],
        )
        for bunch in bunches:
            if together := sorted(bunch & leaving):
                self._link(together, together[-1], same=1)
        self._link(rest, hub, same=1)
        self._link(face_ids, hub, same=0)
        # Who was set apart from the group by a face that now leaves is still apart from the rest.
        apart = {face for first, second, same in links if not same and leaving & {first, second}
                 for face in (first, second)}  # fmt: skip
        self._link(sorted(apart - inside), hub, same=0)
        number = self.next_group()
        self._count_up(number + 1)
        self._move(face_ids, number)
        return number

    def forget(self, face_ids: Sequence[int]) -> int:
        """Delete faces without a name; how many it were."""
        return self._connection.execute(
            "DELETE FROM face WHERE person_id IS NULL AND face_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(face_ids)),),
        ).rowcount

    def kept_before(self, time: str) -> list[int]:
        """Faces without a name that were kept before this time, ISO 8601, UTC."""
        query = "SELECT face_id FROM face WHERE person_id IS NULL AND enrolled_at < ? ORDER BY face_id"
        return [row[0] for row in self._connection.execute(query, (time,))]

    def _pairs(self, face_ids: NDArray[np.int64], same: int) -> NDArray[np.int64]:
        """Links between faces without a name, as positions."""
        rows = self._connection.execute("SELECT first_face, second_face FROM link WHERE same = ?", (same,)).fetchall()
        found = np.array(rows, dtype=np.int64).reshape(-1, 2)
        found = found[np.isin(found, face_ids).all(axis=1)]
        return np.searchsorted(face_ids, found).astype(np.int64)

    def _links(self, face_ids: Sequence[int]) -> list[tuple[int, int, int]]:
        """What was said of these faces and others."""
        return self._connection.execute(
            "WITH these AS (SELECT value AS face FROM json_each(?))"
            " SELECT first_face, second_face, same FROM link WHERE first_face IN these OR second_face IN these",
            (json.dumps(list(face_ids)),),
        ).fetchall()

    def _unlink(self, face_ids: Sequence[int]) -> None:
        self._connection.executemany(
            "DELETE FROM link WHERE first_face = ? AND second_face = ?",
            [(first, second) for first, second, _ in self._links(face_ids)],
        )

    def _link(self, face_ids: Sequence[int], hub: int, *, same: int) -> None:
        rows = [(min(face_id, hub), max(face_id, hub), same) for face_id in face_ids if face_id != hub]
        self._connection.executemany("INSERT OR REPLACE INTO link VALUES (?, ?, ?)", rows)

    def _move(self, face_ids: Sequence[int], group_id: int) -> None:
        self._connection.executemany(
            "UPDATE face SET group_id = ? WHERE face_id = ?", [(group_id, face_id) for face_id in face_ids]
        )

    def _count_up(self, number: int) -> None:
        if number > self.next_group():
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_NEXT, number))


def _bunches(pairs: Iterable[tuple[int, int]]) -> list[set[int]]:
    """Faces that hang together."""
    bunch_of: dict[int, set[int]] = {}
    for first, second in pairs:
        one, other = bunch_of.get(first, {first}), bunch_of.get(second, {second})
        if one is not other:
            one |= other
            bunch_of.update(dict.fromkeys(one, one))
    return list({id(bunch): bunch for bunch in bunch_of.values()}.values())


def _box(place: str) -> Box:
    return Box(np.array(json.loads(place)["box"], dtype=np.float32))
