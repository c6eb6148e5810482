"""Monitors and what they have told, on the disk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from vultus.service.database import now
from vultus.service.envelope import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vultus.service.workbook import Workbook

MOST_EVENTS = 10_000  # of a monitor
_TIDY_EVERY = 256
_COLUMNS = "number, monitor_id, name, collection_id, shown, sealed, settings, wanted, caller, created_at"


@dataclass(frozen=True, slots=True)
class Monitor:
    """A monitor as it was set up.

    Attributes:
        number: counts monitors.
        monitor_id: opaque.
        name: for people.
        collection_id: who is looked for.
        shown: the source without secrets.
        sealed: the source.
        settings: as the caller gave them.
        wanted: it is to run.
        caller: id of the key; created_at: ISO 8601, UTC.
    """

    number: int
    monitor_id: str
    name: str
    collection_id: str
    shown: str
    sealed: bytes
    settings: Mapping[str, Any]
    wanted: bool
    caller: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Told:
    """An event.

    Attributes:
        event_id: grows; unique among all monitors.
        monitor_id: whose.
        type: "seen", "left", "unknown" or "state".
        at: ISO 8601, UTC.
        body: JSON values; people stand in it by number.
    """

    event_id: int
    monitor_id: str
    type: str
    at: str
    body: Mapping[str, Any]


class MonitorStore:
    """Monitors in a workbook.

    Args:
        book: the file.
    """

    def __init__(self, book: Workbook) -> None:
        self._book = book

    def add(
        self, monitor_id: str, name: str, collection_id: str, shown: str, sealed: bytes, settings: Mapping[str, Any],
        caller: str,
    ) -> Monitor:  # fmt: skip
        """A new monitor, which is to run."""
        with self._book.writing() as sql:
            sql.execute(
                "INSERT INTO monitor (monitor_id, name, collection_id, shown, sealed, settings, wanted, caller,"
                " created_at) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)",
                (monitor_id, name, collection_id, shown, sealed, json.dumps(dict(settings)), caller, now()),
            )
        return self.get(monitor_id)

    def get(self, monitor_id: str) -> Monitor:
        """One monitor.

        Raises:
            ServiceError: there is none of that id.
        """
        with self._book.reading() as sql:
            row = sql.execute(f"SELECT {_COLUMNS} FROM monitor WHERE monitor_id = ?", (monitor_id,)).fetchone()
        if row is None:
            raise missing(monitor_id)
        return _monitor(row)

    def all(self) -> list[Monitor]:
        """Every monitor, the oldest first."""
        with self._book.reading() as sql:
            rows = sql.execute(f"SELECT {_COLUMNS} FROM monitor ORDER BY number").fetchall()
        return [_monitor(row) for row in rows]

    def want(self, monitor_id: str, *, wanted: bool) -> None:
        """Whether it is to run, also after a restart."""
        with self._book.writing() as sql:
            sql.execute("UPDATE monitor SET wanted = ? WHERE monitor_id = ?", (int(wanted), monitor_id))

    def delete(self, monitor_id: str) -> None:
        """Remove a monitor with all it has told."""
        with self._book.writing() as sql:
            sql.execute("DELETE FROM event WHERE monitor_id = ?", (monitor_id,))
            sql.execute("DELETE FROM monitor WHERE monitor_id = ?", (monitor_id,))

    def tell(self, monitor_id: str, kind: str, body: Mapping[str, Any]) -> int:
        """Write an event down; its number. 0 where the monitor was deleted meanwhile."""
        with self._book.writing() as sql:
            if sql.execute("SELECT 1 FROM monitor WHERE monitor_id = ?", (monitor_id,)).fetchone() is None:
                return 0
            event_id = sql.execute(
                "INSERT INTO event (monitor_id, type, at, body) VALUES (?, ?, ?, ?)",
                (monitor_id, kind, now(), json.dumps(dict(body))),
            ).lastrowid
            if event_id is not None and event_id % _TIDY_EVERY == 0:
                sql.execute(
                    "DELETE FROM event WHERE monitor_id = ?1 AND event_id <= (SELECT event_id FROM event"
                    " WHERE monitor_id = ?1 ORDER BY event_id DESC LIMIT 1 OFFSET ?2)",
                    (monitor_id, MOST_EVENTS),
                )
        return event_id or 0

    def after(self, monitor_id: str, event_id: int, limit: int) -> list[Told]:
        """Events behind one, in order."""
        return self._events("event_id > ? ORDER BY event_id", monitor_id, event_id, limit)

    def before(self, monitor_id: str, event_id: int | None, limit: int) -> list[Told]:
        """Events backwards; None begins at the newest."""
        return self._events("event_id < ? ORDER BY event_id DESC", monitor_id, event_id or 2**62, limit)

    def last(self, monitor_id: str) -> int:
        """Number of the newest event; 0 where there is none."""
        with self._book.reading() as sql:
            row = sql.execute("SELECT max(event_id) FROM event WHERE monitor_id = ?", (monitor_id,)).fetchone()
        return int(row[0] or 0)

    def sweep(self, keep_days: float, collections: Iterable[str]) -> list[str]:
        """Delete old events, and monitors of collections that are gone; the ids of these."""
        before = (datetime.now(UTC) - timedelta(days=keep_days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        there = set(collections)
        with self._book.writing() as sql:
            sql.execute("DELETE FROM event WHERE at < ?", (before,))
        gone = [one.monitor_id for one in self.all() if one.collection_id not in there]
        for monitor_id in gone:
            self.delete(monitor_id)
        return gone

    def _events(self, which: str, monitor_id: str, event_id: int, limit: int) -> list[Told]:
        with self._book.reading() as sql:
            rows = sql.execute(
                f"SELECT event_id, monitor_id, type, at, body FROM event WHERE monitor_id = ? AND {which} LIMIT ?",
                (monitor_id, event_id, limit),
            ).fetchall()
        return [Told(event_id, who, kind, at, json.loads(body)) for event_id, who, kind, at, body in rows]


def missing(monitor_id: str) -> ServiceError:
    """What is said of a monitor that is not there, or not for the caller."""
    return ServiceError("not_found", f"there is no monitor '{monitor_id:.40}'")


def _monitor(row: Sequence[Any]) -> Monitor:
    cells = list(row)
    cells[6], cells[7] = json.loads(cells[6]), bool(cells[7])
    return Monitor(*cells)
