"""Whose templates are encrypted: real embeddings of LFW, or synthetic ones that say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.evaluation.acquire import acquire
from vultus.evaluation.encrypted.costs import population
from vultus.evaluation.pairs import read_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.evaluation.row import Bench

    Floats = NDArray[np.float64]

_FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Templates and pairs of them.

    Attributes:
        name: what they are, in words.
        vectors: unit rows, float64, (N, D).
        people: number of the person of each, int64, (N,).
        a, b: both sides of the pairs, int64, (P,).
        same: whether a pair is of one person, bool, (P,).
        fold: of each pair, int64, (P,).
    """

    name: str
    vectors: Floats
    people: NDArray[np.int64]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    same: NDArray[np.bool_]
    fold: NDArray[np.int64]

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value of any template: the constants of the min-max pipeline."""
        return float(self.vectors.min()), float(self.vectors.max())

    @property
    def first(self) -> NDArray[np.int64]:
        """The first template of every person, in the order of their numbers."""
        return np.asarray(np.unique(self.people, return_index=True)[1], dtype=np.int64)

    @property
    def twice(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first and the second template of everybody who has two."""
        order = np.argsort(self.people, kind="stable")
        _, start, count = np.unique(self.people[order], return_index=True, return_counts=True)
        return order[start[count > 1]], order[start[count > 1] + 1]


def lfw(bench: Bench) -> Faces:
    """Embeddings of LFW View 2 by the pack of the bench; a picture without a face leaves its pairs out, and is told."""
    pairs = read_pairs(bench.folder("lfw_view2"))
    total = pairs.same.size
    asked = np.linspace(0, total - 1, min(bench.count(total, 200), total)).astype(np.int64)
    used = np.unique(np.concatenate([pairs.a[asked], pairs.b[asked]]))
    bench.tell(f"embedding {used.size:,} pictures of LFW")
    got = acquire(bench.engine, [pairs.images[index] for index in used])
    kept = used[got.acquired]
    place = np.full(len(pairs.images), -1, dtype=np.int64)
    place[kept] = np.arange(kept.size)
    chosen = asked[(place[pairs.a[asked]] >= 0) & (place[pairs.b[asked]] >= 0)]
    _, people = np.unique(np.array(pairs.identities), return_inverse=True)
    name = f"LFW View 2, pack {bench.engine.pack.name}, {chosen.size:,} of {total:,} pairs"
    return Faces(
        name,
        got.vectors[got.acquired].astype(np.float64),
        people[kept].astype(np.int64),
        place[pairs.a[chosen]],
        place[pairs.b[chosen]],
        pairs.same[chosen],
        pairs.fold[chosen],
    )


def synthetic(dimension: int, n_people: int = 1000, seed: int = 0) -> Faces:
    """Two templates of each person; as many pairs of two people as of one."""
    vectors, people = population(n_people, 2, dimension, seed)
    first = np.arange(0, 2 * n_people, 2)
    a, b = np.concatenate([first, first]), np.concatenate([first + 1, np.roll(first, 1) + 1])
    same = np.repeat([True, False], n_people)
    fold = np.tile(np.arange(n_people) * _FOLDS // n_people, 2)
    return Faces(f"synthetic, {n_people:,} people x 2", vectors, people, a, b, same, fold)
