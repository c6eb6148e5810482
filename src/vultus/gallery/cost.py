"""What a change of model does to recognition, measured before it is made: true match rates at one false match rate.

Scores are cosines of different pictures. A map is judged on people it was fitted without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.metrics.bootstrap import Rate, pair_weights, subject_bootstrap
from vultus.metrics.verification import fmr, fnmr, rule_of_three, threshold_at_fmr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vultus.gallery.staging import Both

    Rows = NDArray[np.float32]

FMR_TARGET = 0.01
_REPEATS = 200
_MOST_GENUINE, _MOST_IMPOSTOR = 10_000, 30_000


@dataclass(frozen=True, slots=True)
class Cost:
    """True match rates at a false match rate of `FMR_TARGET`, each at its own threshold.

    Attributes:
        old: templates of the old model among themselves.
        new: templates of the new model among themselves: the best that moving can come to.
        mapped: mapped old templates against new ones; None where there is no map.
        mapped_fmr: false match rate of these at the threshold of `new`: whether the new model's thresholds still hold.
        n_people, n_faces: measured on.
        n_genuine, n_impostor: comparisons.
    """

    old: Rate
    new: Rate
    mapped: Rate | None
    mapped_fmr: float | None
    n_people: int
    n_faces: int
    n_genuine: int
    n_impostor: int


def measure(both: Both, mapped: Rows | None = None, *, seed: int = 0) -> Cost | None:
    """Compare the models on faces that both have embedded; None where these are too few to say anything.

    Args:
        both: the faces; those of unknown people, whose numbers are negative, are left out.
        mapped: each old template mapped by a map that has not seen its person, float32, (N, D2).
        seed: of the comparisons drawn, where there are very many, and of the interval.
    """
    known = both.people >= 0
    old, new, people = both.old[known], both.new[known], np.unique(both.people[known], return_inverse=True)[1]
    genuine, impostor = _comparisons(people, np.random.default_rng(seed))
    # Both orders of two faces are compared, and say the same of one model.
    if len(genuine) == 0 or len(impostor) == 0 or rule_of_three(len(impostor) // 2) > FMR_TARGET:
        return None
    sides = [(old, old), (new, new)] if mapped is None else [(old, old), (new, new), (mapped[known], new)]
    scores = [(_cosines(*side, genuine), _cosines(*side, impostor)) for side in sides]
    rates = _rates(scores, genuine, impostor, people, seed)
    at = threshold_at_fmr(scores[1][1], FMR_TARGET)
    return Cost(
        old=rates[0],
        new=rates[1],
        mapped=None if mapped is None else rates[2],
        mapped_fmr=None if mapped is None else fmr(scores[2][1], at),
        n_people=int(people.max()) + 1,
        n_faces=len(people),
        n_genuine=len(genuine),
        n_impostor=len(impostor),
    )


def _comparisons(people: NDArray[np.int64], random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Genuine and impostor comparisons (P, 2) in both orders; drawn where there are very many."""
    order = np.argsort(people, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(people[order])) + 1)
    parts = [np.stack(np.meshgrid(group, group), axis=-1).reshape(-1, 2) for group in groups if len(group) > 1]
    genuine = np.concatenate(parts) if parts else np.zeros((0, 2), dtype=np.int64)
    genuine = genuine[genuine[:, 0] != genuine[:, 1]]
    if len(genuine) > _MOST_GENUINE:
        genuine = genuine[random.choice(len(genuine), _MOST_GENUINE, replace=False)]
    count = len(people)
    if count**2 <= 4 * _MOST_IMPOSTOR:
        pairs = np.stack(np.meshgrid(np.arange(count), np.arange(count)), axis=-1).reshape(-1, 2)
    else:
        pairs = random.integers(count, size=(2 * _MOST_IMPOSTOR, 2))
    pairs = pairs[people[pairs[:, 0]] != people[pairs[:, 1]]]
    if len(pairs) > _MOST_IMPOSTOR:
        pairs = pairs[random.choice(len(pairs), _MOST_IMPOSTOR, replace=False)]
    return genuine, pairs


def _cosines(one: Rows, two: Rows, pairs: NDArray[np.int64]) -> Rows:
    return np.asarray(np.einsum("pd,pd->p", one[pairs[:, 0]], two[pairs[:, 1]]), dtype=np.float32)


def _rates(
    scores: Sequence[tuple[Rows, Rows]],
    genuine: NDArray[np.int64],
    impostor: NDArray[np.int64],
    people: NDArray[np.int64],
    seed: int,
) -> list[Rate]:
    """The true match rate of each pair of sides, with an interval by resampling people."""
    # Sorted once: repeats differ in their weights only.
    orders = [np.argsort(-differ, kind="stable") for _, differ in scores]

    def statistic(drawn: NDArray[np.int64]) -> list[float]:
        mated, other = (pair_weights(drawn, people[part[:, 0]], people[part[:, 1]]) for part in (genuine, impostor))
        if not mated.any() or not other.any():
            return [np.nan] * len(scores)
        rates = []
        for (same, differ), order in zip(scores, orders, strict=True):
            mass = np.cumsum(other[order])
            refused = np.searchsorted(mass, FMR_TARGET * mass[-1], side="right")
            rates.append(float(mated[same > differ[order[refused]]].sum() / mated.sum()))
        return rates

    values = [1 - fnmr(same, threshold_at_fmr(differ, FMR_TARGET)) for same, differ in scores]
    try:
        low, high = subject_bootstrap(statistic, int(people.max()) + 1, repeats=_REPEATS, seed=seed)
    except InputError:
        low, high = np.zeros(len(values)), np.ones(len(values))
    return [Rate(value, float(below), float(above)) for value, below, above in zip(values, low, high, strict=True)]
