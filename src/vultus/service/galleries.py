"""The collections of a service: each is a gallery file of its own.

So names are unique per collection, a key for one collection learns nothing of another, unknown faces, audit log and
data key are the collection's own, and what is deleted is a file. Every verb of the command line works on it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vultus.errors import StoreError
from vultus.gallery.collection import Gallery
from vultus.gallery.matrix import forget_matrix
from vultus.service.database import now
from vultus.service.envelope import ServiceError
from vultus.service.keystore import COLLECTION

if TYPE_CHECKING:
    from pathlib import Path

    from vultus.gallery.enrol import Engine
    from vultus.service.database import Database
    from vultus.service.settings import Settings

DEFAULT = "default"
_SUFFIX = ".vultus"


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection, as it stands in the service's database.

    Attributes:
        collection_id: chosen by whoever made it.
        description: for people.
        created_at: ISO 8601, UTC.
    """

    collection_id: str
    description: str
    created_at: str


class Galleries:
    """Opens each gallery once, for all requests.

    Args:
        settings: where they are.
        database: their descriptions.
        engine: shared by all.
    """

    def __init__(self, settings: Settings, database: Database, engine: Engine) -> None:
        self._folder = settings.data / "collections"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._database, self._engine, self._door = database, engine, settings.door
        milvus = {"uri": settings.milvus_uri, "allow_plain": settings.allow_plain}
        self._door_options = milvus if settings.door == "milvus" else {}
        self._open: dict[str, Gallery] = {}
        self._lock = threading.Lock()
        self._guest = settings.gallery
        self._guest_id = "" if settings.gallery is None else _id_of(settings.gallery)
        if not self.all():
            self.make(DEFAULT, "made with the service")

    def all(self) -> list[Collection]:
        """Every collection, by id."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT collection_id, description, created_at FROM collection").fetchall()
        found = {row[0]: Collection(*row) for row in rows}
        if self._guest is not None:
            found[self._guest_id] = Collection(self._guest_id, f"the file {self._guest.name}", "")
        return [found[one] for one in sorted(found)]

    def ids(self) -> list[str]:
        """The id of every collection, in order."""
        return [one.collection_id for one in self.all()]

    def get(self, collection_id: str) -> Collection:
        """One collection.

        Raises:
            ServiceError: there is none of that id.
        """
        found = next((one for one in self.all() if one.collection_id == collection_id), None)
        if found is None:
            raise missing(collection_id)
        return found

    def open(self, collection_id: str) -> Gallery:
        """The gallery of a collection; stays open, and may be used by many threads.

        Raises:
            ServiceError: there is none of that id.
            StoreError, LockedError, ContractError: it cannot be opened.
        """
        with self._lock:
            gallery = self._open.get(collection_id)
            if gallery is None:
                self.get(collection_id)
                gallery = Gallery.open(
                    self.path(collection_id), engine=self._engine, actor="service", door=self._door,
                    door_options=self._door_options,
                )  # fmt: skip
                self._open[collection_id] = gallery
            return gallery

    def opened(self, collection_id: str) -> Gallery | None:
        """The gallery of a collection that is open already, None for others; does not block."""
        return self._open.get(collection_id)

    def path(self, collection_id: str) -> Path:
        """The file of a collection."""
        if self._guest is not None and collection_id == self._guest_id:
            return self._guest
        return self._folder / f"{collection_id}{_SUFFIX}"

    def make(self, collection_id: str, description: str = "") -> Collection:
        """A new, empty collection.

        Raises:
            ServiceError: the id cannot be used, or is taken.
        """
        if not COLLECTION.fullmatch(collection_id):
            message = "a collection's id is 1 to 60 of a-z, 0-9, - and _, and begins with a letter or digit"
            raise ServiceError("invalid_request", message)
        with self._lock, self._database.writing() as connection:
            taken = connection.execute("SELECT 1 FROM collection WHERE collection_id = ?", (collection_id,)).fetchone()
            if taken or collection_id == self._guest_id:
                raise ServiceError("conflict", f"there is a collection '{collection_id}' already")
            connection.execute("INSERT INTO collection VALUES (?, ?, ?)", (collection_id, description, now()))
        return self.get(collection_id)

    def describe(self, collection_id: str, description: str) -> Collection:
        """Give a collection another description.

        Raises:
            ServiceError: there is none of that id.
        """
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE collection SET description = ? WHERE collection_id = ?", (description, collection_id)
            )
        return self.get(collection_id)

    def delete(self, collection_id: str) -> int:
        """Remove a collection with everybody in it, and its file; how many people it were. The bytes are overwritten.

        Raises:
            ServiceError: there is none of that id, or it was only lent to the service.
        """
        if collection_id == self._guest_id:
            raise ServiceError("conflict", "this collection is a file of its own: delete the file")
        gallery = self.open(collection_id)
        people = gallery.clear()
        path = self.path(collection_id)
        with self._lock, self._database.writing() as connection:
            connection.execute("DELETE FROM collection WHERE collection_id = ?", (collection_id,))
            self._open.pop(collection_id, None)
            gallery.close()
            for end in ("", "-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
            forget_matrix(path)
        return people

    def close(self) -> None:
        """Close every file."""
        with self._lock:
            for gallery in self._open.values():
                gallery.close()
            self._open.clear()

    def check(self) -> list[str]:
        """What keeps collections from being opened, one sentence each; files that are not there yet are made."""
        problems = []
        for collection_id in self.ids():
            try:
                self.open(collection_id)
            except StoreError as error:
                problems.append(f"collection {collection_id}: {error}")
        return problems


def missing(collection_id: str) -> ServiceError:
    """What is said of a collection that is not there, or not for the caller."""
    return ServiceError("not_found", f"there is no collection '{collection_id:.80}'")


def _id_of(path: Path) -> str:
    """A collection's id from the name of a file."""
    letters = [letter if letter.isascii() and letter.isalnum() else "-" for letter in path.stem.lower()]
    return "".join(letters).strip("-")[:60] or "gallery"
