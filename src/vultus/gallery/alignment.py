"""Affine maps from one embedding space into another, fitted on faces that both models have embedded.

The systems differ, the people do not: a network trained to tell faces apart arranges them much as any other does, up to
a turn, a stretch and a shift. Maps are solved in float64 and applied in float32.

A map that makes the squared error small also draws its answers towards the mean, the more so the less it knows. In a
space where faces point in a common direction, that makes strangers look alike and spoils every threshold measured in
it. So answers are stretched until faces that the map has not seen are as far from the mean as true ones are.
Source: Rubab, Tong, Ross, "Are Face Embeddings Compatible Across Deep Neural Network Models?", arXiv 2604.07282; the
stretch is ours (docs/decisions/0017-maps-are-stretched.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import ConfigError, InputError, ShapeError, UnknownNameError
from vultus.metrics.rows import unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    Reals = NDArray[np.float64]

METHODS = ("procrustes", "least_squares", "ridge", "low_rank")
STRENGTHS = tuple(10.0**power for power in np.arange(-4, 3.5, 0.5).tolist())
FOLDS = 5
_SMALL = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """A map between two embedding spaces; made by `fit`.

    Attributes:
        method: one of `METHODS`.
        setting: strength of the ridge, in mean variances of the source; the rank of "low_rank"; else 0.
        weight: float64, (D1, D2), with the stretch in it.
        source_mean: float64, (D1,), taken away before.
        target_mean: float64, (D2,), added after.
        stretch: how much longer answers were made.
        n_pairs: faces it was fitted on.
    """

    method: str
    setting: float
    weight: Reals
    source_mean: Reals
    target_mean: Reals
    stretch: float
    n_pairs: int

    def apply(self, vectors: ArrayLike) -> NDArray[np.float32]:
        """Vectors of the first space (N, D1) as unit rows of the second, float32, (N, D2).

        Raises:
            ShapeError: they are of another length, or not finite.
        """
        rows = np.asarray(vectors, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != len(self.weight):
            raise ShapeError("vectors", f"(N, {len(self.weight)})", str(rows.shape))
        if not np.isfinite(rows).all():
            raise ShapeError("vectors", "finite", "not finite")
        weight, shift = self.weight.astype(np.float32), self.target_mean.astype(np.float32)
        return unit((rows - self.source_mean.astype(np.float32)) @ weight + shift)


def fit(
    source: ArrayLike,
    target: ArrayLike,
    method: str = "ridge",
    *,
    people: Sequence[Any] | None = None,
    setting: float | None = None,
) -> Alignment:
    """Fit a map on faces that both models embedded.

    Args:
        source, target: unit rows of the same faces in both spaces, (N, D1) and (N, D2).
        method: "procrustes" (a turn; between spaces of different length one that keeps lengths as far as it can),
            "least_squares", "ridge" (least squares that mistrusts directions it has seen little of) or "low_rank" (a
            turn between the directions that vary most).
        people: who is on each face; settings are chosen, and the stretch measured, on people left out. None says that
            every face is of another person.
        setting: strength or rank; None chooses it.

    Raises:
        UnknownNameError: no such method.
        ShapeError: the rows do not belong together, are fewer than two, or are not finite.
        ConfigError: the setting is out of range.
    """
    if method not in METHODS:
        raise UnknownNameError("method", method, METHODS, f"Known: {', '.join(METHODS)}")
    first, second = _pairs(source, target)
    folds = list(_folds(_codes(people, len(first))))
    if setting is None:
        setting = _chosen(first, second, method, folds)
    _check_setting(method, setting, min(first.shape[1], second.shape[1]))
    means, solve = _prepared(first, second, method)
    stretch = _stretch([_predicted(first, second, out, method, setting) for out in folds])
    return Alignment(method, setting, solve(setting) * stretch, means[0], means[1], stretch, len(first))


def held_out(
    source: ArrayLike, target: ArrayLike, method: str = "ridge", *, people: Sequence[Any] | None = None
) -> NDArray[np.float32]:
    """Each face mapped by a map that was fitted without its person; unit rows, float32, (N, D2).

    Raises:
        ShapeError, UnknownNameError: as `fit`.
    """
    first, second = _pairs(source, target)
    codes = _codes(people, len(first))
    mapped = np.empty(second.shape, dtype=np.float32)
    for out in _folds(codes):
        kept = ~out
        mapped[out] = fit(first[kept], second[kept], method, people=codes[kept].tolist()).apply(first[out])
    return mapped


def _pairs(source: ArrayLike, target: ArrayLike) -> tuple[Reals, Reals]:
    first, second = np.asarray(source, dtype=np.float64), np.asarray(target, dtype=np.float64)
    for name, rows in (("source", first), ("target", second)):
        if rows.ndim != 2 or len(rows) < 2:
            raise ShapeError(name, "(N, D) with at least 2 rows", str(rows.shape))
        if not np.isfinite(rows).all():
            raise ShapeError(name, "finite", "not finite")
    if len(first) != len(second):
        raise ShapeError("target", f"of as many rows as the source ({len(first)})", f"of {len(second)}")
    return first, second


def _codes(people: Sequence[Any] | None, count: int) -> NDArray[np.int64]:
    if people is None:
        return np.arange(count, dtype=np.int64)
    if len(people) != count:
        raise ShapeError("people", f"one per face ({count})", f"{len(people)}")
    codes = np.unique(np.asarray(people), return_inverse=True)[1].astype(np.int64)
    if codes.max() == 0:
        raise InputError("a map needs faces of at least 2 people, but these are all of one")
    return codes


def _folds(codes: NDArray[np.int64]) -> Iterator[NDArray[np.bool_]]:
    """Which faces are left out, fold by fold; nobody is in two folds. The same people give the same folds."""
    count = int(codes.max()) + 1
    parts = min(FOLDS, count)
    part = np.random.default_rng(0).permutation(count) % parts
    for number in range(parts):
        out = part[codes] == number
        # A map needs two faces.
        if (~out).sum() >= 2:
            yield out


def _check_setting(method: str, setting: float, most: int) -> None:
    if method == "ridge" and not (np.isfinite(setting) and setting >= 0):
        raise ConfigError(f"the strength of a ridge must be 0 or more, but is {setting:g}")
    if method == "low_rank" and not 1 <= setting <= most:
        raise ConfigError(f"the rank must lie between 1 and {most}, but is {setting:g}")


def _chosen(first: Reals, second: Reals, method: str, folds: Sequence[NDArray[np.bool_]]) -> float:
    """The setting whose answers come nearest to the truth, by their direction, on people left out."""
    settings: Sequence[float] = (0.0,)
    if method == "ridge":
        settings = STRENGTHS
    elif method == "low_rank":
        most = min(*first.shape, second.shape[1])
        settings = sorted({float(max(1, most * part // 8)) for part in range(1, 9)})
    if len(settings) == 1 or not folds:
        return settings[len(settings) // 2]
    closeness = np.zeros(len(settings))
    for out in folds:
        (centre, goal), solve = _prepared(first[~out], second[~out], method)
        given, truth = first[out] - centre, second[out] - goal
        lengths = np.linalg.norm(truth, axis=1)
        for at, setting in enumerate(settings):
            guess = given @ solve(setting)
            both = np.maximum(np.linalg.norm(guess, axis=1) * lengths, _SMALL)
            closeness[at] += float(((guess * truth).sum(axis=1) / both).sum())
    return settings[int(closeness.argmax())]


def _predicted(first: Reals, second: Reals, out: NDArray[np.bool_], method: str, setting: float) -> tuple[Reals, Reals]:
    """Answers for faces left out and the truth, both about the mean, without a stretch."""
    (centre, goal), solve = _prepared(first[~out], second[~out], method)
    return (first[out] - centre) @ solve(setting), second[out] - goal


def _prepared(first: Reals, second: Reals, method: str) -> tuple[tuple[Reals, Reals], Callable[[float], Reals]]:
    """The means, and what gives the weights for a setting; what settings have in common is done once."""
    means = first.mean(axis=0), second.mean(axis=0)
    return means, _SOLVERS[method](first - means[0], second - means[1])


def _procrustes(first: Reals, second: Reals) -> Callable[[float], Reals]:
    weight = _turn(first.T @ second)
    return lambda _: weight


def _least_squares(first: Reals, second: Reals) -> Callable[[float], Reals]:
    weight = np.asarray(np.linalg.lstsq(first, second, rcond=None)[0], dtype=np.float64)
    return lambda _: weight


def _ridge(first: Reals, second: Reals) -> Callable[[float], Reals]:
    values, vectors = np.linalg.eigh(first.T @ first)
    cross = vectors.T @ (first.T @ second)

    def solve(setting: float) -> Reals:
        if setting == 0:
            return _least_squares(first, second)(0.0)
        kept = np.maximum(values, 0) + setting * values.mean() + _SMALL
        return np.asarray(vectors @ (cross / kept[:, None]), dtype=np.float64)

    return solve


def _low_rank(first: Reals, second: Reals) -> Callable[[float], Reals]:
    # Eigenvectors come in rising order.
    one, two = (np.linalg.eigh(rows.T @ rows)[1][:, ::-1] for rows in (first, second))
    cross = one.T @ (first.T @ second) @ two

    def solve(setting: float) -> Reals:
        rank = int(setting)
        return np.asarray(one[:, :rank] @ _turn(cross[:rank, :rank]) @ two[:, :rank].T, dtype=np.float64)

    return solve


def _turn(cross: Reals) -> Reals:
    left, _, right = np.linalg.svd(cross, full_matrices=False)
    return np.asarray(left @ right, dtype=np.float64)


_SOLVERS: dict[str, Callable[[Reals, Reals], Callable[[float], Reals]]] = {
    "procrustes": _procrustes,
    "least_squares": _least_squares,
    "ridge": _ridge,
    "low_rank": _low_rank,
}


def _stretch(answers: Sequence[tuple[Reals, Reals]]) -> float:
    """How much shorter than the truth answers are, about the mean; 1 where nobody could be left out."""
    guess, truth = (float(sum(np.linalg.norm(pair[side], axis=1).sum() for pair in answers)) for side in (0, 1))
    return truth / guess if guess > _SMALL else 1.0
