"""The roster: who is in which slot of an encrypted gallery. It has the names, and stays with the private key."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vultus.errors import InputError
from vultus.gallery.encrypted import files
from vultus.gallery.encrypted.layout import Layout
from vultus.gallery.encrypted.register import Place

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

SCHEMA = "vultus.encrypted.roster/1"
_MOST_BYTES = 1 << 32


@dataclass(frozen=True, slots=True)
class Entry:
    """One person.

    Attributes:
        person_id: number in the gallery.
        name: of the person.
        place: of the template.
        offset: what is added to a similarity, see `search.average`.
        digest: of the template, to see whether it has changed; hexadecimal.
    """

    person_id: int
    name: str
    place: Place
    offset: float
    digest: str


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody in one state of an encrypted gallery.

    Attributes:
        fingerprint: of the key.
        revision: of the encrypted gallery.
        contract: of the embeddings.
        layout: of the blocks.
        entries: everybody.
    """

    fingerprint: str
    revision: str
    contract: str
    layout: Layout
    entries: tuple[Entry, ...]


def write_roster(roster: Roster, path: Path) -> None:
    """Write the file, for its owner's eyes only; an older one is replaced as a whole.

    Raises:
        StoreError: it cannot be written; an older one is still there.
    """
    people = [
        [one.person_id, one.name, one.place.slot, one.place.scale, one.place.loss, one.offset, one.digest]
        for one in roster.entries
    ]
    document = {"schema": SCHEMA, "fingerprint": roster.fingerprint, "revision": roster.revision,
                "contract": roster.contract, "layout": roster.layout.to_json(), "people": people}  # fmt: skip
    files.write_json(path, document, private=True, overwrite=True)


def read_roster(path: Path) -> Roster:
    """What a file holds.

    Raises:
        StoreError: it cannot be read, or others may read it too.
        InputError: it is no such file, or damaged.
    """
    what = f"the roster {path}"
    document = files.document(files.read(path, _MOST_BYTES, private=True), SCHEMA, what)
    texts = [files.field(document, name, str, what) for name in ("fingerprint", "revision", "contract")]
    entries = tuple(_entry(row, what) for row in files.field(document, "people", list, what))
    return Roster(texts[0], texts[1], texts[2], Layout.from_json(document.get("layout")), entries)


def _entry(row: Any, what: str) -> Entry:
    kinds = (int, str, int, float, float, float, str)
    if not isinstance(row, list) or [type(one) for one in row] != list(kinds):
        raise InputError(f"{what} has a row that is no person: it is damaged")
    person_id, name, slot, scale, loss, offset, digest = row
    if not (slot >= 0 and scale > 0 and loss >= 0 and all(math.isfinite(one) for one in (scale, loss, offset))):
        raise InputError(f"{what} has a row that is no person: it is damaged")
    return Entry(person_id, name, Place(slot, scale, loss), offset, digest)
