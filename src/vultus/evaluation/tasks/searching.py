"""Searches of a published one-to-many protocol, made by an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.evaluation.acquire import acquire
from vultus.evaluation.sets.ijb import pool
from vultus.evaluation.tasks.identification import NEVER, Searched

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vultus.evaluation.acquire import Acquired, Engine
    from vultus.evaluation.sets.searchset import Listed, SearchSet

_BLOCK = 1024


def search_set(
    engine: Engine, wanted: SearchSet, progress: Callable[[int], None] | None = None
) -> tuple[Searched, Acquired]:
    """Search every template in every gallery; the searches of all galleries are taken together.

    A search is mated in the gallery that has its person and non-mated in any other. Somebody enrolled of whom no face
    was acquired is never found, and a search without a face finds nobody.

    Args:
        engine: finds and embeds.
        wanted: templates, galleries and searches.
        progress: called with the number of pictures done.
    """
    got = acquire(engine, wanted.images, progress=progress)
    vectors, there = pool(got.vectors, got.acquired, wanted.template, wanted.medium)
    vectors = np.where(there[:, None], vectors, np.float32(0))
    people, person = np.unique(wanted.searches.person, return_inverse=True)
    parts = [_searched(vectors, there, gallery, wanted.searches) for gallery in wanted.galleries]
    enrolled, mate, rank, best = (np.concatenate(column) for column in zip(*parts, strict=True))
    sizes = [np.unique(gallery.person).size for gallery in wanted.galleries]
    told: tuple[str, ...] = ()
    if len(sizes) > 1:
        listed = " and ".join(f"{one.name} ({size:,})" for one, size in zip(wanted.galleries, sizes, strict=True))
        told = (f"searched in the galleries {listed} one by one; people is the larger number",)
    who = np.tile(person.astype(np.int64), len(parts))
    return Searched(enrolled, mate, rank, best, who, people.size, max(sizes), told), got


def _searched(
    vectors: NDArray[np.float32], there: NDArray[np.bool_], gallery: Listed, searches: Listed
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Whether the person is enrolled, score and rank of the mate, and the best score of anybody; each (S,).

    Somebody with several templates counts with the best of them.
    """
    people, column = np.unique(gallery.person, return_inverse=True)
    order = np.argsort(column, kind="stable")
    begins = np.searchsorted(column[order], np.arange(people.size))
    rows = gallery.template[order]
    place = np.minimum(np.searchsorted(people, searches.person), people.size - 1)
    enrolled = people[place] == searches.person
    mate, best = np.full(place.size, -np.inf), np.full(place.size, -np.inf)
    rank = np.full(place.size, NEVER, dtype=np.int64)
    for start in range(0, place.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        probe = searches.template[part]
        scores = np.where(there[probe][:, None] & there[rows], vectors[probe] @ vectors[rows].T, -np.inf)
        each = np.maximum.reduceat(scores, begins, axis=1)
        best[part] = each.max(axis=1)
        own = np.where(enrolled[part], each[np.arange(probe.size), place[part]], -np.inf)
        mate[part] = own
        rank[part] = np.where(np.isneginf(own), NEVER, (each >= own[:, None]).sum(axis=1))
    return enrolled, mate, rank, best
