"""Moving a gallery to another model, as verbs of `Gallery`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.gallery.desk import Desk
from vultus.gallery.migrate import Material, migrate, roll_back
from vultus.gallery.staging import Staging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vultus.gallery.enrol import Engine
    from vultus.gallery.migrate import Plan
    from vultus.gallery.staging import Underway
    from vultus.inference.image import Source


class Moving(Desk):
    """Verbs about the model that a gallery is of."""

    def migrate(
        self,
        engine: Engine,
        *,
        pictures: Iterable[tuple[str, Source]] = (),
        confirm: Callable[[Plan], bool] | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> Plan:
        """Move everybody to the model of another engine, known people and unknown ones.

        Faces with a kept crop are embedded anew; the others' templates are mapped, for which both models have to see
        some faces: those of the crops, and `pictures`. Everything is exchanged in one transaction. Stopped before it,
        also by force, the gallery is what it was, and the same call goes on where it stopped.

        Args:
            engine: of the other pack.
            pictures: person and picture, several of each of many people; who they are does not matter.
            confirm: asked before anything is exchanged; no leaves the gallery as it is, with what was embedded kept
                for the next call or `roll_back`.
            progress: called with what is done, "embedding" or "fitting", how many of it are done, and of how many.

        Raises:
            InputError: the gallery is empty, or too few faces are seen by both models to fit a map.
            StoreError: a migration to another contract is under way, or the gallery cannot be written.
        """
        given = list(pictures)
        material = Material(self.engine, given) if given else None
        plan = migrate(self._store, engine, material=material, confirm=confirm, progress=progress)
        if plan.state == "applied":
            with self._lock:
                self._engine, self._door = engine, None
        return plan

    def roll_back(self) -> int:
        """End a migration that was not finished; how many templates made for it were forgotten.

        Raises:
            StoreError: none is under way.
        """
        return roll_back(self._store)

    def migration(self) -> Underway | None:
        """The migration that is under way, if one is."""
        return Staging(self._store).underway()
