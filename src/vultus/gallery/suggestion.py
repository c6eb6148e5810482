"""Whom a group of unknown faces probably is, now that more people are known than when the faces were kept."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from vultus.gallery.recognition import rank
from vultus.gallery.templates import TEMPLATE, decode

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from vultus.gallery.denial import Denials
    from vultus.gallery.doors import Door
    from vultus.gallery.vault import Vault

_ASKED = 5  # faces per group, the best
_BATCH = 1000


def suggest(
    connection: sqlite3.Connection, vault: Vault, door: Door, denials: Denials, threshold: float
) -> dict[int, str]:
    """The person as whom more than half of a group's best faces are recognised, by group; groups without are left out.

    Args:
        connection: within a transaction.
        vault: opens templates.
        door: searches among the people who are known.
        denials: who is said not to be whom.
        threshold: lowest similarity that counts.

    Raises:
        StoreError: a template is damaged.
        LockedError: the vault is locked.
    """
    vault.load(connection)
    rows = connection.execute(
        "SELECT group_id, face_id, key_id, template FROM (SELECT *, row_number() OVER"
        " (PARTITION BY group_id ORDER BY quality DESC, face_id) AS nth FROM face"
        " WHERE person_id IS NULL AND group_id IS NOT NULL) WHERE nth <= ? ORDER BY group_id, nth",
        (_ASKED,),
    )
    found: dict[int, str] = {}
    for group_id, names in groupby(_answers(rows, vault, door, denials, threshold), key=lambda one: one[0]):
        votes = Counter(name for _, name in names)
        name, count = votes.most_common(1)[0]
        if name and 2 * count > votes.total():
            found[group_id] = name
    return found


def _answers(
    rows: sqlite3.Cursor, vault: Vault, door: Door, denials: Denials, threshold: float
) -> Iterator[tuple[int, str]]:
    """Group and name of each face, in order; no name for whom nobody reaches the threshold."""
    while chunk := rows.fetchmany(_BATCH):
        probes = np.stack([decode(vault.open(key_id, TEMPLATE, face_id, blob)) for _, face_id, key_id, blob in chunk])
        ranked, _ = rank(door, probes, 1, None, threshold, denials)
        for (group_id, *_), candidates in zip(chunk, ranked, strict=True):
            first = candidates[0] if candidates else None
            yield group_id, first.name if first is not None and first.similarity >= threshold else ""
