"""The journal of jobs: what was asked, how far it is, and what became of each item; on the disk as it happens."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from vultus.service.database import now
from vultus.service.envelope import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vultus.service.workbook import Workbook

Kind = Literal["enrol", "identify", "unknown"]
State = Literal["queued", "running", "done", "failed", "cancelled"]
ACTIVE = ("queued", "running")
SHOWN_ERRORS = 100
_COLUMNS = (
    "number, job_id, kind, collection_id, source, options, caller, purpose, state, revision, planned, done, total,"
    " n_errors, place, counts, message, created_at, started_at, finished_at"
)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands.

    Attributes:
        number: counts jobs.
        job_id: opaque.
        kind: what is done.
        collection_id: with whom.
        source: {"folder": path}, {"video": path} or {"upload": "zip" | "video", "filename": name for people}.
        options: as the caller gave them.
        caller: id of the key; purpose: from the caller.
        state: see `State`.
        revision: grows with every change.
        planned: all items are listed.
        done, total: items; total is None while nobody knows.
        n_errors: items that came to nothing.
        place: seconds of a video that are through.
        counts: what came of the items so far.
        message: why the job failed.
        created_at, started_at, finished_at: ISO 8601, UTC.
    """

    number: int
    job_id: str
    kind: Kind
    collection_id: str
    source: Mapping[str, str]
    options: Mapping[str, Any]
    caller: str
    purpose: str
    state: State
    revision: int
    planned: bool
    done: int
    total: int | None
    n_errors: int
    place: float
    counts: Mapping[str, int]
    message: str
    created_at: str
    started_at: str | None
    finished_at: str | None

    @property
    def active(self) -> bool:
        """Whether something is still to be done."""
        return self.state in ACTIVE


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item.

    Attributes:
        path: the item: a picture below the folder or in the zip file, or a track.
        body: JSON values; people stand in it by number.
        code, message: why it came to nothing; "" if it did not.
        counts: added to those of the job.
    """

    path: str
    body: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    message: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


class JobStore:
    """Jobs in a workbook.

    Args:
        book: the file.
    """

    def __init__(self, book: Workbook) -> None:
        self._book = book

    def add(
        self, kind: Kind, collection_id: str, source: Mapping[str, str], options: Mapping[str, Any], *,
        caller: str, purpose: str = "", most: int = 1000, job_id: str = "",
    ) -> Job:  # fmt: skip
        """A new job, queued; on the disk when this returns.

        Raises:
            ServiceError: as many are waiting already.
        """
        job_id = job_id or new_id()
        with self._book.writing() as sql:
            (waiting,) = sql.execute("SELECT count(*) FROM job WHERE state IN ('queued', 'running')").fetchone()
            if waiting >= most:
                raise ServiceError("busy", f"{waiting} jobs are waiting already", headers={"Retry-After": "60"})
            sql.execute(
                "INSERT INTO job (job_id, kind, collection_id, source, options, caller, purpose, state, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?)",
                (job_id, kind, collection_id, json.dumps(source), json.dumps(options), caller, purpose, now()),
            )
        return self.get(job_id)

    def get(self, job_id: str) -> Job:
        """One job.

        Raises:
            ServiceError: there is none of that id.
        """
        with self._book.reading() as sql:
            row = sql.execute(f"SELECT {_COLUMNS} FROM job WHERE job_id = ?", (job_id,)).fetchone()
        if row is None:
            raise missing(job_id)
        return _job(row)

    def newest(self, before: int | None, limit: int, collections: Sequence[str] | None = None) -> list[Job]:
        """Jobs backwards.

        Args:
            before: only those of a smaller number; None begins at the newest.
            limit: how many at most.
            collections: only of these; None for all.
        """
        with self._book.reading() as sql:
            rows = sql.execute(
                f"SELECT {_COLUMNS} FROM job WHERE (?1 IS NULL OR number < ?1)"
                " AND (?2 IS NULL OR collection_id IN (SELECT value FROM json_each(?2))) ORDER BY number DESC LIMIT ?3",
                (before, None if collections is None else json.dumps(list(collections)), limit),
            ).fetchall()
        return [_job(row) for row in rows]

    def take(self) -> Job | None:
        """The oldest job that waits, which runs from now on."""
        with self._book.writing() as sql:
            row = sql.execute("SELECT job_id FROM job WHERE state = 'queued' ORDER BY number LIMIT 1").fetchone()
            if row is None:
                return None
            sql.execute(
                "UPDATE job SET state = 'running', started_at = coalesce(started_at, ?), revision = revision + 1"
                " WHERE job_id = ?",
                (now(), row[0]),
            )
        return self.get(row[0])

    def requeue(self, job_id: str | None = None) -> None:
        """Let what ran when the service was stopped, or killed, wait for its turn again."""
        with self._book.writing() as sql:
            sql.execute(
                "UPDATE job SET state = 'queued', revision = revision + 1 WHERE state = 'running'"
                " AND (?1 IS NULL OR job_id = ?1)",
                (job_id,),
            )

    def plan(self, job_id: str, paths: Iterable[str], *, most: int = 1000) -> None:
        """List the items; those that are listed already stay where they are."""
        chunk: list[str] = []
        for path in paths:
            chunk.append(path)
            if len(chunk) == most:
                self._list(job_id, chunk)
                chunk = []
        self._list(job_id, chunk)
        with self._book.writing() as sql:
            sql.execute(
                "UPDATE job SET planned = 1, revision = revision + 1,"
                " total = (SELECT count(*) FROM item WHERE item.job_id = job.job_id) WHERE job_id = ?",
                (job_id,),
            )

    def waiting(self, job_id: str, limit: int, after: int = 0) -> list[tuple[int, str]]:
        """Number and path of the next items."""
        with self._book.reading() as sql:
            rows = sql.execute(
                "SELECT n, path FROM item WHERE job_id = ? AND done = 0 AND n > ? ORDER BY n LIMIT ?",
                (job_id, after, limit),
            ).fetchall()
        return [(int(n), str(path)) for n, path in rows]

    def record(
        self, job_id: str, outcomes: Sequence[Outcome], *, place: float | None = None, done: int | None = None,
        total: int | None = None,
    ) -> None:  # fmt: skip
        """Keep what became of some items; all of it is on the disk when this returns.

        Args:
            job_id: of the job.
            outcomes: of listed items, or of new ones.
            place: seconds of the video that are through.
            done, total: where items are not what is counted.
        """
        with self._book.writing() as sql:
            row = sql.execute("SELECT counts FROM job WHERE job_id = ?", (job_id,)).fetchone()
            if row is None:  # deleted meanwhile, with its collection
                return
            counts, errors = json.loads(row[0]), 0
            for outcome in outcomes:
                self._settle(sql, job_id, outcome)
                errors += bool(outcome.code)
                for name, count in outcome.counts.items():
                    counts[name] = counts.get(name, 0) + count
            sql.execute(
                "UPDATE job SET counts = ?, n_errors = n_errors + ?, done = coalesce(?, done + ?),"
                " total = coalesce(?, total), place = coalesce(?, place), revision = revision + 1 WHERE job_id = ?",
                (json.dumps(counts), errors, done, len(outcomes), total, place, job_id),
            )

    def finish(self, job_id: str, state: State, *, message: str = "", counts: Mapping[str, int] | None = None) -> bool:
        """End a job; whether it had not ended before."""
        with self._book.writing() as sql:
            row = sql.execute("SELECT state, counts FROM job WHERE job_id = ?", (job_id,)).fetchone()
            if row is None or row[0] not in ACTIVE:
                return False
            whole = {**json.loads(row[1]), **(counts or {})}
            sql.execute(
                "UPDATE job SET state = ?, message = ?, counts = ?, finished_at = ?, revision = revision + 1"
                " WHERE job_id = ?",
                (state, message, json.dumps(whole), now(), job_id),
            )
        return True

    def errors(self, job_id: str, limit: int = SHOWN_ERRORS) -> list[dict[str, str]]:
        """The first items that came to nothing, and why."""
        with self._book.reading() as sql:
            rows = sql.execute(
                "SELECT path, code, message FROM item WHERE job_id = ? AND code <> '' ORDER BY n LIMIT ?",
                (job_id, limit),
            ).fetchall()
        return [{"item": path, "code": code, "message": message} for path, code, message in rows]

    def results(self, job_id: str, after: int, limit: int) -> list[tuple[int, Outcome]]:
        """Number and outcome of items that are through, in order."""
        with self._book.reading() as sql:
            rows = sql.execute(
                "SELECT n, path, body, code, message FROM item WHERE job_id = ? AND done = 1 AND n > ?"
                " ORDER BY n LIMIT ?",
                (job_id, after, limit),
            ).fetchall()
        return [(int(n), Outcome(path, json.loads(body), code, message)) for n, path, body, code, message in rows]

    def through(self, job_id: str) -> int:
        """Items that are through."""
        with self._book.reading() as sql:
            return int(sql.execute("SELECT count(*) FROM item WHERE job_id = ? AND done = 1", (job_id,)).fetchone()[0])

    def states(self) -> dict[str, int]:
        """How many jobs wait and run."""
        with self._book.reading() as sql:
            rows = sql.execute(
                "SELECT state, count(*) FROM job WHERE state IN ('queued', 'running') GROUP BY state"
            ).fetchall()
        return {"queued": 0, "running": 0, **dict(rows)}

    def sweep(self, keep_days: float, collections: Iterable[str]) -> list[str]:
        """Delete jobs that ended longer ago, and ended ones of collections that are gone; the ids of all that stay."""
        before = (datetime.now(UTC) - timedelta(days=keep_days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self._book.writing() as sql:
            rows = sql.execute(
                "SELECT job_id FROM job WHERE state NOT IN ('queued', 'running') AND (finished_at < ?"
                " OR collection_id NOT IN (SELECT value FROM json_each(?)))",
                (before, json.dumps(list(collections))),
            ).fetchall()
            for row in rows:
                sql.execute("DELETE FROM item WHERE job_id = ?", row)
                sql.execute("DELETE FROM job WHERE job_id = ?", row)
            return [str(row[0]) for row in sql.execute("SELECT job_id FROM job").fetchall()]

    def _list(self, job_id: str, paths: Sequence[str]) -> None:
        with self._book.writing() as sql:
            (last,) = sql.execute("SELECT coalesce(max(n), 0) FROM item WHERE job_id = ?", (job_id,)).fetchone()
            sql.executemany(
                "INSERT OR IGNORE INTO item (job_id, n, path) VALUES (?, ?, ?)",
                [(job_id, last + at, path) for at, path in enumerate(paths, 1)],
            )

    @staticmethod
    def _settle(sql: Any, job_id: str, outcome: Outcome) -> None:
        told = (outcome.code, outcome.message, json.dumps(dict(outcome.body)))
        changed = sql.execute(
            "UPDATE item SET done = 1, code = ?, message = ?, body = ? WHERE job_id = ? AND path = ?",
            (*told, job_id, outcome.path),
        ).rowcount
        if not changed:
            sql.execute(
                "INSERT INTO item (job_id, n, path, done, code, message, body)"
                " SELECT ?1, coalesce(max(n), 0) + 1, ?2, 1, ?3, ?4, ?5 FROM item WHERE job_id = ?1",
                (job_id, outcome.path, *told),
            )


def new_id() -> str:
    """An opaque id."""
    return secrets.token_hex(8)


def missing(job_id: str) -> ServiceError:
    """What is said of a job that is not there, or not for the caller."""
    return ServiceError("not_found", f"there is no job '{job_id:.40}'")


def _job(row: Sequence[Any]) -> Job:
    cells = list(row)
    cells[4], cells[5], cells[15] = json.loads(cells[4]), json.loads(cells[5]), json.loads(cells[15])
    cells[10] = bool(cells[10])
    return Job(*cells)
