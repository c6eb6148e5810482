"""Error rates of groups of people at the thresholds of a calibration: within-group impostors, intervals by person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.columns import header_of, read_columns
from vultus.evaluation.impostors import count_impostor, highest_impostors
from vultus.evaluation.measured import finite
from vultus.metrics.bootstrap import interval, multiplicities, pair_weights
from vultus.metrics.verification import rule_of_three
from vultus.weights.calibration import GroupPoint, GroupRates

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.types import Calibration

Groups = Mapping[str, Mapping[str, str]]
_KEEP = 4_000_000
_REPEATS = 200


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Comparisons of one kind within a group, highest first; those below every threshold may be left out.

    Attributes:
        scores: falling, (K,).
        left, right: person on either side, (K,).
        total: how much all comparisons weigh, given how often each person is drawn.
        size: how many comparisons there are.
    """

    scores: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    total: Callable[[NDArray[np.int64]], float]
    size: int

    def above(self, drawn: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.float64]:
        """Share of the comparisons that are among the first so many; NaN where nobody is drawn."""
        weight = pair_weights(drawn, self.left, self.right)
        mass = np.concatenate([[0], np.cumsum(weight)])[places]
        total = self.total(drawn)
        return np.asarray(mass / total if total > 0 else np.full(places.size, np.nan))


def read_groups(path: Path) -> Groups:
    """Read person and a column per attribute; an empty cell is unknown.

    Returns:
        By attribute, the group of each person who has one.

    Raises:
        InputError: there is no column person or no other, or a person stands there twice.
    """
    attributes = [name for name in header_of(path) if name != "person"]
    if not attributes:
        raise InputError(f"{path} must have the column person and at least one more, such as gender")
    columns = read_columns(path, ("person", *attributes))
    columns.unique("person", what="person")
    people = columns.words("person")
    return {
        name: {who: label for who, label in zip(people, columns.values[name], strict=True) if label}
        for name in attributes
    }


def of_list(
    scores: NDArray[np.float64], same: NDArray[np.bool_], left: NDArray[np.int64], right: NDArray[np.int64],
    people: Sequence[str], groups: Groups, calibration: Calibration, *, repeats: int = _REPEATS, seed: int = 0,
) -> tuple[tuple[GroupRates, ...], tuple[str, ...]]:  # fmt: skip
    """Rates from listed comparisons.

    Args:
        scores: (P,).
        same: one person or two, (P,).
        left, right: number of the person on either side, (P,).
        people: their names.
        groups: as `read_groups` gives them.
        calibration: its thresholds are judged.
        repeats: of the bootstrap.
        seed: of the bootstrap.

    Returns:
        Rates of each group, and warnings.
    """

    def pairs(member: NDArray[np.bool_], kind: bool) -> _Pairs:
        rows = np.flatnonzero(member[left] & member[right] & (same == kind))
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        a, b = left[rows], right[rows]
        return _Pairs(scores[rows], a, b, lambda drawn: float(pair_weights(drawn, a, b).sum()), rows.size)

    return _all(pairs, people, groups, calibration, repeats, seed)


def of_vectors(
    vectors: NDArray[np.float32], person: NDArray[np.int64], people: Sequence[str], groups: Groups,
    calibration: Calibration, *, repeats: int = _REPEATS, seed: int = 0,
) -> tuple[tuple[GroupRates, ...], tuple[str, ...]]:  # fmt: skip
    """Rates from embeddings, every one with every other; arguments as in `of_list`, unit rows (N, D)."""

    def pairs(member: NDArray[np.bool_], kind: bool) -> _Pairs:
        rows = np.flatnonzero(member[person])
        who, inside = person[rows], vectors[rows]
        if kind:
            return _own(inside, who)
        sizes = np.bincount(who, minlength=len(people))
        total = count_impostor(sizes)
        if not total:
            return _Pairs(np.empty(0), who[:0], who[:0], lambda drawn: 0.0, 0)
        tail = highest_impostors(inside, who, _KEEP)

        def weighs(drawn: NDArray[np.int64]) -> float:
            each = (drawn * sizes).astype(np.float64)
            return float(each.sum() ** 2 - (each**2).sum()) / 2

        return _Pairs(tail.scores.astype(np.float64), who[tail.a], who[tail.b], weighs, total)

    return _all(pairs, people, groups, calibration, repeats, seed)


def _own(vectors: NDArray[np.float32], who: NDArray[np.int64]) -> _Pairs:
    """All comparisons of one person with itself."""
    scores, owner = [np.empty(0, np.float32)], [np.empty(0, np.int64)]
    for one in np.unique(who):
        mine = vectors[who == one]
        found = (mine @ mine.T)[np.triu_indices(len(mine), 1)]
        scores.append(found)
        owner.append(np.full(found.size, one))
    flat, people = np.concatenate(scores).astype(np.float64), np.concatenate(owner)
    order = np.argsort(-flat, kind="stable")
    held = people[order]
    return _Pairs(flat[order], held, held, lambda drawn: float(drawn[held].sum()), flat.size)


def _all(
    pairs: Callable[[NDArray[np.bool_], bool], _Pairs], people: Sequence[str], groups: Groups, calibration: Calibration,
    repeats: int, seed: int,
) -> tuple[tuple[GroupRates, ...], tuple[str, ...]]:  # fmt: skip
    out, warnings = [], []
    for attribute, home in groups.items():
        labels = np.array([home.get(name, "") for name in people], dtype=np.str_)
        unknown = int((labels == "").sum())
        if unknown == labels.size:
            raise InputError(f"nobody of the {labels.size} people has a group of {attribute}: are the names the same?")
        if unknown:
            warnings.append(f"{unknown} of {labels.size} people have no group of {attribute}")
        for group in sorted(set(home.values())):
            member = labels == group
            if member.sum() < 2:
                count = f"{int(member.sum())} of the people" if member.any() else "nobody"
                warnings.append(f"{attribute} {group}: {count} is in it, so nothing can be compared within it")
                continue
            found = _rates(pairs(member, False), pairs(member, True), member, calibration, repeats, seed)
            if not found[0]:
                warnings.append(f"{attribute} {group}: too few comparisons within it for any rate")
            out.append(GroupRates(attribute, group, int(member.sum()), *found[1:], found[0]))
    return tuple(out), tuple(warnings)


def _rates(
    impostor: _Pairs, genuine: _Pairs, member: NDArray[np.bool_], calibration: Calibration, repeats: int, seed: int
) -> tuple[tuple[GroupPoint, ...], int, int]:
    """A point at each power of ten that the group's own comparisons support, and how many comparisons there are."""
    smallest = rule_of_three(impostor.size) * (1 - 1e-9) if impostor.size else np.inf
    kept = [point for point in calibration.points if point.fmr >= smallest and _is_power_of_ten(point.fmr)]
    # what the tail does not reach down to is not known
    floor = -np.inf if impostor.scores.size == impostor.size else float(impostor.scores[-1])
    kept = [point for point in kept if point.threshold > floor]
    if not kept:
        return (), impostor.size, genuine.size
    thresholds = np.array([point.threshold for point in kept])
    places = [np.searchsorted(-side.scores, -thresholds, side="right") for side in (impostor, genuine)]

    def figures(drawn: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.stack([impostor.above(drawn, places[0]), 1.0 - genuine.above(drawn, places[1])])

    inside = np.flatnonzero(member)
    value = figures(np.ones(member.size, dtype=np.int64))
    rows = []
    for times in multiplicities(inside.size, repeats, seed):
        drawn = np.zeros(member.size, dtype=np.int64)
        drawn[inside] = times
        rows.append(figures(drawn))
    low, high = interval(np.nan_to_num(np.stack(rows), nan=float("inf")))
    points = tuple(
        GroupPoint(point.fmr, *(_plain(side[kind, number]) for kind in (0, 1) for side in (value, low, high)))
        for number, point in enumerate(kept)
    )
    return points, impostor.size, genuine.size


def _is_power_of_ten(rate: float) -> bool:
    return bool(abs(np.log10(rate) - np.rint(np.log10(rate))) < 1e-9)


def _plain(rate: float) -> float | None:
    """A rate with six significant digits, None where there is none."""
    return finite(float(f"{rate:.6g}"))
