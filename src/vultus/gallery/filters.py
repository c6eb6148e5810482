"""Which people a search looks among."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, UnknownNameError
from vultus.gallery.record import normal_name

if TYPE_CHECKING:
    import sqlite3

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Filter:
    """People who pass every condition given; one left empty lets everybody pass.

    Attributes:
        people: any of these names.
        collections: any of these collections.
        tags: all of these tags.
        since, until: enrolled at or after, and before; ISO 8601, UTC, e.g. "2026-01-31" or "2026-01-31T12:00:00Z".

    Raises:
        InputError: a name or time cannot be used.
    """

    people: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None

    def __post_init__(self) -> None:
        for name in ("people", "collections", "tags"):
            if isinstance(getattr(self, name), str):
                raise InputError(f"{name} of a filter must be several words, but is one: ('{getattr(self, name)}',)")
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "people", tuple(normal_name(name) for name in self.people))
        for name in ("since", "until"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _time(getattr(self, name), name))

    def __bool__(self) -> bool:
        return bool(self.people or self.collections or self.tags or self.since or self.until)

    def check(self, connection: sqlite3.Connection) -> None:
        """Make sure that somebody has each of the names and collections.

        Raises:
            UnknownNameError: nobody has.
        """
        for kind, column, wanted in (("person", "name", self.people), ("collection", "collection", self.collections)):
            for word in wanted:
                if connection.execute(f"SELECT 1 FROM person WHERE {column} = ? LIMIT 1", (word,)).fetchone() is None:
                    known = [row[0] for row in connection.execute(f"SELECT DISTINCT {column} FROM person")]
                    raise UnknownNameError(kind, word, known)

    def select(self, connection: sqlite3.Connection) -> NDArray[np.int64]:
        """Numbers of the people who pass, ascending; names nobody has pass nobody."""
        conditions, values = ["1"], list[str]()
        for column, wanted in (("name", self.people), ("collection", self.collections)):
            if wanted:
                conditions.append(f"{column} IN ({', '.join('?' * len(wanted))})")
                values += wanted
        for tag in self.tags:
            conditions.append("EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)")
            values.append(tag)
        for sign, time in ((">=", self.since), ("<", self.until)):
            if time is not None:
                conditions.append(f"created_at {sign} ?")
                values.append(time)
        query = f"SELECT person_id FROM person WHERE {' AND '.join(conditions)} ORDER BY person_id"
        return np.array([row[0] for row in connection.execute(query, values)], dtype=np.int64)


def _time(text: str, name: str) -> str:
    """A time as the store spells it, so that comparing texts compares times."""
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a date or time like 2026-01-31T12:00:00Z, but is {text!r}") from None
    if time.tzinfo is not None:
        time = time.astimezone(UTC)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
