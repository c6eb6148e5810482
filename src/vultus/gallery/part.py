"""People whose templates lie in one matrix, and the search among them.

A block of rows is scored at once, exactly (a product in float32) or coarsely (`kernel.Integers`). Scores are sifted:
what cannot be among the `top` best, by what has been found so far and by how wrong a score can be, is never looked at
again. The rest is compared one by one in float32, always by the same sum, so that both ways give the same answer.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from vultus.gallery.kernel import GROUP, Integers, Terms, at_least, blocks_of, groups_of, processors, product

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ids = NDArray[np.int64]
    Mask = NDArray[np.bool_]

Kernel = Literal["auto", "float32", "int8"]
KERNELS: tuple[Kernel, ...] = ("auto", "float32", "int8")
_MANY_ROWS = 65_536  # from here on a coarse copy is worth its making, once as many probes have come:
_MANY_PROBES = 32
_BLOCK_SCORES = 2**20
_BLOCK_ROWS = 131_072
_ALONE_ROWS = 262_144  # of a block, where there is a single probe
_GATHERED = 8  # one in so many rows may pass a filter for them to be copied together
_COARSE_SCORES = 2**23  # of a block and some probes: 32 MB
_FEW_ROWS = 64  # of a block are compared later, with those of other blocks
_SLACK = 1e-5  # of a similarity: two ways of adding up in float32 differ by less


class Best:
    """The most similar people of one probe so far.

    Attributes:
        bound: nobody below this similarity can be one of them.
    """

    def __init__(self, probe: Floats, top: int) -> None:
        self.probe, self.top = probe, top
        self.bound = -np.inf
        # Rows that have to be compared yet; few at a time are not worth a call of their own.
        self.waiting: list[NDArray[np.int64]] = []
        self.similarities = np.zeros(0, dtype=np.float32)
        self.person_ids, self.rows, self.parts = (np.zeros(0, dtype=np.int64) for _ in range(3))
        self._lock = threading.Lock()

    def take(self, similarities: Floats, person_ids: NDArray[np.integer[Any]], rows: Ids, part: int) -> None:
        """Take in rows of a part; each person stays with the best one, of equal ones the first."""
        with self._lock:
            good = similarities >= self.bound
            similarities = np.concatenate([self.similarities, similarities[good]])
            person_ids = np.concatenate([self.person_ids, person_ids[good]])
            rows = np.concatenate([self.rows, rows[good]])
            parts = np.append(self.parts, np.full(len(rows) - len(self.parts), part))
            order = np.lexsort((rows, person_ids, -similarities))
            # A person's first place in this order is the best one.
            _, first = np.unique(person_ids[order], return_index=True)
            kept = order[np.sort(first)[: self.top]]
            self.similarities, self.person_ids = similarities[kept], person_ids[kept]
            self.rows, self.parts = rows[kept], parts[kept]
            if len(kept) == self.top:
                self.bound = max(self.bound, float(self.similarities[-1]))

    def expect(self, similarity: float) -> None:
        """There are as many people as are asked for who reach a similarity."""
        with self._lock:
            self.bound = max(self.bound, min(similarity, 1.0))


class Numbers:
    """Ascending numbers, packed: of a million people they take nothing if none is left out, and else 1 to 4 MB."""

    def __init__(self, numbers: Ids) -> None:
        self._first, self._count = (int(numbers[0]) if len(numbers) else 0), len(numbers)
        left_out = numbers - np.arange(self._first, self._first + self._count)
        most = int(left_out.max(initial=0))
        self._left_out = left_out.astype(np.min_scalar_type(most)) if most else None

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, at: Ids) -> Ids:
        return self._first + (at if self._left_out is None else at + self._left_out[at].astype(np.int64))

    def all(self) -> Ids:
        """Every number; int64."""
        return self[np.arange(self._count)]


class Part:
    """People whose templates lie in one matrix; nothing in it ever changes.

    Args:
        names: of the people.
        person_ids: their numbers, ascending; int64, (P,).
        starts: row of each person's first template; int64, (P,).
        rows, offsets: `probe @ row + offset` is a similarity; float32, (n, D) and (n,). No offsets: all are 0.
        face_ids: int64, (n,); None where a row is no single face.
        kernel: "float32", "int8" or, by size, "auto".
    """

    def __init__(
        self,
        names: Sequence[str],
        person_ids: Ids,
        starts: Ids,
        rows: Floats,
        offsets: Floats | None = None,
        face_ids: Ids | None = None,
        kernel: Kernel = "auto",
    ) -> None:
        self.person_ids = Numbers(person_ids)
        self.names = names
        self.rows, self.offsets, self.face_ids = rows, offsets, face_ids
        # One template each, as is most common, needs no list of where they start.
        self.starts = None if len(person_ids) == len(rows) else starts
        self.kernel = kernel
        self._integers: list[Integers] = []
        self._n_asked = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.person_ids)

    def counts(self) -> Ids:
        """Rows of each person."""
        if self.starts is None:
            return np.ones(len(self), dtype=np.int64)
        return np.diff(np.append(self.starts, len(self.rows)))

    def people_of(self, rows: Ids) -> Ids:
        """Whose rows these are, as places in `names`."""
        return rows if self.starts is None else np.searchsorted(self.starts, rows, side="right") - 1

    def rows_of(self, people: Ids) -> Ids:
        """The rows of some people, one person's next to each other."""
        if self.starts is None:
            return people
        firsts = self.starts[people]
        counts = np.append(self.starts, len(self.rows))[people + 1] - firsts
        return np.repeat(firsts - (np.cumsum(counts) - counts), counts) + np.arange(int(counts.sum()))

    def search(self, best: Sequence[Best], passing: Mask | None, number: int) -> None:
        """Look for the most similar people of some probes.

        Args:
            best: one for each probe; takes what is found.
            passing: who may be found, (P,); None for everybody.
            number: of this part.
        """
        if not best or len(self) == 0:
            return
        if passing is not None and _GATHERED * np.count_nonzero(passing) <= len(self):
            self.compare(best, np.flatnonzero(passing), number)
            return
        hidden = None
        if passing is not None:
            hidden = ~passing if self.starts is None else np.repeat(~passing, self.counts())
        integers = self._coarse_copy(len(best))
        if integers is None:
            self._scan_exactly(best, hidden, number)
            return
        n_probes = max(1, _COARSE_SCORES // integers.block_rows)
        for at in range(0, len(best), n_probes):
            self._scan_coarsely(integers, best[at : at + n_probes], hidden, number)

    def compare(self, best: Sequence[Best], people: Ids, number: int) -> None:
        """Compare probes with some people only, by places in `names`, ascending; see `search`."""
        rows, probes, terms = self.rows_of(people), np.stack([one.probe for one in best]), _exactly(len(best))
        for block in _blocks(len(rows), len(best)):
            some = rows[block]
            scores = probes @ self.rows[some].T
            if self.offsets is not None:
                scores += self.offsets[some]
            self._sift(best, scores, terms, some, number)
        self._settle(best, number)

    def _scan_exactly(self, best: Sequence[Best], hidden: Mask | None, number: int) -> None:
        probes, terms = np.stack([one.probe for one in best]), _exactly(len(best))
        alone = len(best) == 1 and len(self.rows) >= _MANY_ROWS
        blocks = blocks_of(len(self.rows), _ALONE_ROWS) if alone else _blocks(len(self.rows), len(best))

        def scan(at: int) -> None:
            block = blocks[at]
            scores = product(probes, self.rows[block]) if alone else probes @ self.rows[block].T
            if self.offsets is not None:
                scores += self.offsets[block]
            if hidden is not None:
                scores[:, hidden[block]] = _hidden(scores.dtype)
            self._sift(best, scores, terms, block.start, number)

        if alone:
            each(scan, len(blocks))
        else:
            for at in range(len(blocks)):
                scan(at)
        self._settle(best, number)

    def _scan_coarsely(self, integers: Integers, best: Sequence[Best], hidden: Mask | None, number: int) -> None:
        coarse = integers.coarse(np.stack([one.probe for one in best]))

        def scan(at: int) -> None:
            block = slice(*integers.bounds[at : at + 2])
            scores: NDArray[Any] = integers.scores(at, coarse.levels, passing=True)
            terms = coarse.terms
            if self.offsets is not None:
                scores, terms = _with_offsets(scores, coarse.terms, self.offsets[block])
            hide = _hidden(scores.dtype)
            scores[:, block.stop - block.start :] = hide
            if hidden is not None:
                scores[:, np.flatnonzero(hidden[block])] = hide
            self._sift(best, scores, terms, block.start, number)

        each(scan, len(integers.bounds) - 1)
        self._settle(best, number)

    def _sift(self, best: Sequence[Best], scores: NDArray[Any], terms: Terms, rows: Ids | int, number: int) -> None:
        """Compare those whose score (Q, n) says that they may be among the best.

        Args:
            best: one for each probe.
            scores: of some rows; the lowest number of its kind hides a row.
            terms: what a score means.
            rows: of the columns, or the first of them.
            number: of this part.
        """
        if scores.shape[1] % GROUP:
            scores = np.pad(scores, ((0, 0), (0, -scores.shape[1] % GROUP)), constant_values=_hidden(scores.dtype))
        largest = groups_of(scores)
        least = _least(scores.dtype)

        def look(at: int, bound: float, few: int) -> None:
            columns = at_least(scores[at], largest[at], max(bound, least))
            found = columns + rows if isinstance(rows, int) else rows[columns]
            if len(found) > few:
                self._take(best[at], found, number)
            else:
                best[at].waiting.append(found)

        alone = len(best) == 1 and self.starts is None
        for at, one in enumerate(best):
            if one.bound == -np.inf:
                seed, known = _seed(largest[at], one.top, alone=alone)
                if not known:
                    look(at, seed, 0)
                elif seed >= least:
                    one.expect(terms.least(at, seed))
        bounds = terms.scores([one.bound for one in best])
        few = range(1) if len(best) == 1 else np.flatnonzero(largest.max(axis=1) >= bounds).tolist()
        for at in few:
            look(at, float(bounds[at]), _FEW_ROWS)

    def _settle(self, best: Sequence[Best], number: int) -> None:
        """Compare the rows that have been waiting."""
        for one in best:
            if one.waiting:
                self._take(one, np.concatenate(one.waiting), number)
                one.waiting.clear()

    def _take(self, one: Best, rows: Ids, number: int) -> None:
        one.take(self.similarities(one.probe, rows), self.person_ids[self.people_of(rows)], rows, number)

    def similarities(self, probe: Floats, rows: Ids) -> Floats:
        """Of a probe (D,) to some rows; the same number for the same row, whatever the others are."""
        found: Floats = np.einsum("nd,d->n", self.rows[rows], probe)
        return np.minimum(found if self.offsets is None else found + self.offsets[rows], np.float32(1))

    def _coarse_copy(self, n_probes: int) -> Integers | None:
        """The coarse copy where it is wanted and worth it; made by one thread while others go on without."""
        if self.kernel == "float32" or (self.kernel == "auto" and len(self.rows) < _MANY_ROWS):
            return None
        self._n_asked += n_probes
        wanted = self.kernel == "int8" or (self._n_asked >= _MANY_PROBES and not self._lock.locked())
        if not self._integers and wanted:
            with self._lock:
                self._integers = self._integers or [Integers(self.rows)]
        return self._integers[0] if self._integers else None


def each(run: Callable[[int], None], count: int) -> None:
    """Call with 0 to `count` - 1, on all processors this process may use; the thread that calls takes its part."""
    todo = iter(range(count))

    def work() -> None:
        for at in todo:
            run(at)

    n_helpers = min(processors(), count) - 1
    helpers = [_workers(os.getpid()).submit(work) for _ in range(n_helpers)] if n_helpers > 0 else []
    try:
        work()
    finally:
        # Whoever has not begun yet would find nothing to do.
        begun = [helper for helper in helpers if not helper.cancel()]
        wait(begun)
    for helper in begun:
        helper.result()


@lru_cache(maxsize=1)
def _workers(process: int) -> ThreadPoolExecutor:
    """Threads of this process; a forked one has none of its parent's."""
    return ThreadPoolExecutor(max(1, processors() - 1), thread_name_prefix="vultus-scan")


def _blocks(n_rows: int, n_probes: int) -> list[slice]:
    """Rows whose scores are made at once; whole groups, but for the last."""
    step = max(GROUP, min(_BLOCK_ROWS, _BLOCK_SCORES // n_probes) // GROUP * GROUP)
    return [slice(at, min(at + step, n_rows)) for at in range(0, n_rows, step)]


def _exactly(n_probes: int) -> Terms:
    return Terms(np.ones(n_probes), np.zeros(n_probes), np.full(n_probes, _SLACK))


def _with_offsets(scores: NDArray[np.int32], terms: Terms, offsets: Floats) -> tuple[Floats, Terms]:
    """Scores as similarities without their base, with the offsets of their rows."""
    wide = scores.astype(np.float32)
    wide *= terms.step[:, None].astype(np.float32)
    wide[:, : len(offsets)] += offsets
    return wide, Terms(np.ones(len(terms.step)), terms.base, terms.slack)


@cache
def _hidden(kind: np.dtype[Any]) -> float:
    """The score of a row that must not be found."""
    return -np.inf if kind.kind == "f" else int(np.iinfo(kind).min)


@cache
def _least(kind: np.dtype[Any]) -> float:
    """The lowest score of a row that may be found."""
    return float(np.finfo(kind).min) if kind.kind == "f" else int(np.iinfo(kind).min) + 1


def _seed(largest: NDArray[Any], top: int, *, alone: bool) -> tuple[float, bool]:
    """A score that is reached by as many rows as people are asked for, and True; or by a few more, and False.

    Args:
        largest: of each group.
        top: so many people are asked for.
        alone: each row is another person's, so that rows need not be looked at to count people.
    """
    known = alone and len(largest) >= top
    wanted = top if known else min(2 * top + 16, len(largest))
    return float(np.partition(largest, len(largest) - wanted)[len(largest) - wanted]), known
