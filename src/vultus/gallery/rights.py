"""What a gallery owes the people in it: consent, days to stay, everything held about one person, and an audit log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vultus.errors import InputError
from vultus.gallery import audit, retention
from vultus.gallery.desk import Desk
from vultus.gallery.person_file import export_person
from vultus.gallery.record import check_tags, normal_name
from vultus.gallery.writer import now, person_id_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from vultus.gallery.audit import Entry, Head, Verdict
    from vultus.gallery.retention import Consent


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody who has to go.

    Attributes:
        name: the person.
        reason: "kept_long_enough", "consent_ended" or "consent_withdrawn".
        faces: enrolled faces.
    """

    name: str
    reason: str
    faces: int


class Rights(Desk):
    """Verbs about what is held, why, how long, and who looked at it."""

    def consent(self, name: str) -> Consent:
        """On what grounds somebody is in the gallery.

        Raises:
            UnknownNameError: there is nobody of that name.
        """
        person = self._store.person(normal_name(name))
        self._store.note("view", (person.person_id,))
        return retention.Consent.of(person.consent)

    def set_consent(self, name: str, consent: Consent) -> None:
        """Write down on what grounds somebody is in the gallery; `expire` removes who took it back.

        Raises:
            UnknownNameError: there is nobody of that name.
        """
        with self._store.writing() as writer:
            person_id = writer.change(normal_name(name), consent=json.dumps(consent.record(), sort_keys=True))
            writer.note("consent", (person_id,), {"fields": sorted(consent.record())})

    def keep(self, name: str, days: float | None = None, *, until: str = "") -> str | None:
        """Say how long somebody stays, from now on; without days and until, without a limit. Gives the moment.

        Raises:
            UnknownNameError: there is nobody of that name.
            InputError: days or until cannot be used, or both are given.
        """
        if days is not None and until:
            raise InputError("how long somebody is kept must be given as days or as until, not both")
        end = None
        if days is not None or until:
            end = retention.moment(until, "until") if until else retention.after(days or 0.0, now())
        with self._store.writing() as writer:
            person_id = writer.change(normal_name(name), keep_until=end)
            writer.note("consent", (person_id,), {"keep_until": end})
        return end

    def tag(self, name: str, add: Iterable[str] = (), remove: Iterable[str] = ()) -> tuple[str, ...]:
        """Give somebody tags to filter by, and take others away; the tags there are now.

        Raises:
            UnknownNameError: there is nobody of that name.
            InputError: a tag cannot be used.
        """
        name, new, old = normal_name(name), check_tags(add), check_tags(remove)
        with self._store.writing() as writer:
            tags = tuple(sorted({*self._store.person(name).tags, *new} - set(old)))
            person_id = writer.change(name, tags=json.dumps(tags, ensure_ascii=False))
            writer.note("tag", (person_id,), {"tags": len(tags)})
        return tags

    def export_person(self, name: str, path: str | Path) -> int:
        """Write everything that is held about one person to a folder or a .zip; how many faces it were.

        Raises:
            UnknownNameError: there is nobody of that name.
            InputError: there is something of that name already.
            StoreError: it cannot be written; nothing was.
        """
        name = normal_name(name)
        self._store.note("export", (self._store.person(name).person_id,))
        return export_person(self._store, name, Path(path))

    def due(self, at: str = "") -> list[Due]:
        """Who has to go by now, by name: kept for as long as was said, or without consent.

        Args:
            at: another moment than now; ISO 8601.
        """
        moment = retention.moment(at, "at") if at else now()
        with self._store.reading() as connection:
            found = [Due(name, reason, faces) for name, reason, faces in _due(connection, moment)]
        if found:
            self._store.note("view", detail={"due": len(found)}, names=[one.name for one in found])
        return found

    def expire(self, at: str = "") -> list[Due]:
        """Remove who has to go, with all templates and cut-outs, in one transaction; who it was.

        Args:
            at: another moment than now; ISO 8601.
        """
        moment = retention.moment(at, "at") if at else now()
        with self._store.reading() as connection:
            if not _due(connection, moment):
                return []
        with self._store.writing() as writer, self._store.reading() as connection:
            gone = [
                Due(name, reason, writer.remove(name, "expire", {"reason": reason}))
                for name, reason, _ in _due(connection, moment)
            ]
        self._store.forget()
        return gone

    def audit_log(self, *, after: int = 0, name: str | None = None, number: int | None = None) -> Iterator[Entry]:
        """The lines of the audit log, oldest first, as of now.

        Args:
            after: only lines with a higher number.
            name: only those about this person.
            number: the same by number, of somebody who may be removed.

        Raises:
            UnknownNameError: there is nobody of that name.
            StoreError: a line was tampered with, and cannot be read.
        """
        with self._store.reading() as connection:
            subject = number if name is None else person_id_of(connection, normal_name(name))
            yield from audit.read(connection, after=after, subject=subject)

    def newest_lines(self, **which: Any) -> list[Entry]:
        """Lines of the audit log backwards; arguments as of `audit.newest`."""
        with self._store.reading() as connection:
            return audit.newest(connection, **which)

    def verify_log(self, kept: Head | None = None) -> Verdict:
        """Look for edits, removals and moves in the audit log.

        Args:
            kept: a head that was noted earlier; what it stood for must still be there.
        """
        return self._store.verify_log(kept)


def _due(connection: sqlite3.Connection, at: str) -> list[tuple[str, str, int]]:
    """Name, reason and number of faces of everybody who has to go, by name."""
    rows = connection.execute(
        "SELECT name, consent, keep_until, count(face_id) FROM person LEFT JOIN face USING (person_id)"
        " WHERE keep_until IS NOT NULL OR consent <> '{}' GROUP BY person_id ORDER BY name"
    )
    found = ((row[0], retention.due(retention.Consent.of(json.loads(row[1])), row[2], at), row[3]) for row in rows)
    return [(name, reason, faces) for name, reason, faces in found if reason]
