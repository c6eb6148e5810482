"""All comparisons of different people, by blocks: counts, the highest scores, and a sample of all.

A hundred thousand pictures make five thousand million comparisons, so only the tail that decides a threshold is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_BLOCK = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """Some of the impostor comparisons, highest score first.

    Attributes:
        scores: cosine, float32, (K,).
        a, b: picture on either side, int32, (K,).
        total: number of impostor comparisons there are.
    """

    scores: NDArray[np.float32]
    a: NDArray[np.int32]
    b: NDArray[np.int32]
    total: int

    def first(self, count: int) -> Comparisons:
        """The `count` highest of them."""
        return Comparisons(self.scores[:count], self.a[:count], self.b[:count], self.total)


def count_impostor(sizes: ArrayLike) -> int:
    """Number of comparisons of different people, from the number of pictures per person, (S,)."""
    size = np.asarray(sizes, dtype=np.int64)
    return int(size.sum() ** 2 - (size**2).sum()) // 2


def highest_impostors(vectors: NDArray[np.float32], subjects: NDArray[np.int64], keep: int) -> Comparisons:
    """The `keep` highest impostor scores of all pairs, exactly.

    Args:
        vectors: unit rows, float32, (N, D).
        subjects: person of each row, int, (N,).
        keep: how many to keep.

    Raises:
        InputError: all rows are of one person.
    """
    _check(vectors, subjects)
    total = count_impostor(np.unique(subjects, return_counts=True)[1])
    if total == 0:
        raise InputError("impostor comparisons need pictures of at least two people")
    held: list[tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]] = []
    n_held, floor = 0, -np.inf
    for top in range(0, len(vectors), _BLOCK):
        for left in range(top, len(vectors), _BLOCK):
            part = _block(vectors, subjects, top, left, floor)
            held.append(part)
            n_held += part[0].size
            if n_held > 2 * keep + _BLOCK * _BLOCK:
                held = [_cut(held, keep)]
                n_held, floor = held[0][0].size, float(held[0][0].min())
    scores, a, b = _cut(held, keep)
    order = np.argsort(-scores, kind="stable")
    return Comparisons(scores[order], a[order], b[order], total)


def sampled_impostors(
    vectors: NDArray[np.float32], subjects: NDArray[np.int64], count: int, seed: int = 0
) -> Comparisons:
    """About `count` impostor comparisons drawn evenly with replacement, highest first."""
    _check(vectors, subjects)
    random = np.random.default_rng(seed)
    parts = []
    for start in range(0, count, _BLOCK * _BLOCK):
        size = min(_BLOCK * _BLOCK, count - start)
        a = random.integers(len(vectors), size=size, dtype=np.int32)
        b = random.integers(len(vectors), size=size, dtype=np.int32)
        differ = subjects[a] != subjects[b]
        a, b = a[differ], b[differ]
        scores = np.concatenate(
            [
                np.einsum("pd,pd->p", vectors[a[at : at + _BLOCK]], vectors[b[at : at + _BLOCK]])
                for at in range(0, a.size, _BLOCK)
            ]
            or [np.empty(0, np.float32)]
        )
        parts.append((scores.astype(np.float32), a, b))
    scores, a, b = _joined(parts)
    order = np.argsort(-scores, kind="stable")
    return Comparisons(scores[order], a[order], b[order], count_impostor(np.unique(subjects, return_counts=True)[1]))


def _check(vectors: NDArray[np.float32], subjects: NDArray[np.int64]) -> None:
    if vectors.ndim != 2 or vectors.dtype != np.float32:
        raise ShapeError("vectors", "float32 (N, D)", f"{vectors.dtype} {vectors.shape}")
    if subjects.shape != vectors.shape[:1]:
        raise ShapeError("subjects", f"of shape ({len(vectors)},)", f"of shape {subjects.shape}")
    if not np.isfinite(vectors).all():
        raise ShapeError("vectors", "finite (leave out the pictures without a face)", "not finite")


def _block(
    vectors: NDArray[np.float32], subjects: NDArray[np.int64], top: int, left: int, floor: float
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]:
    rows, columns = slice(top, top + _BLOCK), slice(left, left + _BLOCK)
    scores = vectors[rows] @ vectors[columns].T
    wanted = (subjects[rows, None] != subjects[None, columns]) & (scores >= floor)
    if top == left:
        wanted &= np.triu(np.ones(scores.shape, dtype=bool), 1)
    row, column = np.nonzero(wanted)
    return scores[row, column], (row + top).astype(np.int32), (column + left).astype(np.int32)


def _joined(
    parts: list[tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]],
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]:
    scores, a, b = (np.concatenate(column) for column in zip(*parts, strict=True))
    return scores, a, b


def _cut(
    parts: list[tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]], keep: int
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]:
    scores, a, b = _joined(parts)
    if scores.size <= keep:
        return scores, a, b
    best = np.argpartition(scores, scores.size - keep)[scores.size - keep :]
    return scores[best], a[best], b[best]
