"""The people of a gallery by number and in pages: what a service asks, whose callers know no files and few names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vultus.errors import InputError, UnknownNameError
from vultus.gallery.desk import Desk
from vultus.gallery.locksmith import CROP
from vultus.gallery.record import UNKNOWN_COLLECTION, check_tags, face_record, normal_name, person_record
from vultus.gallery.store import FACE_COLUMNS, PERSON_COLUMNS
from vultus.gallery.vault import GALLERY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from vultus.gallery.record import FaceRecord, Person

_REMEMBERED = 10_000
# The best of the faces that can be shown, else none.
_PORTRAIT = """(SELECT face_id FROM face AS best JOIN crop USING (face_id) WHERE best.person_id = person.person_id
    ORDER BY quality DESC, face_id LIMIT 1)"""


@dataclass(frozen=True, slots=True)
class Known:
    """A person in short.

    Attributes:
        person_id: number.
        name: of the person.
        portrait: number of the best face of which a cut-out is kept; None without any.
    """

    person_id: int
    name: str
    portrait: int | None


@dataclass(frozen=True, slots=True)
class Size:
    """How much a gallery holds.

    Attributes:
        people: enrolled.
        faces: of these people.
        unknown: faces that nobody has named.
    """

    people: int
    faces: int
    unknown: int


class Register(Desk):
    """Verbs about people by number. Each is in the audit log."""

    def size(self) -> Size:
        """How much there is."""
        with self._store.reading() as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM face WHERE person_id IS NOT NULL),"
                " (SELECT count(*) FROM face WHERE person_id IS NULL)"
            ).fetchone()
        return Size(*(int(count) for count in row))

    def known(self, name: str) -> Known | None:
        """Number and portrait of somebody, None if nobody has this name; looked up for answers, so not a view."""
        return self.known_all((name,)).get(name)

    def known_all(self, names: Iterable[str]) -> dict[str, Known]:
        """Numbers and portraits by name, of those who are there; looked up for answers, so not a view."""
        revision = self._store.revision()
        with self._lock:
            if self._register[0] != revision:
                self._register = revision, {}
            remembered = self._register[1]
            if len(remembered) >= _REMEMBERED:
                remembered.clear()
        asked = {name: remembered.get(name) or self._look_up(name) for name in names}
        found = {name: person for name, person in asked.items() if person is not None}
        remembered.update(found)
        return found

    def _look_up(self, name: str) -> Known | None:
        with self._store.reading() as connection:
            row = connection.execute(
                f"SELECT person_id, name, {_PORTRAIT} FROM person WHERE name = ?", (name,)
            ).fetchone()
        return None if row is None else Known(*row)

    def named(self, person_id: int) -> str:
        """The name of a person.

        Raises:
            UnknownNameError: there is nobody of that number.
        """
        with self._store.reading() as connection:
            row = connection.execute("SELECT name FROM person WHERE person_id = ?", (person_id,)).fetchone()
        if row is None:
            raise UnknownNameError("person", str(person_id))
        return str(row[0])

    def listing(
        self, *, after: str = "", limit: int = 50, words: str = "", tag: str = ""
    ) -> list[tuple[Person, int | None]]:
        """A page of people by name, each with the number of the portrait.

        Args:
            after: only names behind this one.
            limit: so many at most.
            words: part of the name, in any case.
            tag: only people with this tag.
        """
        conditions, values = _passing(words, tag)
        query = (
            f"{PERSON_COLUMNS.replace('FROM person', f', {_PORTRAIT} FROM person')} WHERE name > ? {conditions}"
            " GROUP BY person_id ORDER BY name LIMIT ?"
        )
        with self._store.reading() as connection:
            rows = connection.execute(query, (after, *values, limit)).fetchall()
        found = [(person_record(row[:-1]), row[-1]) for row in rows]
        self._store.note("view", [person.person_id for person, _ in found], {"people": len(found)})
        return found

    def passing_words(self, words: str = "", tag: str = "") -> int:
        """How many people `listing` would give in all."""
        conditions, values = _passing(words, tag)
        with self._store.reading() as connection:
            row = connection.execute(f"SELECT count(*) FROM person WHERE 1 {conditions}", values).fetchone()
        return int(row[0])

    def one(self, person_id: int) -> tuple[Person, int | None]:
        """A person with the number of the portrait.

        Raises:
            UnknownNameError: there is nobody of that number.
        """
        name = self.named(person_id)
        found = self._store.person(name)
        self._store.note("view", (person_id,))
        known = self.known(name)
        return found, known.portrait if known else None

    def describe(self, name: str, metadata: Mapping[str, Any]) -> None:
        """Join notes to those that are kept with a person.

        Raises:
            UnknownNameError: there is nobody of that name.
            InputError: they are no JSON values.
        """
        name = normal_name(name)
        with self._store.writing() as writer:
            if not writer.has(name):
                raise UnknownNameError("person", name)
            person_id = writer.person(name, metadata)
            writer.note("label", (person_id,), {"fields": len(metadata)})

    def retag(self, name: str, tags: Iterable[str]) -> tuple[str, ...]:
        """Give somebody exactly these tags.

        Raises:
            UnknownNameError: there is nobody of that name.
            InputError: a tag cannot be used.
        """
        wanted = tuple(sorted(set(check_tags(tags))))
        with self._store.writing() as writer:
            person_id = writer.change(normal_name(name), tags=json.dumps(wanted, ensure_ascii=False))
            writer.note("tag", (person_id,), {"tags": len(wanted)})
        return wanted

    def portraits(self, name: str) -> set[int]:
        """Numbers of the faces of somebody of which a cut-out is kept."""
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT face_id FROM crop JOIN face USING (face_id) JOIN person USING (person_id) WHERE name = ?",
                (normal_name(name),),
            ).fetchall()
        return {int(row[0]) for row in rows}

    def face(self, person_id: int | None, face_id: int) -> FaceRecord:
        """One face of a person, or of the unknown.

        Raises:
            UnknownNameError: there is no such face there.
        """
        with self._store.reading() as connection:
            row = connection.execute(
                f"{FACE_COLUMNS} FROM face WHERE face_id = ? AND person_id IS ?", (face_id, person_id)
            ).fetchone()
        if row is None:
            raise UnknownNameError("face", str(face_id))
        self._store.note("view", () if person_id is None else (person_id,), {"faces": 1})
        return face_record(row)

    def enrolled(self, name: str = "", *, skip: int = 0, limit: int = 50) -> tuple[int, list[tuple[int, str]]]:
        """Faces of everybody, or of one person, by number: how many in all, and a page of (face_id, name).

        Args:
            name: of whom; "" for everybody.
            skip: so many are left out at the beginning.
            limit: so many at most.
        """
        whose, values = ("AND name = ?", [normal_name(name)]) if name else ("", [])
        joined = f"FROM face JOIN person USING (person_id) WHERE 1 {whose}"
        with self._store.reading() as connection:
            (total,) = connection.execute(f"SELECT count(*) {joined}", values).fetchone()
            rows = connection.execute(
                f"SELECT face_id, name {joined} ORDER BY face_id LIMIT ? OFFSET ?", [*values, limit, skip]
            ).fetchall()
        self._store.note("view", detail={"faces": len(rows)}, names=sorted({row[1] for row in rows}))
        return int(total), [(int(row[0]), str(row[1])) for row in rows]

    def owner(self, face_id: int) -> tuple[int, str]:
        """Number and name of the person whose face this is.

        Raises:
            UnknownNameError: nobody has such a face.
        """
        with self._store.reading() as connection:
            row = connection.execute(
                "SELECT person_id, name FROM face JOIN person USING (person_id) WHERE face_id = ?", (face_id,)
            ).fetchone()
        if row is None:
            raise UnknownNameError("face", str(face_id))
        return int(row[0]), str(row[1])

    def resemblance(self, face_id: int, vectors: NDArray[np.float32]) -> list[float]:
        """How alike one enrolled face and others are.

        Args:
            face_id: of the enrolled one.
            vectors: float32, (N, D), rows of unit length, of this gallery's contract.

        Returns:
            Cosines, (N,).

        Raises:
            UnknownNameError: nobody has such a face.
            InputError: the vectors have another length than the gallery's.
        """
        _, name = self.owner(face_id)
        (template,) = (template for record, template in self._store.faces(name) if record.face_id == face_id)
        if vectors.ndim != 2 or vectors.shape[1] != len(template):
            raise InputError(f"embeddings must be (N, {len(template)}), but are {vectors.shape}")
        self._store.note("search", detail={"faces": len(vectors)}, names=[name])
        return [float(cosine) for cosine in vectors @ template]

    def cut_out(self, person_id: int | None, face_id: int) -> bytes:
        """The kept cut-out of a face of a person, or of the unknown; JPEG.

        Raises:
            UnknownNameError: there is no such face there, or no cut-out of it.
        """
        with self._store.reading() as connection:
            self._store.vault.load(connection)
            row = connection.execute(
                "SELECT crop.key_id, jpeg FROM crop JOIN face USING (face_id) WHERE face_id = ? AND person_id IS ?",
                (face_id, person_id),
            ).fetchone()
        if row is None:
            raise UnknownNameError("cut-out of face", str(face_id))
        self._store.note("view", () if person_id is None else (person_id,), {"cut_outs": 1})
        return self._store.vault.open(row[0], CROP, face_id, row[1])

    def remove_face(self, person_id: int, face_id: int) -> None:
        """Delete one face of a person; the bytes are overwritten.

        Raises:
            UnknownNameError: there is no such face there.
            InputError: it is the last one.
        """
        with self._store.writing() as writer, self._store.reading() as connection:
            own = [row[0] for row in connection.execute("SELECT face_id FROM face WHERE person_id = ?", (person_id,))]
            if face_id not in own:
                raise UnknownNameError("face", str(face_id))
            if len(own) == 1:
                raise InputError(f"face {face_id} is the last one of person {person_id}; remove the person instead")
            writer.keep_only(person_id, [other for other in own if other != face_id])
        self._store.forget()

    def clear(self) -> int:
        """Remove everybody, the unknown too, and their data keys; how many people it were. Bytes are overwritten."""
        with self._store.writing() as writer, self._store.reading() as connection:
            kept = "SELECT collection FROM person UNION SELECT collection FROM data_key WHERE collection <> ?"
            parts = {row[0] for row in connection.execute(kept, (GALLERY,))}
            loose = connection.execute("SELECT 1 FROM face WHERE person_id IS NULL LIMIT 1").fetchone()
            people = sum(len(writer.remove_collection(part)) for part in sorted(parts))
            if loose and UNKNOWN_COLLECTION not in parts:
                writer.remove_collection(UNKNOWN_COLLECTION)
        self._store.forget()
        return people


def _passing(words: str, tag: str) -> tuple[str, list[str]]:
    conditions, values = "", list[str]()
    if words:
        conditions += " AND name LIKE ? ESCAPE '\\'"
        escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values.append(f"%{escaped}%")
    if tag:
        conditions += " AND EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)"
        values.append(tag)
    return conditions, values
