"""The people a gallery knows: listed, renamed, removed, written out and taken in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vultus.gallery.desk import Desk
from vultus.gallery.record import normal_name
from vultus.gallery.search import background_of
from vultus.gallery.transfer import export_gallery, import_gallery

if TYPE_CHECKING:
    from collections.abc import Callable

    from vultus.gallery.encrypted.archive import Archive
    from vultus.gallery.encrypted.owner import Update
    from vultus.gallery.encrypted.roster import Roster
    from vultus.gallery.encrypted.scheme import PrivateKey
    from vultus.gallery.record import FaceRecord, Person
    from vultus.gallery.transfer import OnClash


class People(Desk):
    """Verbs about people who are known."""

    def people(self) -> list[Person]:
        """Everybody, by name."""
        everybody = self._store.people()
        self._store.note("view", detail={"everybody": True, "people": len(everybody)})
        return everybody

    def person(self, name: str) -> Person:
        """One person.

        Raises:
            UnknownNameError: there is nobody of that name.
        """
        found = self._store.person(normal_name(name))
        self._store.note("view", (found.person_id,))
        return found

    def faces(self, name: str) -> list[FaceRecord]:
        """A person's enrolled faces, oldest first.

        Raises:
            UnknownNameError: there is nobody of that name.
        """
        name = normal_name(name)
        found = [record for record, _ in self._store.faces(name)]
        self._store.note("view", detail={"faces": len(found)}, names=[name])
        return found

    def remove(self, name: str) -> int:
        """Delete a person with all templates; how many it were. The bytes are overwritten.

        Raises:
            UnknownNameError: there is nobody of that name.
        """
        with self._store.writing() as writer:
            removed = writer.remove(normal_name(name))
        self._store.forget()
        return removed

    def rename(self, old: str, new: str) -> None:
        """Give a person another name.

        Raises:
            UnknownNameError: there is nobody of the old name.
            NameClashError: somebody has the new one.
            InputError: the new name cannot be used.
        """
        new = normal_name(new)
        with self._store.writing() as writer:
            writer.rename(normal_name(old), new)
        self._store.forget()

    def export(self, path: str | Path) -> int:
        """Write everything to one JSON file that only the owner may read; how many faces it were.

        Raises:
            StoreError: the file cannot be written; an older one there stays whole.
        """
        people, faces = self._store.counts()
        self._store.note("export", detail={"everybody": True, "people": people, "faces": faces})
        return export_gallery(self._store, Path(path))

    @property
    def wiped(self) -> bool:
        """Whether the bytes of everybody who was removed are overwritten.

        They are not while another program looks at an older state: the next removal does it, or the last program that
        closes the gallery.
        """
        return not self._store.must_forget()

    def import_(self, path: str | Path, *, on_clash: OnClash = "error") -> int:
        """Take in an exported gallery, all of it or nothing; how many faces were new.

        Args:
            path: what `export` wrote.
            on_clash: for a person known here: "error", "add" the faces, "skip" the person, or "replace" ours.

        Raises:
            InputError: the file is no export, or damaged.
            ContractError: it holds templates of another contract.
            NameClashError: a person is known and `on_clash` is "error".
        """
        contract = self._engine.contract if self._engine is not None else ""
        return import_gallery(self._store, Path(path), on_clash=on_clash, contract=contract)

    def encrypt(
        self,
        key: PrivateKey,
        before: tuple[Archive, Roster] | None = None,
        *,
        precision: int = 8,
        progress: Callable[[int], None] | None = None,
    ) -> Update:
        """Everybody's templates encrypted for a scorer who cannot read them, see `vultus.gallery.encrypted`.

        Args:
            key: of the owner.
            before: an earlier state, of which only what has changed is touched.
            precision: bits of a number of a template, where there is no earlier state.
            progress: called with the number of people encrypted.

        Raises:
            MissingExtraError: gmpy2 is not installed.
            ContractError: the earlier state is of another contract.
            InputError: the earlier state is of another key, or its two halves do not belong together.
        """
        from vultus.gallery.encrypted.owner import bring_up_to_date
        from vultus.gallery.encrypted.scheme import fingerprint

        templates, background = self._store.templates(), background_of(self.engine.calibration)
        self._store.note("export", detail={"encrypted": fingerprint(key.public), "people": len(templates.names)})
        return bring_up_to_date(
            key, templates, self._store.contract(), background, before, precision=precision, progress=progress
        )

    def __len__(self) -> int:
        return self._store.counts()[0]
