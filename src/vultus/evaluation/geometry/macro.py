"""Macroscale: how far an attribute of people divides the embedding space, and how far it can be read from it.

Of each person one picture is taken. The distances between people who share a value of the attribute, and between
people who differ in it, are compared by the Kolmogorov-Smirnov statistic: 0 when the space does not know the attribute.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError, ShapeError
from vultus.evaluation.geometry.lattice import unit
from vultus.evaluation.geometry.probe import balanced_accuracy
from vultus.metrics.bootstrap import interval, multiplicities

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

FEWEST = 20  # people on each side of an attribute
_GRID = np.linspace(-1.0, 1.0, 101)
_BANDWIDTH = 0.1


@dataclass(frozen=True, slots=True)
class MacroTerms:
    """How dependence is measured.

    Attributes:
        people: of each value of an attribute, at most.
        repeats: draws of people for the intervals, and of labels for chance.
        seed: of all draws.
    """

    people: int = 500
    repeats: int = 100
    seed: int = 0


class Distances:
    """Sorted distances between people, so that any two kinds of pairs are compared in one pass.

    Args:
        vectors: one row per person, float32, (P, D).
    """

    def __init__(self, vectors: NDArray[np.floating]) -> None:
        rows = unit(vectors)
        left, right = np.triu_indices(len(rows), 1)
        order = np.argsort(1.0 - (rows @ rows.T)[left, right], kind="stable")
        self._left, self._right = left[order], right[order]

    def ks(self, side: NDArray[np.bool_], times: NDArray[np.integer] | None = None) -> tuple[float, float]:
        """Kolmogorov-Smirnov statistics of pairs within a side against pairs across.

        Args:
            side: who has the attribute, bool, (P,).
            times: how often each person counts, int, (P,); None counts everybody once.

        Returns:
            For those who have it, and for those who have not; NaN where there are no such pairs.
        """
        one, other = side[self._left], side[self._right]
        weight = np.ones(one.size) if times is None else (times[self._left] * times[self._right]).astype(np.float64)
        across = _cumulated(weight * (one != other))
        inside, outside = (_cumulated(weight * (one & other)), _cumulated(weight * ~(one | other)))
        return float(np.abs(inside - across).max()), float(np.abs(outside - across).max())


def entropies(labels: NDArray[np.float64], people: NDArray[np.int64]) -> tuple[float, float]:
    """How much an attribute varies inside people, and between them, in nats.

    Args:
        labels: 1 or -1, NaN where nobody knows; float64, (N,).
        people: who is on each picture; int64, (N,).

    Returns:
        Mean entropy of the labels of a person; entropy of the density of people's mean labels (Gaussian kernel of 0.1,
        101 points from -1 to 1).
    """
    known = np.isfinite(labels)
    codes = np.unique(people[known], return_inverse=True)[1]
    means = np.bincount(codes, labels[known]) / np.bincount(codes)
    share = (means + 1) / 2
    within = _surprise(np.stack([share, 1 - share])).sum(axis=0).mean()
    density = np.exp(-0.5 * ((_GRID[:, None] - means[None]) / _BANDWIDTH) ** 2).sum(axis=1)
    return float(within), float(_surprise(density / density.sum()).sum())


def spearman(first: NDArray[np.float64], second: NDArray[np.float64], seed: int = 0) -> tuple[float, float]:
    """Rank correlation, and the share of 10,000 shuffles that reach it on either side; NaN below 3 values.

    Args:
        first, second: float64, (N,).
        seed: of the shuffles.
    """
    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan"), float("nan")
    one, other = _standard(_mean_ranks(first)), _standard(_mean_ranks(second))
    rho = float(one @ other)
    random = np.random.default_rng(seed)
    shuffled = random.permuted(np.tile(other, (10_000, 1)), axis=1) @ one
    return rho, float((1 + (np.abs(shuffled) >= abs(rho) - 1e-12).sum()) / 10_001)


def macroscale(
    vectors: NDArray[np.floating],
    people: NDArray[np.int64],
    labels: Mapping[str, NDArray[np.float64]],
    terms: MacroTerms = MacroTerms(),
    progress: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Dependence of an embedding space on attributes of people.

    Args:
        vectors: embeddings, float, (N, D); of rows that are not finite only the labels count, for the entropies.
        people: who is on each picture; int64, (N,).
        labels: by attribute 1 or -1, NaN where nobody knows; float64, (N,).
        terms: how to measure.
        progress: called after each attribute.

    Returns:
        "attributes": rows; those with fewer than `FEWEST` people on a side only say so. "spearman": of KS with the
        entropies, over the attributes that were measured.

    Raises:
        ShapeError: lengths differ.
        InputError: there are no attributes.
    """
    if len(people) != len(vectors) or any(len(one) != len(vectors) for one in labels.values()):
        raise ShapeError("labels", f"one for each of {len(vectors)} embeddings", "another number")
    if not labels:
        raise InputError("a geometry of attributes needs at least one attribute")
    kept = np.isfinite(vectors).all(axis=1)
    rows = []
    for name, values in labels.items():
        rows.append({"attribute": name, **_dependence(vectors, people, values, kept, terms)})
        progress()
    measured = [row for row in rows if row["ks"] is not None]
    columns = {key: np.array([row[key] for row in measured]) for key in ("ks", "entropy_within", "entropy_between")}
    lines = {}
    for key in ("entropy_within", "entropy_between"):
        rho, p = spearman(columns["ks"], columns[key], terms.seed)
        lines[key] = {"rho": rho, "p": p, "attributes": len(measured)}
    return {"attributes": rows, "spearman": lines, "people": len(np.unique(people[kept])), "pictures": int(kept.sum())}


_NONE = ("ks", "low", "high", "ks_with", "ks_without", "ks_max", "by_chance", "probe", "probe_by_chance")


def _dependence(
    vectors: NDArray[np.floating],
    people: NDArray[np.int64],
    values: NDArray[np.float64],
    kept: NDArray[np.bool_],
    terms: MacroTerms,
) -> dict[str, Any]:
    """Everything about one attribute."""
    random = np.random.default_rng(terms.seed)
    within, between = entropies(values, people) if np.isfinite(values).any() else (float("nan"), float("nan"))
    chosen = _one_each(people, np.where(kept, values, np.nan), terms.people, random)
    side = values[chosen] > 0
    counts = {"with": int(side.sum()), "without": int((~side).sum())}
    head = {"entropy_within": within, "entropy_between": between, **counts}
    if min(counts.values()) < FEWEST:
        return {**head, **dict.fromkeys(_NONE), "remark": f"fewer than {FEWEST} people on a side"}
    pairs = Distances(vectors[chosen])
    ks = pairs.ks(side)
    draws = [pairs.ks(side, times) for times in multiplicities(len(side), terms.repeats, terms.seed)]
    low, high = interval(np.mean(draws, axis=1))
    chance = [float(np.mean(pairs.ks(random.permutation(side)))) for _ in range(terms.repeats)]
    rows = unit(vectors[chosen])
    return {
        **head, "ks": float(np.mean(ks)), "low": float(low), "high": float(high), "ks_with": ks[0],
        "ks_without": ks[1], "ks_max": max(ks), "by_chance": float(np.quantile(chance, 0.95)),
        "probe": balanced_accuracy(rows, side, seed=terms.seed),
        "probe_by_chance": balanced_accuracy(rows, random.permutation(side), seed=terms.seed),
        "remark": "" if np.mean(ks) > np.quantile(chance, 0.95) else "no more than shuffled labels give",
    }  # fmt: skip


def _one_each(
    people: NDArray[np.int64], values: NDArray[np.float64], most: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """One labelled picture of each person, at most so many of either label."""
    order = random.permutation(np.flatnonzero(np.isfinite(values)))
    order = order[np.sort(np.unique(people[order], return_index=True)[1])]
    sides = values[order] > 0
    return np.concatenate([order[sides][:most], order[~sides][:most]])


def _surprise(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """-p log p, 0 where p is 0."""
    return np.asarray(-share * np.log(np.where(share > 0, share, 1.0)), np.float64)


def _cumulated(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.cumsum(weight)
    return total / total[-1] if total.size and total[-1] else np.full(max(total.size, 1), np.nan)


def _mean_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[codes], np.float64)


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = values - values.mean()
    return np.asarray(centred / np.linalg.norm(centred), np.float64)
