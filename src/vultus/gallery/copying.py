"""Keeps the copy of a gallery in Milvus at the state of its record: sends who has changed, deletes who is gone.

The copy notes up to which revision of the record it has come, and a mark that the record notes as well. Where the
marks differ, the copy was last changed for another copy of the gallery's file, as one from a backup is: revisions and
numbers of people may mean something else there, so everything is sent anew.

Under the rule "average" a similarity is a product and an offset, see `search.average`. The offset becomes one more
number of a row, and another one makes all rows equally long: then the row with the largest product, which Milvus looks
for, is also the nearest, by which a graph is built.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from vultus.errors import StoreError, VultusError
from vultus.gallery.gate import Gate
from vultus.gallery.mirror import Mirror, Rows, connect, is_file, tidy
from vultus.gallery.search import average

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vultus.gallery.doors import Rule
    from vultus.gallery.ledger import Ledger, Roll, StoreLedger

TOKEN = "VULTUS_MILVUS_TOKEN"  # noqa: S105 - a name
STEP_PEOPLE = 2_000  # read from the record at a time
_SQUARE = 2.6  # no row of `average` is longer: its length is at most 4 ** 0.3, and its offset above -0.52


class Advance(Protocol):
    """Hears of people as they are copied."""

    def advance(self, steps: int = 1) -> None:
        """So many people more."""


Progress = Callable[[int], AbstractContextManager[Advance]]


class _Silence:
    def advance(self, steps: int = 1) -> None:
        pass


class Copier:
    """One copy and its record.

    Args:
        ledger: the record.
        rule, background: what the rows are, see `search.average`.
        uri, token: see `mirror.connect`; without a token, the environment's VULTUS_MILVUS_TOKEN.
        index, level: see `Mirror`.
        progress: given the number of people when everybody has to be sent; hears of them in the block it opens.

    Attributes:
        gate: to be passed by threads that search in the copy, and by the one that changes it.
        mirror: the copy; None before the first `follow`, for a gallery that never held a template, and after `close`.
        measured: what was measured on the copy as it was made, to be remembered with it.
    """

    def __init__(
        self,
        ledger: Ledger,
        rule: Rule,
        background: float,
        uri: str,
        token: str,
        index: str,
        level: str = "Session",
        progress: Progress | None = None,
    ) -> None:
        self._progress = progress or (lambda _: nullcontext(_Silence()))
        self._ledger, self._rule, self._background, self._index, self._level = ledger, rule, background, index, level
        self.uri = os.path.abspath(uri) if is_file(uri) else uri
        self._token = token or os.environ.get(TOKEN, "")
        self.contract = ledger.contract
        what = json.dumps([self.contract, rule, round(background, 9)])
        self.name = f"vultus_{ledger.gallery}_{sha256(what.encode()).hexdigest()[:12]}"
        self.gate = Gate()
        self.mirror: Mirror | None = None
        self.measured: dict[str, Any] = {}

    def lift(self, probes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probes (Q, D) as the rows need them."""
        if self._rule == "best":
            return probes
        zeros = np.zeros(len(probes), dtype=np.float32)
        return np.column_stack([probes, zeros + 1, zeros])

    def follow(self) -> Roll:
        """Bring the copy to the state of the record; who is in it now.

        Raises:
            StoreError: Milvus cannot be reached or refuses, another program is copying, or the gallery was opened
                read-only and something has to be sent.
        """
        ledger = self._ledger
        if ledger.dimension == 0:
            return ledger.roll()
        with ledger.alone():
            roll = ledger.roll()
            fresh = self.mirror is None
            mirror, state = self._reach()
            changes = self._since(state)
            anew = changes is None
            if changes is not None:
                lost = self._send(mirror, roll, *changes)
                # A file keeps what was deleted from it until it is written anew.
                anew = (lost and is_file(self.uri)) or (fresh and self._has_drifted(mirror, roll))
                if lost and not anew:
                    mirror.purge()
            if anew:
                self._fill(mirror, roll)
            elif is_file(self.uri):
                mirror.settle()
            if anew or state is None or state["revision"] != roll.revision:
                self._note(mirror, roll.revision)
            else:
                # With the level "Session" a search sees all that came before the last word of this program: this one.
                mirror.note(state)
        return roll

    def keep(self, measured: dict[str, Any]) -> None:
        """Remember what was measured on the copy."""
        self.measured = measured
        if self.mirror is not None and (state := self.mirror.state()) is not None:
            self.mirror.note({**state, "measured": measured})

    def clear(self) -> None:
        """Delete the copy."""
        if self.mirror is not None:
            self.mirror.clear()

    def close(self) -> None:
        """Let go of Milvus; a second time does nothing."""
        if self.mirror is not None:
            self.mirror.close()
            self.mirror = None

    def _reach(self) -> tuple[Mirror, dict[str, Any] | None]:
        """The copy, and what was noted in it last."""
        if self.mirror is not None:
            # Somebody else may have made it anew.
            return self.mirror, self.mirror.open()
        dimension = self._ledger.dimension + (2 if self._rule == "average" else 0)
        mirror = Mirror(connect(self.uri, self._token), self.uri, self.name, dimension, self._index, self._level)
        try:
            state = mirror.open()
        except BaseException:
            mirror.close()
            raise
        self.mirror = mirror
        return mirror, state

    def _note(self, mirror: Mirror, revision: int) -> None:
        """Note in the copy how far it has come, and in the record where it is; the same mark in both."""
        mark = token_hex(8)
        mirror.note({"revision": revision, "index": self._index, "measured": self.measured, "mark": mark})
        self._ledger.note_copy({**self._place(), "mark": mark})

    def _place(self) -> dict[str, Any]:
        return {"uri": tidy(self.uri), "name": self.name, "contract": self.contract, "rule": self._rule,
                "background": self._background, "index": self._index}  # fmt: skip

    def _since(self, state: dict[str, Any] | None) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Who is new or has changed, and who is gone, since the state; None where everything has to be sent anew."""
        if state is None or state["index"] != self._index:
            return None
        if state["mark"] != self._ledger.copy_at(tidy(self.uri), self.name).get("mark"):
            return None
        self.measured = state["measured"]
        return self._ledger.changed(state["revision"])

    def _has_drifted(self, mirror: Mirror, roll: Roll) -> bool:
        """Whether the copy does not hold what it should, and nobody has changed the gallery meanwhile."""
        wanted = len(roll.person_ids) if self._rule == "average" else int(roll.n_faces.sum())
        return mirror.count() != wanted and self._ledger.roll().revision == roll.revision

    def _send(self, mirror: Mirror, roll: Roll, touched: NDArray[np.int64], gone: NDArray[np.int64]) -> bool:
        """Send who has changed, and delete what is gone; was a template deleted, or taken out of an average?"""
        lost = 0
        for some in steps(gone):
            lost += mirror.drop(mirror.rows_of(some))
        for some in steps(touched):
            new = {part: self._rows(people) for part, people in _by_part(roll, some)}
            faces = {row: {*own} for rows in new.values() for row, own in zip(rows.numbers, rows.faces, strict=True)}
            there: dict[int, list[int]] = {}
            for part, rows in new.items():
                there |= mirror.rows_of(rows.people, part)
            # Whoever moves to another part is deleted before being stored there: Milvus would keep both.
            lost += mirror.drop(set(mirror.rows_of(some)) - (set(there) & set(faces)))
            lost += sum(not faces[row].issuperset(own) for row, own in there.items() if row in faces)
            for part, rows in new.items():
                mirror.put(part, rows)
        return lost > 0

    def _fill(self, mirror: Mirror, roll: Roll) -> None:
        """Send everything anew."""
        # Noted first: a copy that is never finished is one, too.
        self._ledger.note_copy(self._place())
        mirror.renew()
        with self._progress(len(roll.person_ids)) as bar:
            for at, part in enumerate(roll.parts):
                for some in steps(roll.person_ids[roll.part_of == at]):
                    mirror.put(part, self._rows(some))
                    bar.advance(len(some))
        mirror.settle()
        if self._index != "FLAT":
            mirror.finish()
        self.measured = {}

    def _rows(self, person_ids: NDArray[np.int64]) -> Rows:
        """What Milvus is to hold of some people."""
        found = self._ledger.read(person_ids)
        if self._rule == "best":
            counts = np.diff(np.append(found.starts, len(found.vectors)))
            people = np.repeat(found.person_ids, counts)
            return Rows(found.face_ids, people, found.vectors, found.face_ids[:, None].tolist())
        rows, offsets = average(found.vectors, found.starts, self._background)
        rest = np.sqrt(np.maximum(_SQUARE - np.einsum("nd,nd->n", rows, rows) - offsets**2, 0.0))
        lifted = np.column_stack([rows, offsets, rest]).astype(np.float32)
        faces = [own.tolist() for own in np.split(found.face_ids, found.starts[1:])] if len(found.starts) else []
        return Rows(found.person_ids, found.person_ids, lifted, faces)


def erase_from_copies(ledger: StoreLedger, token: str = "") -> None:
    """Have those who were removed from a gallery deleted from each copy of its templates that is still there.

    Raises:
        StoreError: a copy cannot be reached.
    """
    for place in ledger.copies():
        uri, name = place["uri"], place["name"]
        try:
            if _is_there(uri, token, name, drop=place["contract"] != ledger.contract):
                copier = Copier(ledger, place["rule"], place["background"], uri, token, place["index"])
                copier.follow()
                copier.close()
            else:
                ledger.drop_copy(uri, name)
        except VultusError as error:
            raise StoreError(
                f"this is done in {ledger.path}, but the copy of its templates in Milvus could not follow: {error}; "
                f"later, run: vultus gallery check --door milvus --milvus-uri {uri}"
            ) from error


def drop_copies(ledger: StoreLedger, token: str = "") -> list[tuple[str, str]]:
    """Delete every copy of the templates of a gallery, and forget it; places that could not be reached, and why.

    What could not be reached is forgotten as well: whoever gives up a Milvus has to delete what is in it there.
    """
    failed = []
    for place in ledger.copies():
        try:
            _is_there(place["uri"], token, place["name"], drop=True)
        except VultusError as error:
            failed.append((place["uri"], str(error)))
        ledger.drop_copy(place["uri"], place["name"])
    return failed


def steps(numbers: NDArray[np.int64], size: int = STEP_PEOPLE) -> Iterator[NDArray[np.int64]]:
    """A few at a time."""
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]


def _is_there(uri: str, token: str, name: str, *, drop: bool) -> bool:
    """Whether a copy is there, after dropping it where told."""
    if is_file(uri) and not os.path.exists(uri):
        return False
    mirror = Mirror(connect(uri, token or os.environ.get(TOKEN, "")), uri, name, 0)
    try:
        if drop:
            mirror.clear()
        return mirror.exists()
    finally:
        mirror.close()


def _by_part(roll: Roll, people: NDArray[np.int64]) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Those of the people who are on the roll, by the part they are in."""
    people = people[np.isin(people, roll.person_ids)]
    where = roll.part_of[np.searchsorted(roll.person_ids, people)]
    for part in np.unique(where):
        yield roll.parts[part], people[where == part]
