"""API keys: who may do what with which collections. Only a scrypt digest is kept, and the key is shown once."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vultus.errors import ConfigError, InputError, UnknownNameError
from vultus.service.database import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.service.database import Database

ROLES = ("admin", "enrol", "search", "read", "audit")
ALL = "*"
COLLECTION = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_KEY = re.compile(r"vultus_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
_SCRYPT = {"n": 2**14, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024}
_COLUMNS = "key_id, name, roles, collections, rate_per_s, created_at, last_used_at, revoked_at"
_USED_EVERY = "%Y-%m-%dT%H:%M"
MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Key:
    """An API key, without its secret.

    Attributes:
        key_id: 8 hexadecimal digits.
        name: for people.
        roles: of `ROLES`.
        collections: ids, or "*" alone.
        rate_per_s: requests per second; None for the service's own limit.
        created_at, last_used_at, revoked_at: ISO 8601, UTC.
    """

    key_id: str
    name: str
    roles: tuple[str, ...]
    collections: tuple[str, ...] = (ALL,)
    rate_per_s: float | None = None
    created_at: str = ""
    last_used_at: str | None = None
    revoked_at: str | None = None

    def may(self, *roles: str) -> bool:
        """Whether the key has one of these roles; an admin has all, and no role asks for none."""
        return not roles or "admin" in self.roles or any(role in self.roles for role in roles)

    def reaches(self, collection_id: str) -> bool:
        """Whether the key may touch a collection at all."""
        return ALL in self.collections or collection_id in self.collections

    def document(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "key_id": self.key_id, "name": self.name, "roles": list(self.roles), "collections": list(self.collections),
            "rate_per_s": self.rate_per_s, "created_at": self.created_at, "last_used_at": self.last_used_at,
            "revoked_at": self.revoked_at,
        }  # fmt: skip


LOCAL = Key("local", "local", ("admin",))


class KeyStore:
    """The keys of a service.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        # scrypt is slow on purpose. Once it has passed, a key is known again by a digest under a key of this process.
        self._process = secrets.token_bytes(32)
        self._passed: dict[bytes, str] = {}
        self._known: dict[str, Key] = {}
        self._version = -1
        self._used: dict[str, str] = {}

    def add(
        self,
        name: str,
        roles: Sequence[str],
        collections: Sequence[str] = (ALL,),
        rate_per_s: float | None = None,
    ) -> tuple[Key, str]:
        """Make a key; it and its text, which nobody can show again.

        Raises:
            InputError: the name, a role, a collection or the rate cannot be used.
        """
        key = _checked(name, roles, collections, rate_per_s)
        secret, salt = secrets.token_urlsafe(32), secrets.token_bytes(16)
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO api_key VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                (key.key_id, key.name, salt, _digest(secret, salt), json.dumps(key.roles), json.dumps(key.collections),
                 key.rate_per_s, key.created_at),
            )  # fmt: skip
        self.refresh()
        return key, f"vultus_{key.key_id}_{secret}"

    def all(self) -> list[Key]:
        """Every key, revoked ones too, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM api_key ORDER BY created_at, name, key_id").fetchall()
        return [_key(row) for row in rows]

    def get(self, key_id: str) -> Key:
        """One key.

        Raises:
            UnknownNameError: there is none of that id.
        """
        found = next((key for key in self.all() if key.key_id == key_id), None)
        if found is None:
            raise UnknownNameError("key", key_id)
        return found

    def revoke(self, key_id: str) -> Key:
        """Make a key useless for ever.

        Raises:
            UnknownNameError: there is none of that id.
            ConfigError: it is the last one that may make keys.
        """
        key = self.get(key_id)
        with self._database.writing() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM api_key WHERE revoked_at IS NULL").fetchall()
            admins = [one.key_id for one in map(_key, rows) if "admin" in one.roles]
            if admins == [key_id]:
                raise ConfigError(f"key {key_id} is the last admin key; make another one first: vultus keys add")
            connection.execute(
                "UPDATE api_key SET revoked_at = coalesce(revoked_at, ?) WHERE key_id = ?", (now(), key.key_id)
            )
        self.refresh()
        return self.get(key_id)

    def has_admin(self) -> bool:
        """Whether anybody may make keys."""
        return any("admin" in key.roles and key.revoked_at is None for key in self.all())

    def recognise(self, text: str) -> Key | None:
        """The key of a text that was let pass before, without scrypt; None says nothing about other texts."""
        version = self._database.version()
        with self._lock:
            if version != self._version:
                self._passed.clear()
                self._version = version
            key_id = self._passed.get(self._fingerprint(text))
            return self._known.get(key_id) if key_id else None

    def check(self, text: str) -> Key | None:
        """The key that a text is, None if it is none or was revoked; takes the time of one scrypt in every case."""
        match = _KEY.fullmatch(text)
        key_id, secret = match.groups() if match else ("", "")
        with self._database.reading() as connection:
            row = connection.execute(
                f"SELECT salt, digest, {_COLUMNS} FROM api_key WHERE key_id = ?", (key_id,)
            ).fetchone()
        salt, digest = (row[0], row[1]) if row else (bytes(16), bytes(32))
        fits = hmac.compare_digest(_digest(secret, salt), digest)
        if not fits or row is None:
            return None
        key = _key(row[2:])
        if key.revoked_at is not None:
            return None
        with self._lock:
            self._passed[self._fingerprint(text)] = key_id
            self._known[key_id] = key
        return key

    def touch(self, key: Key) -> None:
        """Remember that a key was used, to the minute."""
        minute = now()[: len("2026-01-31T12:00")]
        with self._lock:
            if self._used.get(key.key_id) == minute:
                return
            self._used[key.key_id] = minute
        with self._database.writing() as connection:
            connection.execute("UPDATE api_key SET last_used_at = ? WHERE key_id = ?", (now(), key.key_id))

    def refresh(self) -> None:
        """Forget which texts have passed: keys have changed."""
        with self._lock:
            self._passed.clear()
            self._known.clear()

    def _fingerprint(self, text: str) -> bytes:
        return hmac.digest(self._process, text.encode("utf-8", "replace"), "sha256")


def _checked(name: str, roles: Sequence[str], collections: Sequence[str], rate_per_s: float | None) -> Key:
    clean = name.strip()
    if not 0 < len(clean) <= MAX_NAME or not clean.isprintable():
        raise InputError(f"the name of a key must be 1 to {MAX_NAME} visible characters, but is {name!a:.100}")
    strange = [role for role in roles if role not in ROLES]
    if strange or not roles:
        raise InputError(f"a key has one or more of the roles {', '.join(ROLES)}, but not '{', '.join(strange)}'")
    for collection in collections:
        if collection != ALL and not COLLECTION.fullmatch(collection):
            raise InputError(f"a collection of a key is an id such as 'staff', or '*', but not '{collection:.80}'")
    if not collections or (ALL in collections and len(collections) > 1):
        raise InputError("a key is for '*', which is every collection, or for a list of them")
    if rate_per_s is not None and not 0 < rate_per_s < 1e6:
        raise InputError(f"the rate of a key must be requests per second above 0, but is {rate_per_s:g}")
    ordered = tuple(role for role in ROLES if role in roles)
    return Key(secrets.token_hex(4), clean, ordered, tuple(dict.fromkeys(collections)), rate_per_s, now())


def _key(row: Sequence[Any]) -> Key:
    key_id, name, roles, collections, rate, created, used, revoked = row
    return Key(key_id, name, tuple(json.loads(roles)), tuple(json.loads(collections)), rate, created, used, revoked)


def _digest(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, dklen=32, **_SCRYPT)
