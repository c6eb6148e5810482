"""Changes to a gallery within one transaction; nothing here commits."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ContractError, NameClashError, ShapeError, UnknownNameError
from vultus.gallery.record import metadata_text
from vultus.types import Box

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from vultus.gallery.record import NewFace

SAME_FACE_IOU = 0.5


class Writer:
    """Changes within one transaction; made by `Store.writing`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._now = now()

    def bind(self, contract: str, dimension: int) -> None:
        """Fix the contract of an empty gallery, or check that it is this one.

        Raises:
            ContractError: the gallery holds templates of another contract.
        """
        stored = dict(self._connection.execute("SELECT key, value FROM meta WHERE key IN ('contract', 'dimension')"))
        if not stored["contract"]:
            self._connection.execute("UPDATE meta SET value = ? WHERE key = 'contract'", (contract,))
            self._connection.execute("UPDATE meta SET value = ? WHERE key = 'dimension'", (dimension,))
        elif stored["contract"] != contract:
            raise ContractError(str(stored["contract"]), contract)
        elif stored["dimension"] != dimension:
            raise ShapeError("template", f"of {stored['dimension']} numbers", f"of {dimension}")

    def has(self, name: str) -> bool:
        """Is there anybody of that name?"""
        return self._connection.execute("SELECT 1 FROM person WHERE name = ?", (name,)).fetchone() is not None

    def person(self, name: str, metadata: Mapping[str, Any] | None = None, created_at: str = "") -> int:
        """Number of a person, made if new; metadata join what is known already."""
        row = self._connection.execute("SELECT person_id, metadata FROM person WHERE name = ?", (name,)).fetchone()
        if row is None:
            text = metadata_text(metadata or {})
            made = created_at or self._now
            cursor = self._connection.execute(
                "INSERT INTO person (name, metadata, created_at, updated_at) VALUES (?, ?, ?, ?)",
                (name, text, made, self._now),
            )
            return int(cursor.lastrowid or 0)
        text = metadata_text({**json.loads(row[1]), **(metadata or {})})
        self._connection.execute(
            "UPDATE person SET metadata = ?, updated_at = ? WHERE person_id = ?", (text, self._now, row[0])
        )
        return int(row[0])

    def standing(self, name: str, face: NewFace) -> tuple[int | None, str | None]:
        """Number of the face this person has in that picture already; and who else holds the same face of it."""
        rows = self._connection.execute(
            "SELECT name, face_id, place FROM face JOIN person USING (person_id) WHERE picture = ?",
            (bytes.fromhex(face.picture),),
        ).fetchall()
        own = next((row[1] for row in rows if row[0] == name), None)
        box = Box(np.array(face.box_xyxy_px, dtype=np.float32))
        others = (row[0] for row in rows if row[0] != name and _box(row[2]).iou(box) > SAME_FACE_IOU)
        return own, next(others, None)

    def add(self, person_id: int, face: NewFace) -> int:
        """Store a face and give its number; the caller has asked `standing` first."""
        place = json.dumps({"box": face.box_xyxy_px, "landmarks": face.landmarks_px})
        cursor = self._connection.execute(
            "INSERT INTO face (person_id, picture, source, place, score, quality, reasons, template, enrolled_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                person_id,
                bytes.fromhex(face.picture),
                face.source,
                place,
                face.score,
                face.quality,
                json.dumps(face.reasons),
                encode(face.template),
                face.enrolled_at or self._now,
            ),
        )
        return int(cursor.lastrowid or 0)

    def refuse(self, name: str, picture: str, options: str, reasons: Sequence[str]) -> None:
        """Remember that a picture was not taken under these options."""
        self._connection.execute(
            "INSERT OR REPLACE INTO refusal VALUES (?, ?, ?, ?)",
            (name, bytes.fromhex(picture), options, json.dumps(list(reasons))),
        )

    def keep_only(self, person_id: int, face_ids: Sequence[int]) -> None:
        """Delete a person's other faces."""
        rows = self._connection.execute("SELECT face_id FROM face WHERE person_id = ?", (person_id,)).fetchall()
        gone = {row[0] for row in rows} - set(face_ids)
        self._connection.executemany("DELETE FROM face WHERE face_id = ?", [(face_id,) for face_id in sorted(gone)])

    def remove(self, name: str) -> int:
        """Delete a person with all faces and refusals; how many faces it were.

        Raises:
            UnknownNameError: there is nobody of that name.
        """
        refused = self._connection.execute("DELETE FROM refusal WHERE name = ?", (name,)).rowcount
        if refused and not self.has(name):
            return 0
        person_id = person_id_of(self._connection, name)
        faces = self._connection.execute("DELETE FROM face WHERE person_id = ?", (person_id,)).rowcount
        self._connection.execute("DELETE FROM person WHERE person_id = ?", (person_id,))
        return faces

    def rename(self, old: str, new: str) -> None:
        """Give a person another name.

        Raises:
            UnknownNameError: there is nobody of the old name.
            NameClashError: somebody has the new one.
        """
        person_id = person_id_of(self._connection, old)
        if self.has(new):
            raise NameClashError(new, "; choose another name, or remove one of the two")
        self._connection.execute(
            "UPDATE person SET name = ?, updated_at = ? WHERE person_id = ?", (new, self._now, person_id)
        )
        self._connection.execute("UPDATE OR REPLACE refusal SET name = ? WHERE name = ?", (new, old))


def encode(template: NDArray[np.float32]) -> bytes:
    """A template as stored: little-endian float32."""
    return np.ascontiguousarray(template, dtype="<f4").tobytes()


def decode(blob: bytes) -> NDArray[np.float32]:
    """The read-only array of stored bytes."""
    return np.frombuffer(blob, dtype="<f4").astype(np.float32, copy=False)


def now() -> str:
    """This second, ISO 8601, UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def person_id_of(connection: sqlite3.Connection, name: str) -> int:
    """Number of a person.

    Raises:
        UnknownNameError: there is nobody of that name.
    """
    row = connection.execute("SELECT person_id FROM person WHERE name = ?", (name,)).fetchone()
    if row is None:
        names = [known[0] for known in connection.execute("SELECT name FROM person")]
        raise UnknownNameError("person", name, names, "(list: vultus gallery list)")
    return int(row[0])


def _box(place: str) -> Box:
    return Box(np.array(json.loads(place)["box"], dtype=np.float32))
