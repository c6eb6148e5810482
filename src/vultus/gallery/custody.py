"""The keys of a gallery: which there are, new ones for old, and the forgetting of a whole collection."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vultus.errors import InputError, LockedError
from vultus.gallery.desk import Desk
from vultus.gallery.keys import MasterKey, find_or_make_key, read_key
from vultus.gallery.vault import GALLERY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vultus.gallery.writer import Writer


@dataclass(frozen=True, slots=True)
class DataKey:
    """One data key.

    Attributes:
        key_id: number, never used again.
        collection: whose templates and crops it seals; "" is the gallery's own, for log and index.
        created_at: ISO 8601, UTC.
        n_faces: faces whose template it seals.
    """

    key_id: int
    collection: str
    created_at: str
    n_faces: int


@dataclass(frozen=True, slots=True)
class VaultState:
    """What is locked, and with which keys.

    Attributes:
        on: whether templates and crops are sealed.
        master_id: names the master key; "" where the vault is off.
        origin: where the master key was found.
        data_keys: in the order of their making.
    """

    on: bool
    master_id: str
    origin: str
    data_keys: tuple[DataKey, ...]


class Custody(Desk):
    """Verbs about keys. Each is one transaction: killed at any moment, the gallery has its old keys or its new ones."""

    def vault_state(self) -> VaultState:
        """Which keys there are."""
        master = self._store.vault.master
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT key_id, collection, created_at, (SELECT count(*) FROM face WHERE face.key_id = data_key.key_id)"
                " FROM data_key ORDER BY key_id"
            ).fetchall()
        keys = tuple(DataKey(*row) for row in rows)
        return VaultState(master is not None, master.key_id if master else "", master.origin if master else "", keys)

    def seal(self, key: MasterKey | Path | None = None, progress: Callable[[int], None] | None = None) -> int:
        """Lock a gallery that was plain; how many values were sealed.

        Args:
            key: the master key or its file; without, the first that is found, or a new one.
            progress: called with the number of values sealed so far.

        Raises:
            InputError: it is locked already.
        """
        if self._store.vault.on:
            raise InputError(f"the gallery {self.path} is encrypted already; for new keys: vultus vault rotate")
        master = find_or_make_key(key)
        with self._changing() as writer:
            count = writer.locksmith.seal_all(master, progress)
            writer.note("key", detail={"what": "sealed", "values": count, "master": master.key_id})
        self._store.forget()
        return count

    def rotate(self, progress: Callable[[int], None] | None = None) -> int:
        """Seal everything with new data keys, and forget the old ones; how many values it were.

        Args:
            progress: called with the number of values sealed so far.

        Raises:
            LockedError: the vault is off.
        """
        self._locked()
        with self._changing() as writer:
            count = writer.locksmith.rotate(progress)
            writer.note("key", detail={"what": "rotated", "values": count})
        self._store.forget()
        return count

    def rekey(self, key: MasterKey | Path) -> None:
        """Wrap the data keys by another master key; the gallery opens with that one from now on.

        Raises:
            LockedError: the vault is off, or the file cannot be read.
        """
        self._locked()
        master = key if isinstance(key, MasterKey) else read_key(Path(key))
        with self._changing() as writer:
            writer.locksmith.rewrap(master)
            writer.note("key", detail={"what": "another master key", "master": master.key_id})
        self._store.forget()

    def shred(self, collection: str) -> int:
        """Remove a collection with everybody in it, and forget its data key: no copy of its values opens any more.

        Copies of the whole gallery file made before still hold the wrapped key: destroy them, or give the gallery
        another master key (`rekey`) and destroy the old one.

        Returns:
            How many people were removed.

        Raises:
            InputError: there is no such collection.
        """
        if collection == GALLERY:
            raise InputError("name the collection to be destroyed")
        with self._changing() as writer:
            people = writer.remove_collection(collection)
            writer.note("key", people, {"what": "shredded", "people": len(people)})
        self._store.forget()
        return len(people)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[Writer]:
        """A transaction whose master key holds only if it is kept."""
        vault = self._store.vault
        before = vault.master
        try:
            with self._store.writing() as writer:
                yield writer
        except BaseException:
            vault.master = before
            raise

    def _locked(self) -> None:
        if not self._store.vault.on:
            raise LockedError(f"the gallery {self.path} is not encrypted; lock it first: vultus vault seal")
