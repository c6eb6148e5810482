"""Thresholds from data: every comparison of different people, false match rates in 1-2-5 steps, intervals by subject.

The smallest rate is the one the rule of three supports, three per number of comparisons. Comparisons that share people
are not independent, so the interval of each threshold, which resamples people, says how far a point can be trusted.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.acquire import Acquired, Engine, acquire
from vultus.evaluation.impostors import Comparisons, count_impostor, highest_impostors, sampled_impostors
from vultus.metrics.bootstrap import interval, multiplicities
from vultus.metrics.verification import rule_of_three
from vultus.types import Calibration, CalibrationPoint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_LARGEST_FMR = 0.1
_KEEP = 4_000_000
_SMALL = 200_000
_NEAREST = 50


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationRun:
    """A calibration and how it came about.

    Attributes:
        calibration: thresholds.
        contract: of the embeddings it holds for.
        n_images: pictures given.
        fta: share of them without an acquired face; they make no comparisons.
        not_acquired: those pictures, with the reason.
        nearest: the closest pictures of different people, to be looked at: wrong labels come first here.
    """

    calibration: Calibration
    contract: str
    n_images: int
    fta: float
    not_acquired: tuple[tuple[str, str], ...]
    nearest: tuple[tuple[float, str, str], ...]


def fmr_steps(n_impostor: int) -> tuple[float, ...]:
    """False match rates 0.1, 0.05, 0.02, 0.01, ... down to the smallest that so many comparisons support.

    Raises:
        InputError: not even 0.1 is supported.
    """
    smallest = rule_of_three(n_impostor) if n_impostor > 0 else 1.0
    if smallest > _LARGEST_FMR:
        raise InputError(f"a calibration needs at least 30 impostor comparisons, but there are {n_impostor}")
    # Written as decimal text, so that each rate is the float nearest to its name.
    steps = [float(f"{digit}e-{power}") for power in range(1, 20) for digit in (5, 2, 1)]
    return tuple(step for step in steps if smallest * (1 - 1e-9) <= step <= _LARGEST_FMR)


def calibrate_vectors(
    vectors: NDArray[np.float32],
    subjects: NDArray[np.int64],
    dataset: str,
    *,
    name: str,
    contract: str = "",
    repeats: int = 1000,
    seed: int = 0,
) -> Calibration:
    """Calibrate on embeddings.

    Args:
        vectors: unit rows, float32, (N, D).
        subjects: person of each row, int, (N,).
        dataset: what was measured on, in words.
        name: short name that the calibration id begins with.
        contract: of the embeddings; goes into the digest.
        repeats: of the subject bootstrap.
        seed: of the bootstrap.

    Raises:
        InputError: too few comparisons, or one person only.
    """
    codes = np.unique(subjects, return_inverse=True)[1].astype(np.int64)
    tail = highest_impostors(vectors, codes, _KEEP)
    return _calibration(tail, vectors, codes, dataset, name, contract, repeats, seed)


def calibrate(
    engine: Engine,
    pictures: Sequence[Path],
    subjects: Sequence[str],
    dataset: str,
    *,
    name: str,
    repeats: int = 1000,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> CalibrationRun:
    """Calibrate an engine on pictures with known people.

    Args:
        engine: finds and embeds.
        pictures: files.
        subjects: who is on each of them.
        dataset: what it is, in words.
        name: short name that the calibration id begins with.
        repeats: of the subject bootstrap.
        seed: of the bootstrap.
        progress: called with the number of pictures done.

    Raises:
        InputError: counts differ, too few comparisons, or one person only.
    """
    got = acquire(engine, pictures, progress=progress)
    return calibrate_acquired(
        got, pictures, subjects, dataset, name=name, contract=engine.contract, repeats=repeats, seed=seed
    )


def calibrate_acquired(
    got: Acquired,
    pictures: Sequence[Path],
    subjects: Sequence[str],
    dataset: str,
    *,
    name: str,
    contract: str,
    repeats: int = 1000,
    seed: int = 0,
) -> CalibrationRun:
    """Calibrate on pictures that were embedded before; arguments as in `calibrate`.

    Raises:
        InputError: counts differ, too few comparisons, or one person only.
    """
    if not len(pictures) == len(subjects) == len(got.acquired):
        counts = f"{len(pictures)} pictures, {len(subjects)} subjects, {len(got.acquired)} embeddings"
        raise InputError(f"each picture needs a subject and an embedding: {counts}")
    files = [str(path) for path, there in zip(pictures, got.acquired, strict=True) if there]
    people = [person for person, there in zip(subjects, got.acquired, strict=True) if there]
    codes = np.unique(np.array(people, dtype=str), return_inverse=True)[1].astype(np.int64)
    vectors = got.vectors[got.acquired]
    tail = highest_impostors(vectors, codes, _KEEP)
    near = tail.first(_NEAREST)
    return CalibrationRun(
        calibration=_calibration(tail, vectors, codes, dataset, name, contract, repeats, seed),
        contract=contract,
        n_images=len(pictures),
        fta=got.fta,
        not_acquired=tuple((str(pictures[index]), reason) for index, reason in got.reasons.items()),
        nearest=tuple(
            (float(score), files[a], files[b]) for score, a, b in zip(near.scores, near.a, near.b, strict=True)
        ),
    )


def _calibration(
    tail: Comparisons,
    vectors: NDArray[np.float32],
    subjects: NDArray[np.int64],
    dataset: str,
    name: str,
    contract: str,
    repeats: int,
    seed: int,
) -> Calibration:
    sizes = np.bincount(subjects)
    steps = fmr_steps(tail.total)
    # The bootstrap looks beyond the threshold, so a rate needs twice its share of the comparisons in the tail.
    exact = [step for step in steps if 2 * step * tail.total <= tail.scores.size or tail.scores.size == tail.total]
    points = _points(tail, tail.total, exact, subjects, sizes, repeats, seed)
    rough = [step for step in steps if step not in exact]
    if rough:
        sample = sampled_impostors(vectors, subjects, _KEEP, seed)
        points = _points(sample, sample.scores.size, rough, subjects, sizes, repeats, seed) + points
    return named(name, dataset, contract, tail.total, int(np.count_nonzero(sizes)), _rising(points))


def _points(
    pairs: Comparisons,
    out_of: int,
    steps: Sequence[float],
    subjects: NDArray[np.int64],
    sizes: NDArray[np.int64],
    repeats: int,
    seed: int,
) -> tuple[CalibrationPoint, ...]:
    """Thresholds at the rates, and the interval of each over resampled people.

    Args:
        pairs: highest comparisons, or a sample of all.
        out_of: number of comparisons that they are the highest of.
        steps: rates, falling.
        subjects: person of each picture, (N,).
        sizes: pictures per person, (S,).
        repeats: of the bootstrap.
        seed: of the bootstrap.
    """
    if not steps:
        return ()
    # Twice what the largest rate needs keeps the repeats of many people inside; few people need all.
    kept = pairs.first(max(math.ceil(2 * max(steps) * out_of) + 1, _SMALL))
    left, right = subjects[kept.a], subjects[kept.b]
    target = np.array(steps)
    whole = _cut(kept.scores, np.arange(1, kept.scores.size + 1), target * out_of)
    rows = []
    for drawn in multiplicities(sizes.size, repeats, seed):
        mass = np.cumsum(drawn[left] * drawn[right], dtype=np.int64)
        if kept.scores.size < out_of:
            # The part of a repeat below the kept scores follows from the picture counts alone.
            total = _drawn_total(drawn, sizes) * out_of / count_impostor(sizes)
        else:
            total = float(mass[-1])
        if total > 0:
            rows.append(_cut(kept.scores, mass, target * total))
    low, high = interval(np.stack(rows))
    return tuple(
        CalibrationPoint(float(step), at, min(float(lower), at), max(float(upper), at))
        for step, at, lower, upper in zip(steps, map(_up, whole), map(_up, low), map(_up, high), strict=True)
    )


def _cut(scores: NDArray[np.float32], mass: NDArray[np.int64], allowed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smallest thresholds that let no more than the allowed mass of falling scores through."""
    index = np.searchsorted(mass, allowed * (1 + 1e-12) + 1e-9, side="right")
    inside = np.minimum(index, scores.size - 1)
    return np.where(index < scores.size, np.nextafter(scores[inside], np.float32(2)), -1.0).astype(np.float64)


def _drawn_total(drawn: NDArray[np.int64], sizes: NDArray[np.int64]) -> float:
    """Impostor comparisons of one repeat; copies of one person make none with each other."""
    each = (drawn * sizes).astype(np.float64)
    return float(each.sum() ** 2 - (each**2).sum()) / 2


def _up(threshold: float) -> float:
    """Rounded up to six decimals: short in a file, and never above the rate it stands for."""
    return math.ceil(float(threshold) * 1e6) / 1e6


def _rising(points: tuple[CalibrationPoint, ...]) -> tuple[CalibrationPoint, ...]:
    """Thresholds that never fall as the rate falls, which sampling noise between the two sources could break."""
    out: list[CalibrationPoint] = []
    for point in points:
        floor = out[-1] if out else point
        at = max(point.threshold, floor.threshold)
        out.append(CalibrationPoint(point.fmr, at, min(max(point.low, floor.low), at), max(point.high, at)))
    return tuple(out)


def named(
    name: str, dataset: str, contract: str, n_impostor: int, n_subjects: int, points: tuple[CalibrationPoint, ...]
) -> Calibration:
    """A calibration whose id ends in a digest of its content."""
    content = {
        "contract": contract,
        "dataset": dataset,
        "n_impostor": n_impostor,
        "n_subjects": n_subjects,
        "points": [asdict(point) for point in points],
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]
    return Calibration(f"{name}:{digest}", dataset, n_impostor, n_subjects, points)
