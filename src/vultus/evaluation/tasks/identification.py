"""One-to-many search: FNIR and FPIR at N, R and T, and the CMC, from candidate lists of any system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, UnsupportedTargetError
from vultus.evaluation.columns import Columns, numbered, read_columns
from vultus.evaluation.measured import Measure, Report
from vultus.metrics.bootstrap import subject_bootstrap
from vultus.metrics.identification import fnir, fpir, threshold_at_fpir
from vultus.metrics.verification import det_points, rule_of_thirty, rule_of_three

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NEEDED, OPTIONAL = ("search", "person", "enrolled", "candidate", "score"), ()
TARGETS = (1e-1, 1e-2, 1e-3, 1e-4)
RANKS = (1, 5, 10, 20)
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """Outcome of searches.

    Attributes:
        enrolled: whether the person searched for is in the gallery: a mated search; bool, (S,).
        mate: score of the mate, minus infinity where it is no candidate; float64, (S,).
        rank: of the mate, 1 is first; people who score the same are counted before it; int64, (S,).
        best: highest score of anybody, minus infinity without candidates; float64, (S,).
        person: who was searched for, int64, (S,).
        n_searched: number of those.
        n_people: in the gallery.
    """

    enrolled: NDArray[np.bool_]
    mate: NDArray[np.float64]
    rank: NDArray[np.int64]
    best: NDArray[np.float64]
    person: NDArray[np.int64]
    n_searched: int
    n_people: int
    warnings: tuple[str, ...] = ()

    def mated(self, rank: int, rows: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """Scores of the mates within the first candidates, minus infinity for the others; (M,)."""
        kept = self.enrolled if rows is None else rows[self.enrolled[rows]]
        return np.where(self.rank[kept] <= rank, self.mate[kept], -np.inf)

    def nonmated(self, rows: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """Best scores of the searches for somebody who is not enrolled, (U,)."""
        return self.best[~self.enrolled if rows is None else rows[~self.enrolled[rows]]]


@dataclass(frozen=True, slots=True)
class Terms:
    """How to evaluate.

    Attributes:
        targets: false positive identification rates; () for all powers of ten that the searches support.
        thresholds: to be judged as they are.
        rank: the mate must be among so many candidates (R).
        repeats: of the bootstrap.
        seed: of the bootstrap.
    """

    targets: tuple[float, ...] = ()
    thresholds: tuple[float, ...] = ()
    rank: int = 1
    repeats: int = 1000
    seed: int = 0


def read_searches(path: Path, n_people: int | None = None) -> Searched:
    """Read search,person,enrolled,candidate,score: a row per candidate; both empty for a search without candidates.

    Args:
        path: CSV file. `enrolled` is 1 where the person is in the gallery; `person` may be empty where it is not.
        n_people: in the gallery; None counts those who are named as candidates or enrolled.

    Raises:
        InputError: columns are missing, a value cannot be used, rows of a search contradict each other, or a candidate
            stands twice in one search.
    """
    columns = read_columns(path, NEEDED, OPTIONAL)
    scores, enrolled = columns.numbers("score", missing=True), columns.truths("enrolled")
    columns.unique("search", "candidate", what="candidate")
    searches, (search,) = numbered(columns.words("search"))
    first = np.unique(search, return_index=True)[1]
    person, candidate = columns.values["person"], columns.values["candidate"]
    _consistent(columns, search, first, enrolled)
    own = np.array([bool(a) and a == b for a, b in zip(person, candidate, strict=True)], dtype=bool)
    size = len(searches)
    mate, best = np.full(size, -np.inf), np.full(size, -np.inf)
    np.maximum.at(best, search, scores)
    np.maximum.at(mate, search[own], scores[own])
    rank = np.bincount(search, scores >= mate[search], size).astype(np.int64)
    # a search without a name is of somebody of its own
    who = [person[row] or f"\0{searches[number]}" for number, row in enumerate(first)]
    names, (codes,) = numbered(who)
    known = {one for one in candidate if one} | {person[row] for row in first if enrolled[row]}
    if n_people is not None and n_people < len(known):
        raise InputError(f"{path} names {len(known):,} people of the gallery, so it cannot hold {n_people:,}")
    return Searched(enrolled[first], mate, np.where(np.isneginf(mate), NEVER, rank), best, codes, len(names),
                    n_people or len(known), columns.unused_warning())  # fmt: skip


def _consistent(
    columns: Columns, search: NDArray[np.int64], first: NDArray[np.int64], enrolled: NDArray[np.bool_]
) -> None:
    person, candidate = columns.values["person"], columns.values["candidate"]
    for row, start in enumerate(first[search].tolist()):
        where = columns.line(row)
        if (person[row], enrolled[row]) != (person[start], enrolled[start]):
            raise InputError(f"{where}: person and enrolled differ from line {start + 2}, which is of the same search")
        if enrolled[row] and not person[row]:
            raise InputError(f"{where}: person is empty, but enrolled is 1; say who it is")
        if not enrolled[row] and person[row] and candidate[row] == person[row]:
            raise InputError(f"{where}: {person[row]} is a candidate, but enrolled is 0")


def evaluate_identification(searched: Searched, source: str, terms: Terms = Terms()) -> Report:
    """Measure searches.

    Raises:
        InputError: a rate is none, or there are no searches for enrolled people.
        UnsupportedTargetError: a rate that was asked for is below three per number of non-mated searches.
    """
    mated, nonmated = searched.mated(terms.rank), searched.nonmated()
    if not mated.size:
        raise InputError(f"{source} has no search for somebody who is enrolled; FNIR cannot be measured")
    targets = _targets(terms, nonmated.size)
    value = _figures(searched, terms, targets, None)

    def statistic(drawn: NDArray[np.int64]) -> list[float]:
        rows = np.repeat(np.arange(searched.person.size), drawn[searched.person])
        return _figures(searched, terms, targets, rows)

    low, high = subject_bootstrap(statistic, searched.n_searched, repeats=terms.repeats, seed=terms.seed)
    rows = list(zip(value, low.tolist(), high.tolist(), strict=True))
    measures = []
    for target, row in zip(targets, rows, strict=False):
        few = "" if target >= rule_of_thirty(nonmated.size) * (1 - 1e-9) else "fewer than 30 false positives: rough"
        at = threshold_at_fpir(nonmated, target)
        measures.append(Measure("fnir", f"fpir {target:g}, rank {terms.rank}", *row, threshold=at, remark=few))
    rest = iter(rows[len(targets) :])
    for at in terms.thresholds:
        measures.append(Measure("fnir", f"threshold {at:g}, rank {terms.rank}", *next(rest), threshold=at))
        if nonmated.size:
            measures.append(Measure("fpir", f"threshold {at:g}", *next(rest), threshold=at))
    words = "share of mated searches whose mate is among the first, at no threshold"
    measures += [Measure("cmc", f"rank {rank}", *next(rest), remark=words) for rank in RANKS]
    sizes = {"searches": searched.best.size, "mated": mated.size, "nonmated": nonmated.size,
             "people": searched.n_people, "people_searched": searched.n_searched,
             "without_candidates": int(np.isneginf(searched.best).sum())}  # fmt: skip
    return Report("identification", source, sizes, tuple(measures), _curves(searched, terms.rank),
                  (*searched.warnings, *_warnings(targets, nonmated.size)))  # fmt: skip


def _targets(terms: Terms, n_nonmated: int) -> tuple[float, ...]:
    smallest = rule_of_three(n_nonmated) if n_nonmated else np.inf
    for rate in terms.targets:
        if not 0 < rate < 1:
            raise InputError(f"a false positive identification rate lies between 0 and 1, not at {rate:g}")
        if rate < smallest * (1 - 1e-9):
            why = f"there are only {n_nonmated:,} non-mated searches (rule of three)"
            raise UnsupportedTargetError("FPIR", rate, float(smallest), why)
    return terms.targets or tuple(rate for rate in TARGETS if rate >= smallest * (1 - 1e-9))


def _figures(
    searched: Searched, terms: Terms, targets: tuple[float, ...], rows: NDArray[np.int64] | None
) -> list[float]:
    mated, nonmated = searched.mated(terms.rank, rows), searched.nonmated(rows)
    n_rates = len(terms.thresholds) * (2 if searched.nonmated().size else 1)
    if not mated.size or (not nonmated.size and searched.nonmated().size):
        return [np.nan] * (len(targets) + n_rates + len(RANKS))
    out = [fnir(mated, threshold_at_fpir(nonmated, target)) for target in targets]
    for at in terms.thresholds:
        out.append(fnir(mated, at))
        if nonmated.size:
            out.append(fpir(nonmated, at))
    ranks = searched.rank[searched.enrolled if rows is None else rows[searched.enrolled[rows]]]
    return [*out, *(float(np.mean(ranks <= rank)) for rank in RANKS)]


def _curves(searched: Searched, rank: int) -> dict[str, dict[str, list[float]]]:
    ranks = searched.rank[searched.enrolled]
    found = ranks[ranks < NEVER]
    deepest = int(np.clip(found.max(initial=1), max(RANKS), 100))
    share = np.cumsum(np.bincount(np.minimum(found, deepest + 1), minlength=deepest + 2)[1:-1]) / ranks.size
    curves = {"cmc": {"rank": list(map(float, range(1, deepest + 1))), "share": share.tolist()}}
    if searched.nonmated().size:
        curve = det_points(searched.mated(rank), searched.nonmated(), 400)
        curves["det"] = {"threshold": curve.threshold.tolist(), "fpir": curve.fmr.tolist(), "fnir": curve.fnmr.tolist()}
    return curves


def _warnings(targets: tuple[float, ...], n_nonmated: int) -> tuple[str, ...]:
    if not n_nonmated:
        return ("no search is for somebody who is not enrolled: FPIR cannot be measured, and ranks alone flatter",)
    return ("thresholds at an fpir were chosen on the searches that they are judged by",) if targets else ()
