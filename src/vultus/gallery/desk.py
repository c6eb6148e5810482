"""An open gallery: its file, its engine and its way of searching; what every verb of `Gallery` stands on."""

from __future__ import annotations

import threading
from contextlib import suppress
from copy import copy
from typing import TYPE_CHECKING, cast

from vultus.errors import ContractError, StoreError, UnknownNameError, VultusError
from vultus.gallery.denial import read_denials
from vultus.gallery.doors import TABLE, chosen, open_door
from vultus.gallery.ledger import StoreLedger
from vultus.gallery.matrix import kept_templates, templates_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from vultus.gallery.denial import Denials
    from vultus.gallery.doors import Door, FarDoor, Rule
    from vultus.gallery.enrol import Engine
    from vultus.gallery.register import Known
    from vultus.gallery.store import Store
    from vultus.gallery.templates import Templates

_FEW = 10  # a door takes in the changes of up to one in so many people; of more, it is built anew


class Desk:
    """State of an open gallery. One gallery may be used by many threads."""

    def __init__(
        self, store: Store, engine: Engine | None, *, door: str, templates: Rule, options: Mapping[str, Any]
    ) -> None:
        self._store = store
        self._engine = engine
        self._door_name, self._rule, self._door_options = door, templates, options
        self._way = chosen(door, 0)
        self._crops = False
        self._door: tuple[int, float, Door] | None = None
        self._denied: tuple[int, Denials] | None = None
        self._register: tuple[int, dict[str, Known]] = -1, {}
        # Taken before the store's lock, never inside a transaction.
        self._lock = threading.RLock()
        store.on_forget = self._erase_from_copies

    @property
    def path(self) -> Path:
        """The file."""
        return self._store.path

    @property
    def contract(self) -> str:
        """Contract of the templates; empty before the first enrolment."""
        return self._store.contract()

    @property
    def engine(self) -> Engine:
        """The engine given, or one of the gallery's own pack, built on first use.

        Raises:
            ContractError: the pack has changed since the gallery was made.
            StoreError: the pack is none of Vultus's own.
        """
        if self._engine is not None:
            return self._engine
        with self._lock:
            if self._engine is None:
                from vultus.inference.engine import FaceEngine

                pack = self._store.contract().rpartition(":")[0]
                try:
                    self._engine = self._fitting(FaceEngine(pack) if pack else FaceEngine())
                except UnknownNameError as error:
                    words = f"the gallery {self.path} was made with a pack of your own, {pack}"
                    raise StoreError(f"{words}; open it with engine=FaceEngine(folder of its manifest)") from error
            return self._engine

    def _fitting(self, engine: Engine) -> Engine:
        if (contract := self._store.contract()) not in ("", engine.contract):
            raise ContractError(contract, engine.contract)
        return engine

    def _searcher(self, background: float) -> Door:
        """The door over the committed state, brought up to date when anybody has changed it."""
        with self._lock:
            if TABLE[chosen(self._door_name, 0)].afar:
                return self._far_door(background)
            if self._door is None or self._door[1] != background:
                kept = kept_templates(self._store)
                if kept is not None:
                    self._open_near(kept, background)
            if self._door is not None and self._door[1] == background:
                revision, _, door = self._door
                if revision == self._store.revision():
                    return door
                changes = self._store.changes(revision, at_most=max(1, door.n_people // _FEW))
                # Others may still search in the door as it is.
                newer = copy(door)
                if changes is not None and newer.update(changes):
                    self._door = changes.revision, background, newer
                    return newer
            return self._open_near(templates_of(self._store), background)

    def _open_near(self, templates: Templates, background: float) -> Door:
        """A door over templates in memory."""
        self._way = chosen(self._door_name, len(templates.vectors))
        door = open_door(self._way, templates, self._rule, background, self._door_options)
        self._door = templates.revision, background, door
        return door

    def _far_door(self, background: float) -> Door:
        """A door that keeps the templates elsewhere; it reads the record by itself once it is told to."""
        revision = self._store.revision()
        if self._door is not None and self._door[1] == background:
            known, _, door = self._door
            if known == revision:
                return door
            newer = copy(door)
            if cast("FarDoor", newer).follow():
                self._door = revision, background, newer
                return newer
        self._close_door()
        door = open_door(self._door_name, StoreLedger(self._store), self._rule, background, self._door_options)
        self._door = revision, background, door
        return door

    def _erase_from_copies(self) -> None:
        """Have those who were removed deleted from copies of the templates outside of the file."""
        with self._lock:
            ledger = StoreLedger(self._store)
            if ledger.copies():
                from vultus.gallery.copying import erase_from_copies

                if self._door is not None and TABLE[self._door_name].afar:
                    # Its own copy first, since only this door knows who is searching in it. What fails is told below.
                    with suppress(VultusError):
                        self._far_door(self._door[1])
                erase_from_copies(ledger, self._door_options.get("token", ""))

    def copies(self) -> list[dict[str, Any]]:
        """Copies of the templates outside of the file: `uri`, `name`, `rule`, `index` and `contract` of each."""
        told = ("uri", "name", "rule", "index", "contract")
        return [{key: place[key] for key in told} for place in StoreLedger(self._store).copies()]

    def drop_copies(self) -> list[tuple[str, str]]:
        """Delete these copies and forget them; those that could not be reached, and why: they must be deleted there."""
        from vultus.gallery.copying import drop_copies

        with self._lock:
            self._close_door()
            if here := self.copies():
                self._store.note("delete", (), {"copies": len(here)})
            return drop_copies(StoreLedger(self._store), self._door_options.get("token", ""))

    def _close_door(self) -> None:
        with self._lock:
            if self._door is not None and TABLE[self._way].afar:
                cast("FarDoor", self._door[2]).close()
            self._door = None

    def _denials(self) -> Denials:
        """Who is said not to be whom, in the committed state."""
        with self._lock:
            if self._denied is None or self._denied[0] != self._store.revision():
                with self._store.reading() as connection:
                    self._denied = self._store.revision(), read_denials(connection, self._store.vault)
            return self._denied[1]
