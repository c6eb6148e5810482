"""Values sealed anew: under another data key, under one at last, or never again; within one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.gallery.templates import TEMPLATE
from vultus.gallery.vault import GALLERY, PLAIN

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from vultus.gallery.keys import MasterKey
    from vultus.gallery.vault import Vault

CROP = "crop"
STAGED = "staged template"
# Table, column and kind of everything that is sealed, see `Vault.seal`; each row is one face's.
SEALED = (("face", "template", TEMPLATE), ("crop", "jpeg", CROP), ("staged", "template", STAGED))
_BATCH = 1000


class Locksmith:
    """Changes of keys; nothing here commits.

    Args:
        connection: in a transaction that may write.
        vault: of the gallery, its keys loaded.
        now: ISO 8601, UTC, for new keys.
    """

    def __init__(self, connection: sqlite3.Connection, vault: Vault, now: str) -> None:
        self._connection, self._vault, self._now = connection, vault, now

    def reseal(self, face_id: int, key_id: int) -> None:
        """Seal all values of a face with another data key."""
        for table, column, kind in SEALED:
            row = self._connection.execute(
                f"SELECT key_id, {column} FROM {table} WHERE face_id = ?", (face_id,)
            ).fetchone()
            if row is not None and row[0] != key_id:
                self._replace(table, column, [(face_id, *row)], kind, key_id)

    def seal_all(self, master: MasterKey, progress: Callable[[int], None] | None = None) -> int:
        """Turn the vault on and seal everything that is plain; how many values it were."""
        self._connection.execute("UPDATE meta SET value = 'on' WHERE key = 'vault'")
        self._vault.master = master
        self._vault.new_key(self._connection, GALLERY, self._now)
        return self._move(PLAIN, progress)

    def rotate(self, progress: Callable[[int], None] | None = None) -> int:
        """A new data key for every collection, everything sealed with it, the old ones forgotten; how many values.

        The gallery's own key stays: the audit log could not be checked without it.
        """
        self._vault.load(self._connection)
        old = [row[0] for row in self._connection.execute("SELECT key_id FROM data_key WHERE collection != ''")]
        for (collection,) in self._connection.execute(
            "SELECT DISTINCT collection FROM data_key WHERE collection != '' ORDER BY key_id"
        ).fetchall():
            self._vault.new_key(self._connection, collection, self._now)
        count = 0
        for key_id in old:
            count += self._move(key_id, progress, count)
            self._connection.execute("DELETE FROM data_key WHERE key_id = ?", (key_id,))
        return count

    def rewrap(self, master: MasterKey) -> None:
        """Wrap the data keys by another master key."""
        self._vault.rewrap(self._connection, master)

    def forget(self, collection: str) -> bool:
        """Delete the data keys of a collection; had it any?"""
        gone = self._connection.execute("DELETE FROM data_key WHERE collection = ?", (collection,)).rowcount
        return gone > 0

    def _move(self, old: int, progress: Callable[[int], None] | None, done: int = 0) -> int:
        """Seal everything under one data key with the newest of its collection."""
        count = 0
        for table, column, kind in SEALED:
            for collection, rows in self._batches(table, column, old):
                new = self._vault.key_of(self._connection, collection, self._now)
                self._replace(table, column, rows, kind, new)
                count += len(rows)
                if progress is not None:
                    progress(done + count)
        return count

    def _batches(self, table: str, column: str, key_id: int) -> Iterator[tuple[str, list[tuple[int, int, bytes]]]]:
        """Values under a data key, a collection's together, some at a time."""
        while rows := self._connection.execute(
            f"SELECT coalesce(collection, 'unknown'), face_id, {table}.key_id, {table}.{column} FROM {table}"
            f" {'' if table == 'face' else 'JOIN face USING (face_id)'} LEFT JOIN person USING (person_id)"
            f" WHERE {table}.key_id = ? LIMIT {_BATCH}",
            (key_id,),
        ).fetchall():
            for collection in sorted({row[0] for row in rows}):
                yield collection, [row[1:] for row in rows if row[0] == collection]

    def _replace(self, table: str, column: str, rows: list[tuple[int, int, bytes]], kind: str, key_id: int) -> None:
        vault = self._vault
        self._connection.executemany(
            f"UPDATE {table} SET key_id = ?, {column} = ? WHERE face_id = ?",
            [
                (key_id, vault.seal(key_id, kind, face_id, vault.open(old, kind, face_id, blob)), face_id)
                for face_id, old, blob in rows
            ],
        )
