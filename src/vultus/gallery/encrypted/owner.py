"""What the owner of the key does: bring an encrypted gallery up to date, and decide by a scorer's answer."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ContractError, InputError
from vultus.gallery.encrypted.archive import Archive
from vultus.gallery.encrypted.block import read_score, read_scores
from vultus.gallery.encrypted.layout import PRECISION, Layout
from vultus.gallery.encrypted.register import Register
from vultus.gallery.encrypted.roster import Entry, Roster
from vultus.gallery.encrypted.scheme import fingerprint
from vultus.gallery.search import average

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vultus.gallery.encrypted.message import Answer
    from vultus.gallery.encrypted.scheme import PrivateKey
    from vultus.gallery.templates import Templates


@dataclass(frozen=True, slots=True)
class Update:
    """A new state of an encrypted gallery.

    Attributes:
        archive: for the scorer.
        roster: for the owner.
        new, gone, kept: people.
    """

    archive: Archive
    roster: Roster
    new: int
    gone: int
    kept: int


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the owner learns.

    Attributes:
        name: of the most similar person, or of the person asked about.
        similarity: of that person.
        error: the similarity of the unrounded templates lies within this.
    """

    name: str
    similarity: float
    error: float


def bring_up_to_date(
    private: PrivateKey,
    templates: Templates,
    contract: str,
    background: float,
    before: tuple[Archive, Roster] | None = None,
    *,
    precision: int = PRECISION,
    progress: Callable[[int], None] | None = None,
) -> Update:
    """Encrypt who is new or has changed, and take out who is gone.

    Args:
        private: the key.
        templates: of the whole gallery; a person's are averaged.
        contract: of the embeddings.
        background: see `search.background_of`.
        before: the state to start from, both files of it.
        precision: bits of a whole number, where there is no state before.
        progress: called with the number of people encrypted.

    Raises:
        ConfigError: there is no such precision.
        ContractError: the state before is of another contract.
        InputError: the state before is of another key, or its files do not belong together.
    """
    public = private.public
    rows, offsets = average(templates.vectors, templates.starts, background)
    if before is None:
        register = Register(private, Layout.fit(max(rows.shape[1], 1), public.plain_bits, precision))
        old: dict[int, Entry] = {}
    else:
        archive, roster = before
        if fingerprint(archive.public) != fingerprint(public):
            raise InputError("the encrypted gallery is of another key; encrypt it anew, or give its own key")
        if (roster.fingerprint, roster.revision) != (fingerprint(public), archive.revision):
            raise InputError(
                "the roster and the encrypted gallery are not of one state; give the two that were written together, "
                "or encrypt anew"
            )
        if archive.contract != contract:
            raise ContractError(archive.contract, contract)
        old = {one.person_id: one for one in roster.entries}
        register = Register(private, archive.layout, archive.blocks, {one: [old[one].place] for one in old})
    ids = templates.person_ids.tolist()
    digests = {person: _digest(row, offset) for person, row, offset in zip(ids, rows, offsets, strict=True)}
    fresh = {at: person for at, person in enumerate(ids) if person not in old or old[person].digest != digests[person]}
    gone = [person for person in old if person not in digests]
    register.change([*gone, *fresh.values()], {person: rows[at : at + 1] for at, person in fresh.items()}, progress)
    revision = secrets.token_hex(16)
    entries = tuple(
        Entry(person, templates.names[at], register.places[person][0], float(offsets[at]), digests[person])
        for at, person in enumerate(ids)
    )
    return Update(
        Archive(public, register.layout, contract, revision, register.blocks),
        Roster(fingerprint(public), revision, contract, register.layout, entries),
        len(fresh), len(gone), len(ids) - len(fresh),
    )  # fmt: skip


def rule(private: PrivateKey, roster: Roster, answer: Answer, threads: int = 1) -> Ruling | None:
    """Read an answer; None where there is nobody in the slot, or nobody at all.

    Args:
        private: the key.
        roster: of the state that was asked.
        answer: of the scorer.
        threads: that share the work.

    Raises:
        InputError: the answer is of another key or state, out of range, or was tampered with.
    """
    key = fingerprint(private.public)
    if answer.fingerprint != key or roster.fingerprint != key:
        raise InputError("the answer or the roster is of another key")
    if answer.revision != roster.revision:
        raise InputError("the answer is of another state of the encrypted gallery than the roster: ask again")
    layout = roster.layout
    layout.check_probe(answer.scale, answer.loss)
    if answer.number is None:
        entries = list(roster.entries)
        needed = max((one.place.slot // layout.slots + 1 for one in entries), default=0)
        if len(answer.scores) < needed:
            raise InputError("the answer is cut short: it has not as many scores as the encrypted gallery has blocks")
        values = read_scores(private, layout, answer.scores[:needed], threads=threads)
    else:
        entries = [one for one in roster.entries if one.place.slot == answer.number]
        values = np.zeros(answer.number + 1, dtype=np.int64)
        if len(answer.scores) != 1:
            raise InputError("the answer about a single template must have one score")
        values[answer.number] = read_score(private, layout, answer.scores[0], answer.number % layout.slots)
    if not entries:
        return None
    found = [min(values[one.place.slot] / (one.place.scale * answer.scale) + one.offset, 1.0) for one in entries]
    best = int(np.argmax(found))
    place = entries[best].place
    # The masks of a single template may move it by one unit, see `score.mask_others`.
    masked = 0.0 if answer.number is None else 1 / (place.scale * answer.scale)
    return Ruling(entries[best].name, float(found[best]), layout.bound(place.loss, answer.loss) + masked)


def _digest(row: NDArray[np.float32], offset: np.float32) -> str:
    return hashlib.sha256(row.astype("<f4").tobytes() + np.float32(offset).tobytes()).hexdigest()[:32]
