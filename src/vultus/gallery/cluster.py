"""Who is with whom among faces nobody has named: average-link clustering that obeys what the user said.

Two groups are as similar as their faces are on average. The most similar two are joined first, until no two reach the
threshold. Groups with faces of one picture are never joined: nobody is twice in a photograph; nor are groups with two
faces that the user set apart. Faces that the user put together start as one group.

For unit vectors the average over all pairs of two groups is the product of the groups' sums, so a group needs no more
memory than its sum. It never rises above the better of the two averages before a join: what a group remembers as the
similarity of its best partner is an upper bound, and is looked at again only when its turn comes.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ConfigError, InputError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from vultus.types import Calibration

_BLOCK_NUMBERS = 16_000_000
SHARE = 0.15
_NONE = np.empty(0, dtype=np.int64)


def cluster(
    vectors: NDArray[np.float32],
    *,
    threshold: float | Callable[[int], float],
    pictures: Sequence[Hashable] | None = None,
    neighbours: int = 32,
    before: ArrayLike | None = None,
    together: ArrayLike = (),
    apart: ArrayLike = (),
    progress: Callable[[int], None] | None = None,
) -> NDArray[np.int64]:
    """Group faces by person.

    Memory grows with N * neighbours, time with the square of N, or with new faces times all. With neighbours >= N and
    nothing known the result is that of average linkage cut at the threshold. With fewer, a group is joined with one of
    its nearest only, and still no two that reach the threshold stay apart unless that is forbidden.

    Args:
        vectors: float32, (N, D), unit rows.
        threshold: lowest average cosine of two groups that are joined, -1 to 1; or what it is while there are so many
            groups, not falling with their number: then groups are joined until the threshold for their number stops it.
        pictures: which picture each face is in; None says that every face has its own.
        neighbours: most neighbours looked at per face at a time.
        before: groups so far, whole numbers (N,), -1 for none. They are never taken apart, and two of them joined only
            where a new face comes between or the user said so.
        together: pairs of faces that are one person whatever they look like, (K, 2); stronger than pictures.
        apart: pairs of faces that are two people, (K, 2).
        progress: called with the number of faces compared with all others, up to N, now and then.

    Returns:
        Group of each face, int64, (N,): 0 is the largest group, groups of one come last.

    Raises:
        ShapeError: vectors are not (N, D), before is not (N,) or pairs are not (K, 2).
        InputError: pictures are not N, pairs name faces that are not there, or two faces are together and apart.
        ConfigError: threshold or neighbours are out of range.
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    rule = threshold if callable(threshold) else lambda _: threshold
    _check(vectors, pictures, rule(len(vectors)), neighbours)
    count = len(vectors)
    start = _start(count, before, _as_pairs("together", together, count))
    rivals = _as_pairs("apart", apart, count)
    groups = _Groups(vectors, start, _forbidden(start, pictures, rivals), _settled(start, before))
    wanted = rule(groups.count())
    while groups.count():
        groups.settle(wanted, rule(groups.count() // 2), neighbours, progress)
        progress, was, wanted = None, wanted, rule(groups.count())
        if wanted >= was:
            break
    return _by_size(groups.labels())


def rate_for(calibration: Calibration, groups: int) -> float:
    """The false match rate of two faces that suits so many groups, as far as the calibration reaches.

    A group may resemble each other one by chance, so the rate must fall with their number. It is 0.15 per number of
    groups, chosen on three folds of LFW with 20 to 1,241 people (results/clustering.json); about as many groups come
    out as there are people.
    """
    return min(max(SHARE / max(groups, 1), calibration.smallest_fmr), calibration.points[0].fmr)


def follow(calibration: Calibration) -> Callable[[int], float]:
    """The threshold at `rate_for` so many groups: strangers among few people pass it more easily."""
    return lambda groups: calibration.threshold(rate_for(calibration, groups))


def keep_numbers(before: NDArray[np.int64], after: NDArray[np.int64], fresh: int) -> NDArray[np.int64]:
    """New groups under the numbers of the old ones they have most faces of.

    Each old number is given once, the largest overlap first; where two groups were joined, the one with more faces
    gives the number, of equal ones the older number.

    Args:
        before: group of each face, int64, (N,), -1 for none.
        after: the same, of any numbers.
        fresh: first number for groups that have none; counts up in the order of their first face.
    """
    _, first, after = np.unique(after, return_index=True, return_inverse=True)
    old = before >= 0
    codes, shared = np.unique(np.stack([after[old], before[old]], axis=1), axis=0, return_counts=True)
    out = np.full(len(first), -1, dtype=np.int64)
    taken: set[int] = set()
    for at in np.lexsort((codes[:, 1], -shared)).tolist():
        group, number = codes[at].tolist()
        if out[group] < 0 and number not in taken:
            out[group] = number
            taken.add(number)
    new = np.flatnonzero(out < 0)
    out[new[np.argsort(first[new])]] = fresh + np.arange(len(new))
    return out[after]


class _Groups:
    """Groups under construction. Of two that are joined one lives on; the other points to it.

    Args:
        vectors: float32, (N, D).
        start: group that each face begins in, 0 to G - 1 without gaps.
        forbidden: codes of the pictures and rivalries a group takes part in; groups that share one stay two.
        settled: groups that look for nobody, (G,); others may join them.
    """

    def __init__(
        self,
        vectors: NDArray[np.float32],
        start: NDArray[np.int64],
        forbidden: dict[int, set[int]],
        settled: NDArray[np.bool_],
    ) -> None:
        self._start, self._forbidden, self._settled = start, forbidden, settled
        self._threshold, self._floor = np.inf, np.inf
        self._sizes = np.bincount(start)
        n_groups = len(self._sizes)
        order = np.argsort(start, kind="stable")
        firsts = np.cumsum(self._sizes) - self._sizes
        self._sums = np.add.reduceat(vectors[order], firsts, axis=0) if n_groups else vectors
        self._parents = np.arange(n_groups)
        self._near: list[NDArray[np.int64]] = [_NONE] * n_groups
        # The most that the similarity to a neighbour can be who was not looked at, as far as the floor.
        self._unseen = np.full(n_groups, np.inf)

    def settle(
        self, threshold: float, floor: float, neighbours: int, progress: Callable[[int], None] | None = None
    ) -> None:
        """Join until nothing is left to join.

        A face may have all its nearest neighbours in its own group while a second group of the person lies farther off,
        so joined groups look for neighbours anew. Who has only forbidden ones among the nearest looks at more.

        Args:
            threshold: lowest similarity to join, not higher than at the last call.
            floor: neighbours are looked for down to here, so that a lower threshold needs no second look.
            neighbours: most neighbours looked at per group.
            progress: called with the number of faces that were compared with all others.
        """
        if threshold < self._floor:
            self._floor = min(floor, threshold)
            self._unseen[:] = np.inf
        self._threshold = threshold
        asking = self._living() & ~self._settled
        while asking.any():
            self._look(np.flatnonzero(self._open()), neighbours, progress)
            progress = None
            if not self._join_best(np.flatnonzero(asking)):
                neighbours *= 2
            asking = self._open()

    def count(self) -> int:
        """How many groups there are."""
        return int(np.count_nonzero(self._living()))

    def labels(self) -> NDArray[np.int64]:
        """Number of each face's group."""
        return self._find(np.arange(len(self._parents)))[self._start]

    def _living(self) -> NDArray[np.bool_]:
        living: NDArray[np.bool_] = self._parents == np.arange(len(self._parents))
        return living

    def _open(self) -> NDArray[np.bool_]:
        """Groups that may have neighbours at the threshold whom they have not looked at."""
        unfinished: NDArray[np.bool_] = self._living() & ~self._settled & (self._unseen >= self._threshold)
        return unfinished

    def _look(self, rows: NDArray[np.int64], neighbours: int, progress: Callable[[int], None] | None) -> None:
        """Find the nearest groups of these, by blocks."""
        self._unseen[rows] = -np.inf
        living = np.flatnonzero(self._living())
        means = self._sums[living] / self._sizes[living, None].astype(np.float32)
        places = np.searchsorted(living, rows)
        step = max(1, _BLOCK_NUMBERS // len(living))
        for start in range(0, len(rows), step):
            own = places[start : start + step]
            block = means[own] @ means.T
            block[np.arange(len(own)), own] = -np.inf
            found = block >= self._floor
            for at in np.flatnonzero(np.count_nonzero(found, axis=1) > neighbours).tolist():
                near = np.flatnonzero(found[at])
                near = near[np.argsort(-block[at, near], kind="stable")]
                found[at, near[neighbours:]] = False
                self._unseen[rows[start + at]] = block[at, near[neighbours]]
            line, column = np.nonzero(found)
            parts = np.split(living[column], np.searchsorted(line, np.arange(1, len(own))))
            for group, part in zip(rows[start : start + step].tolist(), parts, strict=True):
                self._near[group] = part
            if progress is not None:
                progress(len(self._start) - len(rows) + min(start + step, len(rows)))

    def _join_best(self, rows: NDArray[np.int64]) -> bool:
        """Join the two most similar groups again and again, one of them of these rows; was any joined?"""
        before = self.count()
        heap = [(-similarity, group) for group in rows.tolist()
                for similarity, other in [self._best(group)] if other >= 0]  # fmt: skip
        heapq.heapify(heap)
        while heap:
            bound, group = heapq.heappop(heap)
            if self._parents[group] != group:
                continue
            similarity, other = self._best(group)
            if other >= 0 and -similarity <= bound:
                self._join(group, other)
                similarity, other = self._best(group)
            if other >= 0:
                heapq.heappush(heap, (-similarity, group))
        return self.count() < before

    def _best(self, group: int) -> tuple[float, int]:
        """The most similar neighbour that may be joined, -1 for none; forgets who no longer reaches the floor."""
        near = np.unique(self._find(self._near[group]))
        near = near[near != group]
        averages = self._sums[near] @ self._sums[group] / (self._sizes[near] * self._sizes[group])
        self._near[group] = near[averages >= self._floor]
        reach = averages >= self._threshold
        near, averages = near[reach], averages[reach]
        mine = self._forbidden.get(group)
        for at in np.argsort(-averages, kind="stable").tolist():
            other = int(near[at])
            if mine is None or mine.isdisjoint(self._forbidden.get(other, ())):
                return float(averages[at]), other
        return -np.inf, -1

    def _join(self, group: int, other: int) -> None:
        """Let the other group go up in this one."""
        self._sums[group] += self._sums[other]
        self._sizes[group] += self._sizes[other]
        self._parents[other] = group
        self._near[group] = np.concatenate([self._near[group], self._near[other]])
        self._near[other] = _NONE
        self._unseen[group] = np.inf
        theirs = self._forbidden.pop(other, None)
        if theirs:
            self._forbidden.setdefault(group, set()).update(theirs)

    def _find(self, groups: NDArray[np.int64]) -> NDArray[np.int64]:
        """The living group that each of these is part of."""
        found = self._parents[groups]
        while (found != (above := self._parents[found])).any():
            found = above
        self._parents[groups] = found
        return found


def _check(
    vectors: NDArray[np.float32], pictures: Sequence[Hashable] | None, threshold: float, neighbours: int
) -> None:
    if vectors.ndim != 2:
        raise ShapeError("vectors", "(N, D)", str(vectors.shape))
    if pictures is not None and len(pictures) != len(vectors):
        raise InputError(f"there must be one picture per face, but there are {len(pictures)} for {len(vectors)} faces")
    if not -1 <= threshold <= 1:
        raise ConfigError(f"threshold must be a cosine from -1 to 1, but is {threshold:g}")
    if neighbours < 1:
        raise ConfigError(f"neighbours must be at least 1, but is {neighbours}")


def _start(count: int, before: ArrayLike | None, together: NDArray[np.int64]) -> NDArray[np.int64]:
    """Group each face begins in, from 0 on without gaps: alone, with its group so far, with whom the user put it."""
    groups = np.full(count, -1, dtype=np.int64) if before is None else np.asarray(before, dtype=np.int64)
    if groups.shape != (count,):
        raise ShapeError("before", f"({count},)", str(groups.shape))
    alone = groups < 0
    groups = np.unique(np.where(alone, groups.max(initial=0) + 1 + np.arange(count), groups), return_inverse=True)[1]
    parents = list(range(count))
    for pair in groups[together].tolist():
        low, high = sorted(_root(parents, group) for group in pair)
        parents[high] = low
    roots = np.array([_root(parents, group) for group in range(count)], dtype=np.int64)
    return np.unique(roots[groups], return_inverse=True)[1].astype(np.int64)


def _root(parents: list[int], at: int) -> int:
    while parents[at] != at:
        parents[at] = parents[parents[at]]
        at = parents[at]
    return at


def _settled(start: NDArray[np.int64], before: ArrayLike | None) -> NDArray[np.bool_]:
    """Which starting groups are groups of old and nothing else, (G,)."""
    n_groups = int(start.max(initial=-1)) + 1
    if before is None:
        return np.zeros(n_groups, dtype=bool)
    old = np.asarray(before, dtype=np.int64)
    lowest, highest = np.full(n_groups, np.iinfo(np.int64).max), np.full(n_groups, -1)
    np.minimum.at(lowest, start, old)
    np.maximum.at(highest, start, old)
    settled: NDArray[np.bool_] = (lowest == highest) & (lowest >= 0)
    return settled


def _forbidden(
    start: NDArray[np.int64], pictures: Sequence[Hashable] | None, apart: NDArray[np.int64]
) -> dict[int, set[int]]:
    """A code per picture with several groups and per pair set apart; the codes of each group that has some."""
    clash = np.flatnonzero(start[apart[:, 0]] == start[apart[:, 1]])
    if len(clash):
        one, other = apart[clash[0]]
        raise InputError(f"faces {one} and {other} are of one group and set apart; take one of the two back")
    shared: dict[Hashable, set[int]] = {}
    if pictures is not None:
        for picture, group in zip(pictures, start.tolist(), strict=True):
            shared.setdefault(picture, set()).add(group)
    sets = [groups for groups in shared.values() if len(groups) > 1]
    sets += [set(pair) for pair in start[apart].tolist()]
    codes: dict[int, set[int]] = {}
    for code, groups in enumerate(sets):
        for group in groups:
            codes.setdefault(group, set()).add(code)
    return codes


def _as_pairs(name: str, pairs: ArrayLike, count: int) -> NDArray[np.int64]:
    found = np.asarray(pairs, dtype=np.int64)
    if found.size == 0:
        return np.empty((0, 2), dtype=np.int64)
    if found.ndim != 2 or found.shape[1] != 2:
        raise ShapeError(name, "(K, 2)", str(found.shape))
    if found.min() < 0 or found.max() >= count:
        raise InputError(f"{name} must name faces from 0 to {count - 1}, but holds {found.min()} to {found.max()}")
    return found


def _by_size(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number groups from the largest on; of equal ones, the one with the first face."""
    _, first, inverse, counts = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(counts), dtype=np.int64)
    rank[np.lexsort((first, -counts))] = np.arange(len(counts))
    return rank[inverse]
