"""The audit log: who did what with the gallery, when and why; never a name, a template or a picture.

Every entry carries a digest over itself and the digest of the one before it, so that an edited, removed or moved entry
breaks the chain. With the vault on the digests are HMAC-SHA256 under a key that only the vault opens: who has the file
alone can forge nothing, nor cut off the end, since the head of the chain is signed too. With the vault off they are
plain SHA-256 and show accidents and careless hands only. Against whoever puts back an older copy of the whole file,
keep the head (`vultus audit verify` prints it) somewhere else.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from vultus.errors import ConfigError, InputError, StoreError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence

ACTIONS = (
    "enrol",
    "search",
    "verify",
    "view",
    "rename",
    "label",
    "consent",
    "tag",
    "delete",
    "expire",
    "export",
    "import",
    "key",
    "migrate",
    "call",
)
MAX_TEXT = 200
# A line longer than any that is written, of a million people, was put there by somebody: it is not taken in whole.
_LONGEST, _DIGEST = 1 << 26, 32
_SELECT = f"SELECT seq, substr(entry, 1, {_LONGEST}), key_id, substr(digest, 1, {_DIGEST + 1}) FROM audit"

Keys = Callable[[int], bytes | None]
_caller: ContextVar[Signature | None] = ContextVar("vultus_caller", default=None)


@dataclass(frozen=True, slots=True)
class Signature:
    """Who works with a gallery, and what for.

    Attributes:
        actor: empty stands for the user of the operating system.
        purpose: in the user's words; must not hold names of enrolled people, since it outlives their removal.

    Raises:
        ConfigError: one of them is longer than 200 characters, or of several lines.
    """

    actor: str = ""
    purpose: str = ""

    def __post_init__(self) -> None:
        for name, text in (("an actor", self.actor), ("a purpose", self.purpose)):
            if len(text) > MAX_TEXT or not text.isprintable():
                raise ConfigError(f"{name} must be one line of at most {MAX_TEXT} characters, but is {text!a:.60}")
        if not self.actor:
            object.__setattr__(self, "actor", _user())


@contextlib.contextmanager
def signed(signature: Signature | None) -> Iterator[None]:
    """Within the block, and in whatever it calls, entries carry this signature instead of the gallery's own.

    For a process that works for many people through one open gallery; None leaves the gallery's own.
    """
    before = _caller.set(signature)
    try:
        yield
    finally:
        _caller.reset(before)


def caller() -> Signature | None:
    """Whose signature `signed` set here; None for the gallery's own."""
    return _caller.get()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log.

    Attributes:
        seq: 1, 2, 3, ... without gaps.
        at: ISO 8601, UTC, by the clock of the machine.
        actor, purpose: see `Signature`.
        action: one of `ACTIONS`.
        subjects: numbers of the people it is about, ascending.
        detail: counts, rates and settings.
        master: the master key that was used; empty where the vault is off.
        key_id: the data key behind the digest; 0 for a plain one.
        previous: digest of the entry before, 32 bytes; zeros for the first.
        digest: of all the rest, 32 bytes.
    """

    seq: int
    at: str
    actor: str
    action: str
    subjects: tuple[int, ...]
    purpose: str
    detail: Mapping[str, Any]
    master: str
    key_id: int
    previous: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log ends: enough to know later whether the log still holds everything up to here."""

    seq: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.digest.hex()}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """From what `str` gave.

        Raises:
            InputError: it is no head.
        """
        number, _, digits = text.strip().partition(":")
        try:
            head = cls(int(number), bytes.fromhex(digits))
        except ValueError:
            head = cls(-1, b"")
        if head.seq < 0 or len(head.digest) != 32:
            raise InputError(f"the head of a log must be NUMBER:64 hexadecimal digits, but is '{text.strip():.90}'")
        return head


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found.

    Attributes:
        head: where the log ends now.
        problems: what shows that the log was tampered with, one sentence each.
        notes: what is odd but proves nothing, e.g. a clock that went back.
        keyed: the digests are under a key, and not to be made by whoever has the file alone.
    """

    head: Head
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    keyed: bool = False


@dataclass(slots=True)
class Log:
    """Appends to the log within a transaction that somebody else opened; nothing here commits.

    Args:
        connection: with a write transaction open.
        gallery_id: binds the chain to this gallery.
        keys: gives the key of the digests by its number.
        key_id: the one to use; 0 where the vault is off.
        signature: who, and what for.
        master: id of the master key in use.
    """

    connection: sqlite3.Connection
    gallery_id: str
    keys: Keys
    key_id: int
    signature: Signature
    master: str = ""

    def append(self, action: str, subjects: Iterable[int] = (), detail: Mapping[str, Any] | None = None) -> int:
        """Write one entry and give its number; `detail` is counts, rates and settings.

        Raises:
            ConfigError: the action is none of `ACTIONS`.
            StoreError: the last entry was tampered with, and nothing can be added to it.
        """
        if action not in ACTIONS:
            raise ConfigError(f"the action of an audit entry must be one of {', '.join(ACTIONS)}, but is '{action}'")
        last, signature = _last(self.connection), _caller.get() or self.signature
        at = datetime.now(UTC)
        back_s = (datetime.fromisoformat(last.at) - at).total_seconds() if last else 0.0
        document = {
            "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "actor": signature.actor,
            "action": action,
            "subjects": sorted({int(subject) for subject in subjects}),
            "purpose": signature.purpose,
            "detail": {**(detail or {}), **({"clock_back_s": round(back_s)} if back_s >= 1 else {})},
            "master": self.master,
            "previous": last.digest.hex() if last else bytes(32).hex(),
        }
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        seq = last.seq + 1 if last else 1
        key = self.keys(self.key_id) if self.key_id else None
        digest = _digest_of(self.gallery_id, seq, self.key_id, text, key)
        self.connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?)", (seq, text, self.key_id, digest))
        seal = _digest_of(self.gallery_id, seq, self.key_id, f"head {digest.hex()}", key)
        self.connection.execute(
            "INSERT OR REPLACE INTO meta VALUES ('audit_head', ?)", (f"{seq}:{self.key_id}:{seal.hex()}",)
        )
        return seq


def read(connection: sqlite3.Connection, *, after: int = 0, subject: int | None = None) -> Iterator[Entry]:
    """Entries in order.

    Args:
        connection: to the gallery file.
        after: only entries with a higher number.
        subject: only those about this person, or about everybody.

    Raises:
        StoreError: an entry was tampered with, and cannot be read.
    """
    for row in connection.execute(f"{_SELECT} WHERE seq > ? ORDER BY seq", (after,)):
        entry = _entry(row)
        if subject is None or subject in entry.subjects or entry.detail.get("everybody"):
            yield entry


def newest(
    connection: sqlite3.Connection, *, below: int | None, count: int, action: str | None = None,
    after: str | None = None, before: str | None = None,
) -> list[Entry]:  # fmt: skip
    """Entries backwards, the newest first.

    Args:
        connection: to the gallery file.
        below: only entries with a lower number; None for all.
        count: so many at most.
        action: only this one of `ACTIONS`.
        after, before: only entries from this moment on, or until it; as `Entry.at`.

    Raises:
        StoreError: an entry was tampered with, and cannot be read.
    """
    wanted = {"seq < ?": below, "entry ->> 'action' = ?": action, "entry ->> 'at' >= ?": after,
              "entry ->> 'at' <= ?": before}  # fmt: skip
    chosen = {condition: value for condition, value in wanted.items() if value is not None}
    # What is no JSON any more is passed over where its words are asked for, and told where it is read.
    where = " AND ".join(("json_valid(entry)" if action or after or before else "1", *chosen))
    rows = connection.execute(f"{_SELECT} WHERE {where} ORDER BY seq DESC LIMIT ?", (*chosen.values(), count))
    return [_entry(row) for row in rows]


def verify(
    connection: sqlite3.Connection, gallery_id: str, keys: Keys, kept: Head | None = None, *, sealed: bool = False
) -> Verdict:
    """Go through the whole log and look for edits, removals and moves.

    Args:
        connection: to the gallery file, within one unchanging view.
        gallery_id: of this gallery.
        keys: gives the key of the digests by its number.
        kept: a head that was noted earlier; what it stood for must still be there.
        sealed: the vault is on, so that the log has entries and ends under a key.
    """
    problems: list[str] = []
    notes: list[str] = []
    keys = cache(keys)
    head, before, key_id, met = Head(0, bytes(32)), "", 0, kept is None or kept.seq == 0
    for row in connection.execute(f"{_SELECT} ORDER BY seq"):
        seq, text, used, digest = _cells(row)
        problems += _gaps(seq, head)
        if used < key_id:
            problems.append(f"entry {seq} was put in: it has an older key than the one before it, or none")
        elif not _fits(digest, _digest_of(gallery_id, seq, used, text, _key(keys, used))):
            problems.append(f"entry {seq} was changed: its digest does not fit")
        with contextlib.suppress(StoreError):
            entry = _entry(row)
            if seq == head.seq + 1 and entry.previous != head.digest:
                problems.append(f"entry {seq} does not follow entry {head.seq}: one of the two was changed or put in")
            if entry.at < before:
                notes.append(f"the clock went back before entry {seq}: from {before} to {entry.at}")
            before = entry.at
        head, key_id = Head(seq, digest), max(used, key_id)
        met = met or head == kept
    problems += _end(connection, gallery_id, keys, head, key_id)
    if sealed and not key_id:
        problems.append("no entry has a key, but the vault is on: the log was written anew by somebody without the key")
    if kept is not None and not met:
        what = "the log ends before it" if head.seq < kept.seq else "the log was written anew since"
        problems.append(f"entry {kept.seq} is not as it was when its head was noted: {what}")
    return Verdict(head, tuple(problems), tuple(notes), key_id > 0)


def _gaps(seq: int, before: Head) -> list[str]:
    if seq <= before.seq + 1:
        return []
    return [f"entries are missing: {before.seq + 1}{'' if seq == before.seq + 2 else f' to {seq - 1}'}"]


def _end(connection: sqlite3.Connection, gallery_id: str, keys: Keys, head: Head, key_id: int) -> list[str]:
    """Whether the log ends where the gallery says it does."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'audit_head'").fetchone()
    if row is None and head.seq == 0:
        return []
    number, used, seal = (*str(row[0] if row else "").split(":"), "", "", "")[:3]
    if used == str(key_id):
        wanted = _digest_of(gallery_id, head.seq, key_id, f"head {head.digest.hex()}", _key(keys, key_id))
        if number == str(head.seq) and _fits(seal.encode(), wanted.hex().encode()):
            return []
    if number.isdecimal() and int(number) > head.seq:
        return [f"the end is cut off: the log should reach entry {number}, but ends with entry {head.seq}"]
    return [f"the end does not fit: entries were cut off, put in or changed at entry {head.seq}"]


def _digest_of(gallery_id: str, seq: int, key_id: int, text: str, key: bytes | None) -> bytes:
    """HMAC-SHA256 under the key, plain SHA-256 for key 0; without the key it takes, nothing that could fit."""
    content = f"{gallery_id}:{seq}:{key_id}:{text}".encode()
    if key_id and key is None:
        return b""
    return hmac.digest(key, content, "sha256") if key is not None else hashlib.sha256(content).digest()


def _fits(found: bytes, wanted: bytes) -> bool:
    return hmac.compare_digest(found, wanted)


def _key(keys: Keys, key_id: int) -> bytes | None:
    return keys(key_id) if key_id else None


def _last(connection: sqlite3.Connection) -> Entry | None:
    row = connection.execute(f"{_SELECT} ORDER BY seq DESC LIMIT 1").fetchone()
    return _entry(row) if row else None


def _cells(row: Sequence[Any]) -> tuple[int, str, int, bytes]:
    """Number, text, key and digest of a row; whoever tampers may have written anything into them."""
    key_id, digest = row[2], row[3]
    return (
        int(row[0]), str(row[1]), key_id if isinstance(key_id, int) else -1,
        digest if isinstance(digest, bytes) else b"",
    )  # fmt: skip


def _entry(row: Sequence[Any]) -> Entry:
    seq, text, key_id, digest = _cells(row)
    try:
        document = json.loads(text)
        return Entry(
            seq, str(document["at"]), str(document["actor"]), str(document["action"]),
            tuple(int(number) for number in document["subjects"]), str(document["purpose"]),
            dict(document["detail"]), str(document["master"]), key_id,
            bytes.fromhex(document["previous"]), digest,
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise StoreError(f"audit entry {seq} was tampered with: it cannot be read") from error


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"
