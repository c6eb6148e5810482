"""Changes to a gallery within one transaction; nothing here commits."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ContractError, InputError, NameClashError, ShapeError, UnknownNameError
from vultus.gallery.audit import Log
from vultus.gallery.locksmith import CROP, Locksmith
from vultus.gallery.record import DEFAULT_COLLECTION, UNKNOWN_COLLECTION, metadata_text
from vultus.gallery.templates import TEMPLATE, encode
from vultus.gallery.vault import GALLERY
from vultus.types import Box

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from vultus.gallery.audit import Signature
    from vultus.gallery.record import NewFace
    from vultus.gallery.vault import Vault

SAME_FACE_IOU = 0.5
# What has to be followed by `Store.forget`.
_LEAVES_TRACES = ("delete", "expire", "rename", "key", "migrate")


class Writer:
    """Changes within one transaction; made by `Store.writing`. Each leaves its line in the audit log.

    Attributes:
        locksmith: changes the keys that seal.
        action: what faces that come to people are called there: "enrol", "import", "label" or "migrate".
    """

    def __init__(self, connection: sqlite3.Connection, vault: Vault, signature: Signature) -> None:
        self._connection = connection
        self._vault = vault
        self._signature = signature
        self.action = "enrol"
        self._enrolled: dict[int, int] = {}
        self._unknown = 0
        self._now = now()
        self.locksmith = Locksmith(connection, vault, self._now)
        self._revision = 1 + int(connection.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()[0])

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

    def person(
        self, name: str, metadata: Mapping[str, Any] | None = None, created_at: str = "", collection: str = ""
    ) -> int:
        """Number of a person, made if new; metadata join what is known already.

        Raises:
            NameClashError: the person is known in another collection than the one given.
        """
        row = self._connection.execute(
            "SELECT person_id, metadata, collection FROM person WHERE name = ?", (name,)
        ).fetchone()
        if row is None:
            text = metadata_text(metadata or {})
            cursor = self._connection.execute(
                "INSERT INTO person (name, metadata, created_at, updated_at, collection, revision)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (name, text, created_at or self._now, self._now, collection or DEFAULT_COLLECTION, self._revision),
            )
            return int(cursor.lastrowid or 0)
        if collection not in ("", row[2]):
            raise NameClashError(name, f" in the collection '{row[2]}'; choose another name")
        text = metadata_text({**json.loads(row[1]), **(metadata or {})})
        self._connection.execute(
            "UPDATE person SET metadata = ?, updated_at = ?, revision = ? WHERE person_id = ?",
            (text, self._now, self._revision, row[0]),
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

    def add(self, person_id: int | None, face: NewFace) -> int:
        """Store a face and give its number; None for the face of somebody unknown.

        The caller has asked `standing` first.
        """
        place = json.dumps({"box": face.box_xyxy_px, "landmarks": face.landmarks_px})
        key_id, face_id = self._key_of(person_id), self._next_face()
        self._connection.execute(
            "INSERT INTO face (face_id, person_id, picture, source, place, score, quality, reasons, key_id, template,"
            " enrolled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                face_id,
                person_id,
                bytes.fromhex(face.picture),
                face.source,
                place,
                face.score,
                face.quality,
                json.dumps(face.reasons),
                key_id,
                self._vault.seal(key_id, TEMPLATE, face_id, encode(face.template)),
                face.enrolled_at or self._now,
            ),
        )
        if face.crop is not None:
            sealed = self._vault.seal(key_id, CROP, face_id, face.crop)
            self._connection.execute("INSERT INTO crop VALUES (?, ?, ?)", (face_id, key_id, sealed))
        if person_id is not None:
            self._touch(person_id)
            self._enrolled[person_id] = self._enrolled.get(person_id, 0) + 1
        else:
            self._unknown += 1
        return face_id

    def give(self, face_ids: Sequence[int], person_id: int) -> None:
        """Make faces those of a person, sealed with the key of the person's collection."""
        key_id = self._key_of(person_id)
        for face_id in face_ids:
            self.locksmith.reseal(face_id, key_id)
            self._connection.execute(
                "UPDATE face SET person_id = ?, group_id = NULL WHERE face_id = ?", (person_id, face_id)
            )
        self._touch(person_id)
        self._enrolled[person_id] = self._enrolled.get(person_id, 0) + len(face_ids)

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
        self._touch(person_id)
        self._connection.executemany("DELETE FROM face WHERE face_id = ?", [(face_id,) for face_id in sorted(gone)])
        if gone:
            self.note("delete", (person_id,), {"faces": len(gone), "person": False})

    def change(self, name: str, **columns: str | None) -> int:
        """Set columns of a person: consent, tags or keep_until; gives the person's number.

        Raises:
            UnknownNameError: there is nobody of that name.
        """
        person_id = person_id_of(self._connection, name)
        for column, value in columns.items():
            self._connection.execute(
                f"UPDATE person SET {column} = ?, updated_at = ?, revision = ? WHERE person_id = ?",
                (value, self._now, self._revision, person_id),
            )
        return person_id

    def file(self, person_id: int, tags: Iterable[str], keep_until: str | None) -> None:
        """Join tags to those a person has, and set how long the person stays unless None."""
        (known,) = self._connection.execute("SELECT tags FROM person WHERE person_id = ?", (person_id,)).fetchone()
        joined = json.dumps(sorted({*json.loads(known), *tags}), ensure_ascii=False)
        self._connection.execute(
            "UPDATE person SET tags = ?, keep_until = coalesce(?, keep_until) WHERE person_id = ?",
            (joined, keep_until, person_id),
        )

    def remove(self, name: str, action: str = "delete", detail: Mapping[str, Any] | None = None) -> int:
        """Delete a person with all faces and refusals; how many faces it were.

        Args:
            name: the person.
            action, detail: for the audit log.

        Raises:
            UnknownNameError: there is nobody of that name.
        """
        refused = self._connection.execute("DELETE FROM refusal WHERE name = ?", (name,)).rowcount
        if refused and not self.has(name):
            return 0
        person_id = person_id_of(self._connection, name)
        faces = self._connection.execute("DELETE FROM face WHERE person_id = ?", (person_id,)).rowcount
        self._connection.execute("DELETE FROM person WHERE person_id = ?", (person_id,))
        self._connection.execute("INSERT INTO gone VALUES (?, ?)", (person_id, self._revision))
        self._enrolled.pop(person_id, None)
        self.note(action, (person_id,), {"faces": faces, "person": True, **(detail or {})})
        return faces

    def remove_collection(self, collection: str) -> list[int]:
        """Delete a collection with everybody in it, its data keys too; the numbers of the people.

        Raises:
            InputError: there is no such collection.
        """
        people = self._connection.execute(
            "SELECT person_id, name FROM person WHERE collection = ? ORDER BY person_id", (collection,)
        ).fetchall()
        for _, name in people:
            self.remove(name)
        faces = 0
        if collection == UNKNOWN_COLLECTION:
            faces = self._connection.execute("DELETE FROM face WHERE person_id IS NULL").rowcount
        if not self.locksmith.forget(collection) and not people and not faces:
            raise InputError(f"there is no collection '{collection}' in this gallery")
        return [person_id for person_id, _ in people]

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
            "UPDATE person SET name = ?, updated_at = ?, revision = ? WHERE person_id = ?",
            (new, self._now, self._revision, person_id),
        )
        self._connection.execute("UPDATE OR REPLACE refusal SET name = ? WHERE name = ?", (new, old))
        self.note("rename", (person_id,))

    def note(
        self, action: str, subjects: Iterable[int] = (), detail: Mapping[str, Any] | None = None, **more: Any
    ) -> None:
        """Write a line into the audit log, see `audit.Log.append`; `more` joins the detail."""
        log_of(self._connection, self._vault, self._signature).append(action, subjects, {**(detail or {}), **more})
        if action in _LEAVES_TRACES:
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES ('to_forget', ?)", (self._revision,))

    def finish(self) -> None:
        """Count this as one change of the gallery, and write who got new faces into the audit log."""
        if self._enrolled:
            self.note(self.action, self._enrolled, {"faces": sum(self._enrolled.values())})
        if self._unknown:
            self.note("enrol", detail={"unknown_faces": self._unknown})
        self._connection.execute("UPDATE meta SET value = ? WHERE key = 'revision'", (self._revision,))

    def _touch(self, person_id: int) -> None:
        self._connection.execute("UPDATE person SET revision = ? WHERE person_id = ?", (self._revision, person_id))

    def _next_face(self) -> int:
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'face'").fetchone()
        return 1 if row is None else int(row[0]) + 1

    def _key_of(self, person_id: int | None) -> int:
        """The data key of a person's collection, or of the unknown."""
        if person_id is None:
            return self._vault.key_of(self._connection, UNKNOWN_COLLECTION, self._now)
        row = self._connection.execute("SELECT collection FROM person WHERE person_id = ?", (person_id,)).fetchone()
        return self._vault.key_of(self._connection, row[0], self._now)


def log_of(connection: sqlite3.Connection, vault: Vault, signature: Signature) -> Log:
    """The audit log, with its newest key."""
    key_id = vault.key_of(connection, GALLERY, now())
    master = "" if vault.master is None else vault.master.key_id
    return Log(connection, vault.gallery_id, vault.audit_key, key_id, signature, master)


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
