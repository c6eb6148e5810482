"""Who is with whom among faces nobody has named: average-link clustering that keeps one picture's faces apart.

Two groups are as similar as their faces are on average. The most similar two are joined first, until no two reach the
threshold. Groups with faces of one picture are never joined: nobody is twice in a photograph. For unit vectors the
average over all pairs of two groups is the product of the groups' sums, so groups need no more memory than their sum.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ConfigError, InputError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from numpy.typing import NDArray

_BLOCK_NUMBERS = 16_000_000


def cluster(
    vectors: NDArray[np.float32],
    *,
    threshold: float,
    pictures: Sequence[Hashable] | None = None,
    neighbours: int = 32,
) -> NDArray[np.int64]:
    """Group faces by person.

    Memory grows with `len(vectors) * neighbours`, not with its square. With `neighbours >= len(vectors)` and without
    pictures the result is that of average linkage cut at the threshold. With fewer, a face or group is joined with one
    of its nearest only, and still no two groups that reach the threshold stay apart unless a picture forbids it.

    Args:
        vectors: float32, (N, D), unit rows.
        threshold: lowest average cosine of two groups that are joined, -1 to 1.
        pictures: which picture each face is in; None says that every face has its own.
        neighbours: most neighbours looked at per face.

    Returns:
        Group of each face, int64, (N,): 0 is the largest group, groups of one come last.

    Raises:
        ShapeError: vectors are not (N, D).
        InputError: pictures are not N.
        ConfigError: threshold or neighbours are out of range.
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if vectors.ndim != 2:
        raise ShapeError("vectors", "(N, D)", str(vectors.shape))
    if pictures is not None and len(pictures) != len(vectors):
        raise InputError(f"there must be one picture per face, but there are {len(pictures)} for {len(vectors)} faces")
    if not -1 <= threshold <= 1:
        raise ConfigError(f"threshold must be a cosine from -1 to 1, but is {threshold:g}")
    if neighbours < 1:
        raise ConfigError(f"neighbours must be at least 1, but is {neighbours}")
    groups = _Groups(vectors, pictures)
    # A face may have all its nearest neighbours in its own group while a second group of the person lies farther off:
    # joined groups look for neighbours anew until nothing is left to join.
    while groups.settle(threshold, neighbours):
        pass
    return _by_size(groups.labels())


class _Groups:
    """Groups under construction; joining two makes a new one and empties both."""

    def __init__(self, vectors: NDArray[np.float32], pictures: Sequence[Hashable] | None) -> None:
        self._sums: list[NDArray[np.float64] | None] = list(vectors.astype(np.float64))
        self._members: list[list[int]] = [[at] for at in range(len(vectors))]
        self._near: list[set[int]] = [set() for _ in vectors]
        self._pictures: list[set[Hashable]] = [{one} for one in (range(len(vectors)) if pictures is None else pictures)]

    def settle(self, threshold: float, neighbours: int) -> bool:
        """Join the nearest groups, best first, until no neighbours are left to join; was any joined?"""
        living = [(group, total / len(self._members[group])) for group, total in enumerate(self._sums)
                  if total is not None]  # fmt: skip
        if not living:
            return False
        numbers = [group for group, _ in living]
        means = np.array([mean for _, mean in living], dtype=np.float32)
        self._near = [set() for _ in self._sums]
        heap: list[tuple[float, int, int]] = []
        for first, second, similarity in _edges(means, threshold, neighbours):
            one, two = numbers[first], numbers[second]
            self._near[one].add(two)
            self._near[two].add(one)
            heap.append((-similarity, one, two))
        heapq.heapify(heap)
        before = len(self._sums)
        while heap:
            _, first, second = heapq.heappop(heap)
            # Groups that were joined since have other numbers.
            if self._alive(first, second) and self._pictures[first].isdisjoint(self._pictures[second]):
                for other, similarity in self._join(first, second):
                    if similarity >= threshold:
                        heapq.heappush(heap, (-similarity, other, len(self._sums) - 1))
        return len(self._sums) > before

    def labels(self) -> NDArray[np.int64]:
        """Number of each face's group."""
        out = np.empty(sum(map(len, self._members)), dtype=np.int64)
        for group, members in enumerate(self._members):
            out[members] = group
        return out

    def _alive(self, first: int, second: int) -> bool:
        return self._sums[first] is not None and self._sums[second] is not None

    def _join(self, first: int, second: int) -> list[tuple[int, float]]:
        """Make one group of two; its neighbours, each with the average similarity to it."""
        one, two = self._sums[first], self._sums[second]
        new = len(self._sums)
        total = np.add(one, two, dtype=np.float64) if one is not None and two is not None else None
        self._sums.append(total)
        self._sums[first] = self._sums[second] = None
        self._members.append(self._members[first] + self._members[second])
        self._pictures.append(self._pictures[first] | self._pictures[second])
        near = sorted((self._near[first] | self._near[second]) - {first, second})
        self._near.append(set(near))
        for gone in (first, second):
            self._members[gone], self._near[gone], self._pictures[gone] = [], set(), set()
        for other in near:
            self._near[other] -= {first, second}
            self._near[other].add(new)
        return [(other, self._similarity(other, new)) for other in near]

    def _similarity(self, first: int, second: int) -> float:
        one, two = self._sums[first], self._sums[second]
        if one is None or two is None:
            return -np.inf
        return float(one @ two) / (len(self._members[first]) * len(self._members[second]))


def _edges(vectors: NDArray[np.float32], threshold: float, neighbours: int) -> Iterator[tuple[int, int, float]]:
    """Pairs of faces at or above the threshold, each face with its nearest only; blocked."""
    count = len(vectors)
    step = max(1, _BLOCK_NUMBERS // max(count, 1))
    codes, similarities = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.float32)]
    for start in range(0, count, step):
        block = vectors[start : start + step] @ vectors.T
        rows = np.arange(len(block))
        block[rows, start + rows] = -np.inf
        if neighbours < count:
            bound = np.partition(block, count - neighbours, axis=1)[:, count - neighbours, None]
            block[block < bound] = -np.inf
        row, column = np.nonzero(block >= threshold)
        codes.append(np.minimum(row + start, column) * count + np.maximum(row + start, column))
        similarities.append(block[row, column])
    pairs, first = np.unique(np.concatenate(codes), return_index=True)
    values = np.concatenate(similarities)[first]
    for code, similarity in zip(pairs.tolist(), values.tolist(), strict=True):
        yield code // count, code % count, similarity


def _by_size(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number groups from the largest on; of equal ones, the one with the first face."""
    _, first, inverse, counts = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(counts), dtype=np.int64)
    rank[np.lexsort((first, -counts))] = np.arange(len(counts))
    return rank[inverse]
