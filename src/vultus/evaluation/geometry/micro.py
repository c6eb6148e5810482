"""Microscale: does an embedding follow an attribute in the same direction from one picture to the next?

Leroy, Mastropietro, Nurisso, Vaccarino, "Attributes Shape the Embedding Space of Face Recognition Models", ICML 2025.
At each picture an attribute moves the embedding into some direction. The energy is how little the directions at
neighbouring pictures of one person agree, 1 - cosine on average. Near 0 the model follows the attribute; near 1 it has
no direction for it: the model is invariant to it. It does not change when all embeddings are scaled or turned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.geometry.lattice import field_of
from vultus.metrics.bootstrap import interval, multiplicities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vultus.evaluation.geometry.lattice import Field, Lattice, Person

    Rows = NDArray[np.float32]

_BLOCK = 1024
_FALLS = 0.1  # energy that a step of double length takes away, when the short one drowned in noise
_STILL = 1e-5  # a step below it, in units of the embedding's length, is what float32 rounds


@dataclass(frozen=True, slots=True)
class Terms:
    """How energies are measured.

    Attributes:
        neighbours: pictures of the same person that a picture is compared with.
        radius: of the ball that is looked at as well, in mean distances of two pictures of the person.
        repeats: draws of people for the intervals.
        seed: of all draws.
        with_self: a picture counts as its own neighbour, as in the authors' ball; lowers every energy.
    """

    neighbours: int = 10
    radius: float = 0.5
    repeats: int = 1000
    seed: int = 0
    with_self: bool = field(default=False, kw_only=True)


def nearest(at: Rows, count: int, *, with_self: bool = False) -> NDArray[np.int64]:
    """The most similar rows of each row.

    Args:
        at: unit rows, float32, (P, D).
        count: how many; at most P - 1, with itself P.
        with_self: a row may be its own neighbour.

    Returns:
        int64, (P, K).

    Raises:
        InputError: there is no other row.
    """
    count = min(count, len(at) - (not with_self))
    if count < 1 or len(at) < 2:
        raise InputError(f"neighbours need at least 2 pictures of a person, but there is {len(at)}")
    out = np.empty((len(at), count), np.int64)
    for start in range(0, len(at), _BLOCK):
        similar = at[start : start + _BLOCK] @ at.T
        if not with_self:
            similar[np.arange(len(similar)), start + np.arange(len(similar))] = -np.inf
        out[start : start + _BLOCK] = np.argpartition(-similar, count - 1, axis=1)[:, :count]
    return out


def strangers(size: int, count: int, seed: int) -> NDArray[np.int64]:
    """Neighbours drawn by chance, never the row itself; int64, (P, K)."""
    random = np.random.default_rng(seed)
    rows = np.arange(size)[:, None]
    return np.asarray((rows + random.integers(1, size, size=(size, min(count, size - 1)))) % size, np.int64)


def energy(along: Rows, near: NDArray[np.int64]) -> float:
    """Mean of 1 - cosine between the directions at each picture and at its neighbours.

    Args:
        along: unit rows or zeros, float32, (P, D); where nothing moved, the cosine counts as 0.
        near: rows of the neighbours, int64, (P, K).
    """
    total = 0.0
    for start in range(0, len(along), _BLOCK):
        part = near[start : start + _BLOCK]
        total += float(np.einsum("pd,pkd->", along[start : start + len(part)], along[part], dtype=np.float64))
    return 1.0 - total / near.size


def ball_energy(at: Rows, along: Rows, radius: float, *, with_self: bool = False) -> float:
    """The same with all pictures within a radius as neighbours.

    Args:
        at: unit rows, float32, (P, D).
        along: unit rows or zeros, float32, (P, D).
        radius: in mean cosine distances of two rows.
        with_self: a picture lies in its own ball.

    Returns:
        The mean over pictures that have a neighbour; NaN when none has.
    """
    size, middle = len(at), at.sum(axis=0, dtype=np.float64)
    reach = radius * (1.0 - (float(middle @ middle) - size) / max(size * (size - 1), 1))
    means = []
    for start in range(0, size, _BLOCK):
        here = slice(start, start + _BLOCK)
        near = 1.0 - at[here] @ at.T <= reach
        itself = start + np.arange(len(near))
        near[np.arange(len(near)), itself] = with_self
        agree = np.where(near, along[here] @ along.T, 0.0).sum(axis=1)
        if with_self:  # even where nothing moved, a picture agrees with itself
            agree += 1.0 - np.einsum("pd,pd->p", along[here], along[here])
        count = near.sum(axis=1)
        means.append(1.0 - agree[count > 0] / count[count > 0])
    kept = np.concatenate(means)
    return float(kept.mean()) if kept.size else float("nan")


def gravity(moved: Field) -> float:
    """Mean cosine between the direction of an attribute and that to the middle of the person's pictures."""
    home = moved.at.mean(axis=0) - moved.at
    length = np.linalg.norm(home, axis=1)
    cosine = np.einsum("pd,pd->p", moved.along, home) / np.maximum(length, 1e-12)
    return float(cosine.mean())


def between(person: Person, attributes: Sequence[str]) -> NDArray[np.float64]:
    """Mean of 1 - cosine between the directions of two attributes at the same pictures.

    Returns:
        float64, (A, A); NaN where two attributes share no picture, or one of them moves nothing.
    """
    fields = [(person.curves[name].points, field_of(person, name).along) for name in attributes]
    out = np.full((len(fields), len(fields)), np.nan)
    for row, (points, along) in enumerate(fields):
        for column, (others, across) in enumerate(fields):
            _, left, right = np.intersect1d(points, others, return_indices=True)
            if left.size and along.any() and across.any():
                out[row, column] = 1.0 - float(np.einsum("pd,pd->p", along[left], across[right]).mean())
    return out


def microscale(lattice: Lattice, terms: Terms = Terms()) -> dict[str, Any]:
    """Energies of every attribute, with intervals over resampled people and the ranking of invariances.

    Args:
        lattice: embeddings, person by person.
        terms: how to measure.

    Returns:
        "attributes": rows in the order of the lattice, rank 1 being the most invariant, None where nothing moved;
        "between": means over people.

    Raises:
        InputError: somebody has too few pictures.
    """
    names = lattice.attributes
    each = [[_measured(person, name, terms) for name in names] for person in lattice.people]
    table = {key: np.array([[one[key] for one in row] for row in each]) for key in each[0][0]}
    table["energy"][:, (table["length"] == 0).all(axis=0)] = np.nan  # nothing happened: neither followed nor ignored
    draws = np.stack(list(multiplicities(len(each), terms.repeats, terms.seed))) / len(each) @ table["energy"]
    low, high = interval(draws)
    places = _ranks(draws)
    rank_low, rank_high = interval(places)
    mean = {key: values.mean(axis=0) for key, values in table.items() if key != "ball"}
    mean["ball"] = np.array([np.nanmean(one) if np.isfinite(one).any() else np.nan for one in table["ball"].T])
    rank = _ranks(mean["energy"][None])[0]
    rows = []
    for number, name in enumerate(names):
        row = {key: float(values[number]) for key, values in mean.items()}
        moves = bool(np.isfinite(row["energy"]))
        rows.append({
            "attribute": name, "rank": int(rank[number]) if moves else None,
            "rank_low": int(rank_low[number]) if moves else None,
            "rank_high": int(rank_high[number]) if moves else None,
            "energy": row["energy"], "low": float(low[number]), "high": float(high[number]),
            **{key: row[key] if moves else float("nan") for key in ("ball", "by_chance", "half_step", "gravity")},
            "length": row["length"],
            "pictures": int(sum(len(person.curves[name].rows) for person in lattice.people)),
            "remark": _remark(row),
        })  # fmt: skip
    matrices = np.stack([between(person, names) for person in lattice.people])
    counts = np.isfinite(matrices).sum(axis=0)
    across = np.where(counts > 0, np.nansum(matrices, axis=0) / np.maximum(counts, 1), np.nan)
    return {"system": lattice.name, "people": len(lattice.people), "attributes": rows, "between": across.tolist()}


def _measured(person: Person, attribute: str, terms: Terms) -> dict[str, float]:
    """Everything about one attribute of one person."""
    moved = field_of(person, attribute)
    near = nearest(moved.at, terms.neighbours, with_self=terms.with_self)
    return {
        "energy": energy(moved.along, near),
        "ball": ball_energy(moved.at, moved.along, terms.radius, with_self=terms.with_self),
        "by_chance": energy(moved.along, strangers(len(near), near.shape[1], terms.seed)),
        "half_step": energy(moved.half, near),
        "gravity": gravity(moved),
        "length": float(moved.length.mean()),
        "size": float(np.linalg.norm(person.vectors[person.curves[attribute].rows[:, 1]], axis=1).mean()),
    }


def _ranks(energies: NDArray[np.float64]) -> NDArray[np.int64]:
    """1 for the largest energy of each row, and so on; what has none comes last."""
    return np.asarray(np.argsort(np.argsort(-energies, axis=1, kind="stable"), axis=1) + 1, np.int64)


def _remark(row: dict[str, float]) -> str:
    """What makes an energy of this row mean less than it seems."""
    if row["length"] == 0:
        return "the attribute changes nothing in these embeddings"
    if row["length"] < _STILL * row["size"]:
        return "the step is so small that rounding decides: take larger steps"
    if row["half_step"] - row["energy"] > _FALLS:
        return "half a step has a larger energy: noise hides a direction, larger steps show more of it"
    return ""
