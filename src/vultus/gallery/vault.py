"""The vault of a gallery: templates and crops sealed with AES-256-GCM, one data key per collection.

Data keys are random, stand in the file wrapped by the master key (`keys.py`), and are forgotten with their collection:
what was sealed with them is then unreadable wherever a copy of it may lie (crypto-shredding). Every sealed value is
bound to its gallery, column and row, so that values cannot be moved about. The key of the collection "" belongs to the
gallery as a whole: its audit log and its search index.

A sealed value is a nonce of 12 random bytes, the ciphertext and a tag of 16 bytes.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vultus.errors import LockedError, StoreError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from vultus.gallery.keys import MasterKey

NONCE_BYTES = 12
TAG_BYTES = 16
PLAIN = 0  # key_id of what is not sealed
GALLERY = ""  # the collection whose key belongs to the gallery itself


class Vault:
    """Seals and opens the private columns of one gallery; made by `Store`. Without a master key everything is plain.

    Args:
        gallery_id: binds sealed values to this gallery.
        master: wraps the data keys; None where the vault is off.
    """

    def __init__(self, gallery_id: str, master: MasterKey | None) -> None:
        self.gallery_id = gallery_id
        self.master = master
        # By number: as it stands wrapped in the file, the key, and its cipher.
        self._keys: dict[int, tuple[bytes, bytes, AESGCM]] = {}

    @property
    def on(self) -> bool:
        """Whether new values are sealed."""
        return self.master is not None

    def load(self, connection: sqlite3.Connection) -> None:
        """Unwrap the data keys the file has now, and forget those it has no more.

        Raises:
            LockedError: the master key does not open them.
        """
        rows = connection.execute("SELECT key_id, collection, wrapped FROM data_key").fetchall()
        known = {row[0] for row in rows}
        for gone in set(self._keys) - known:
            del self._keys[gone]
        for key_id, collection, wrapped in rows:
            # A number comes twice where a transaction that made a key was undone.
            if key_id not in self._keys or self._keys[key_id][0] != wrapped:
                secret = self._unwrap(key_id, collection, wrapped)
                self._keys[key_id] = wrapped, secret, AESGCM(secret)

    def key_of(self, connection: sqlite3.Connection, collection: str, now: str) -> int:
        """Number of the data key of a collection, made if there is none; 0 where the vault is off."""
        if self.master is None:
            return PLAIN
        row = connection.execute(
            "SELECT key_id FROM data_key WHERE collection = ? ORDER BY key_id DESC LIMIT 1", (collection,)
        ).fetchone()
        if row is None:
            return self.new_key(connection, collection, now)
        if row[0] not in self._keys:
            self.load(connection)
        return int(row[0])

    def new_key(self, connection: sqlite3.Connection, collection: str, now: str) -> int:
        """Make a data key for a collection; from then on new values of it are sealed with this one.

        Raises:
            LockedError: the vault is off.
        """
        master = self._master()
        cursor = connection.execute(
            "INSERT INTO data_key (collection, master_id, wrapped, created_at) VALUES (?, ?, x'', ?)",
            (collection, master.key_id, now),
        )
        key_id, secret = int(cursor.lastrowid or 0), secrets.token_bytes(32)
        self._wrap(connection, key_id, collection, secret)
        return key_id

    def rewrap(self, connection: sqlite3.Connection, master: MasterKey) -> None:
        """Wrap every data key by another master key; what they sealed stays as it is."""
        self.load(connection)
        self.master = master
        for key_id, collection in connection.execute("SELECT key_id, collection FROM data_key").fetchall():
            self._wrap(connection, key_id, collection, self._keys[key_id][1])

    def seal(self, key_id: int, kind: str, row: int, plain: bytes) -> bytes:
        """Seal a value of a row; `key_id` 0 leaves it plain."""
        if key_id == PLAIN:
            return plain
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._keys[key_id][2].encrypt(nonce, plain, self._bound(kind, row))

    def open(self, key_id: int, kind: str, row: int, sealed: bytes) -> bytes:
        """What `seal` was given.

        Raises:
            LockedError: its key is gone, or was never at hand.
            StoreError: the value was changed or moved from another row.
        """
        if key_id == PLAIN:
            return sealed
        try:
            cipher = self._keys[key_id][2]
        except KeyError:
            raise LockedError(f"the {kind} of row {row} is sealed with key {key_id}, which is not at hand") from None
        try:
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound(kind, row))
        except (InvalidTag, ValueError):
            raise StoreError(f"the {kind} of row {row} is damaged, or was moved there from another row") from None

    @property
    def key_ids(self) -> tuple[int, ...]:
        """Numbers of the data keys at hand."""
        return tuple(sorted(self._keys))

    def derive(
        self, connection: sqlite3.Connection, purpose: str, salt: bytes, now: str, besides: Iterable[int] = ()
    ) -> bytes | None:
        """A key of 32 bytes for something outside the tables, e.g. the search index; None where the vault is off.

        Args:
            connection: to find the gallery's own key.
            purpose, salt: another key for each.
            now: ISO 8601, UTC, for a new key.
            besides: data keys without which it cannot be had either, so that it is lost with them.

        Raises:
            KeyError: one of `besides` is not at hand.
        """
        return self.derived(self.key_of(connection, GALLERY, now), purpose, salt, besides)

    def derived(self, key_id: int, purpose: str, salt: bytes, besides: Iterable[int] = ()) -> bytes | None:
        """The same from a data key by its number; None where it is not at hand."""
        if key_id not in self._keys:
            return None
        secret = b"".join(self._keys[number][1] for number in (key_id, *besides))
        return HKDF(SHA256(), 32, salt, f"vultus {self.gallery_id} {purpose}".encode()).derive(secret)

    def audit_key(self, key_id: int) -> bytes | None:
        """The key of the audit log's digests under a data key of the gallery."""
        return self.derived(key_id, "audit", b"")

    def _bound(self, kind: str, row: int) -> bytes:
        return f"{self.gallery_id}:{kind}:{row}".encode()

    def _master(self) -> MasterKey:
        if self.master is None:
            raise LockedError("the vault of this gallery is off: there is no key to use")
        return self.master

    def _wrap(self, connection: sqlite3.Connection, key_id: int, collection: str, secret: bytes) -> None:
        master = self._master()
        nonce = secrets.token_bytes(NONCE_BYTES)
        wrapped = nonce + AESGCM(master.secret).encrypt(nonce, secret, self._bound(f"data key {collection}", key_id))
        connection.execute(
            "UPDATE data_key SET master_id = ?, wrapped = ? WHERE key_id = ?", (master.key_id, wrapped, key_id)
        )
        self._keys[key_id] = wrapped, secret, AESGCM(secret)

    def _unwrap(self, key_id: int, collection: str, wrapped: bytes) -> bytes:
        master = self._master()
        bound = self._bound(f"data key {collection}", key_id)
        try:
            return AESGCM(master.secret).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError):
            raise LockedError(
                f"the master key {master.key_id} ({master.origin}) does not open data key {key_id}; "
                "it was wrapped by another one, or is damaged"
            ) from None
