"""The owner's register: whose template is in which slot, and how templates come in and go out.

Nothing is encrypted anew for a change: the block is multiplied by an encryption of the difference. What is taken out is
read from the block by the private key, so that the owner need not keep templates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.gallery.encrypted.block import add_blocks, encrypt_templates, fill, read_slots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from vultus.gallery.encrypted.block import Block
    from vultus.gallery.encrypted.layout import Layout
    from vultus.gallery.encrypted.scheme import PrivateKey


_LONGEST = 2.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a template is.

    Attributes:
        slot: counted over all blocks.
        scale, loss: see `layout.Quantised`.
    """

    slot: int
    scale: float
    loss: float


class Register:
    """Templates of people in slots.

    Args:
        private: the key.
        layout: fitted to it.
        blocks: as they are.
        places: of everybody who is in them, by person number, one per template.

    Attributes:
        blocks: as they are now.
        places: as they are now.

    Raises:
        InputError: two templates are said to be in one slot, or one in no slot.
    """

    def __init__(
        self,
        private: PrivateKey,
        layout: Layout,
        blocks: Sequence[Block] = (),
        places: Mapping[int, Sequence[Place]] | None = None,
    ) -> None:
        self.layout, self.blocks = layout, list(blocks)
        self.places = {person: tuple(own) for person, own in (places or {}).items()}
        self._private, self._hider = private, _Later(private)
        used = [place.slot for own in self.places.values() for place in own]
        if len(set(used)) != len(used) or not all(0 <= slot < len(self.blocks) * layout.slots for slot in used):
            raise InputError("the slots of the templates are not those of the blocks: the files do not belong together")

    def change(
        self,
        remove: Iterable[int],
        insert: Mapping[int, NDArray[np.floating[Any]]],
        progress: Callable[[int], None] | None = None,
    ) -> list[int]:
        """Take people out and put people in; the numbers of the blocks that have changed or are new.

        Args:
            remove: people; who is not there is passed over. Who is inserted again must be removed.
            insert: templates of people, (n, D), no longer than 2.
            progress: called with the number of templates put in.

        Raises:
            ShapeError, InputError: the templates cannot be encrypted; nothing was changed.
        """
        people = list(insert)
        rows = np.array([row for person in people for row in insert[person]]).reshape(-1, self.layout.dimension)
        # The average of several templates may be stretched a little beyond the length of 1, see `search.average`.
        lengths = np.clip(np.linalg.norm(rows, axis=1), 1.0, _LONGEST)
        found = self.layout.quantise(rows / lengths[:, None])
        change, gone = self._take_out([person for person in remove if person in self.places])
        slots = self._free(gone)
        inside = sum(slot < len(self.blocks) * self.layout.slots for slot in slots[: len(rows)])
        for slot, values in zip(slots[:inside], found.values[:inside], strict=False):
            at, within = divmod(slot, self.layout.slots)
            self._of(change, at)[within] += values
        public, n_before = self._private.public, len(self.blocks)
        for done, (at, difference) in enumerate(change.items(), start=1):
            self.blocks[at] = add_blocks(public, self.blocks[at], fill(public, self.layout, difference, self._hider))
            if progress is not None:
                progress(inside * done // len(change))
        self.blocks += encrypt_templates(
            public, self.layout, found.values[inside:], self._hider,
            None if progress is None else lambda done: progress(inside + done),
        )  # fmt: skip
        for person in gone:
            del self.places[person]
        slots = slots[:inside] + [n_before * self.layout.slots + at for at in range(len(rows) - inside)]
        scales, losses = found.scales / lengths, found.losses * lengths
        places = iter(zip(slots, scales.tolist(), losses.tolist(), strict=True))
        for person in people:
            self.places[person] = tuple(Place(*next(places)) for _ in insert[person])
        return [*change, *range(n_before, len(self.blocks))]

    def _take_out(self, people: list[int]) -> tuple[dict[int, NDArray[np.int32]], list[int]]:
        """What has to be added to which blocks, so that these people are out of them."""
        change: dict[int, NDArray[np.int32]] = {}
        slots = [place.slot for person in people for place in self.places[person]]
        for at in sorted({slot // self.layout.slots for slot in slots}):
            held = read_slots(self._private, self.layout, self.blocks[at])
            own = [slot % self.layout.slots for slot in slots if slot // self.layout.slots == at]
            self._of(change, at)[own] -= held[own]
        return change, people

    def _free(self, gone: list[int]) -> list[int]:
        """Slots without anybody, in order."""
        left = set(self.places) - set(gone)
        used = {place.slot for person in left for place in self.places[person]}
        return [slot for slot in range(len(self.blocks) * self.layout.slots) if slot not in used]

    def _of(self, change: dict[int, NDArray[np.int32]], at: int) -> NDArray[np.int32]:
        return change.setdefault(at, np.zeros((self.layout.slots, self.layout.dimension), dtype=np.int32))


class _Later:
    """A source of encryptions of 0 whose tables are made when the first one is needed."""

    def __init__(self, private: PrivateKey) -> None:
        self._private = private
        self._draw: Callable[[], int] | None = None

    def __call__(self) -> int:
        if self._draw is None:
            self._draw = self._private.hider()
        return self._draw()
