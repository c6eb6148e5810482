"""LFW View 2 pairs: nothing dropped, a face that is not found counts as a non-match.

Scored the ten-fold way (each fold at the threshold that is best on the others; the shared copy has five folds) and as
true match rate at fixed false match rates, each with an interval over resampled people.
"""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError, ShapeError
from vultus.evaluation.acquire import Engine, acquire, calibration_of
from vultus.metrics.bootstrap import Rate, pair_weights, subject_bootstrap
from vultus.metrics.verification import FoldMatchRate, eer, fmr, fnmr, fold_match_rate, rule_of_three, threshold_at_fmr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.types import Calibration

FMR_TARGETS = (1e-2, 1e-3)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pictures and the pairs to compare.

    Attributes:
        images: files.
        identities: who is on each of them.
        a, b: picture index on both sides, int64, (P,).
        same: one person or two, bool, (P,).
        fold: fold of each pair, int64, (P,).
    """

    images: tuple[Path, ...]
    identities: tuple[str, ...]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    same: NDArray[np.bool_]
    fold: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MatchRate:
    """True match rate at the smallest threshold that keeps the false match rate of these pairs on its target."""

    fmr_target: float
    threshold: float
    tmr: Rate


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """Error rates at a threshold that was chosen elsewhere."""

    fmr_target: float
    threshold: float
    fmr: float
    tmr: float


@dataclass(frozen=True, slots=True)
class WrongPair:
    """A pair decided wrongly; the score is None when a face was not found."""

    image1: str
    image2: str
    same: bool
    score: float | None


@dataclass(frozen=True, slots=True)
class PairsResult:
    """Result on the pairs.

    Attributes:
        n_images, n_pairs: all of them, none dropped.
        fta: share of the pictures without an acquired face.
        n_fta_pairs: pairs with such a picture: non-matches.
        folds: the ten-fold way; `folds_rate` is its mean with the interval.
        match_rates: TMR at fixed FMR.
        calibrated: what the engine's own thresholds do on these pairs.
        eer: equal error rate, a summary.
        wrong: pairs decided wrongly the ten-fold way.
    """

    n_images: int
    n_pairs: int
    fta: float
    n_fta_pairs: int
    folds: FoldMatchRate
    folds_rate: Rate
    match_rates: tuple[MatchRate, ...]
    calibrated: tuple[AtThreshold, ...]
    eer: float
    wrong: tuple[WrongPair, ...]


def read_pairs(folder: Path) -> Pairs:
    """Read `images.csv` (image, identity) and `pairs.csv` (fold, image1, image2, same) beside the folder `images`.

    Raises:
        InputError: a file or column is missing, or a pair names an unknown picture.
    """
    images = read_table(folder / "images.csv", ("image", "identity"))
    pairs = read_table(folder / "pairs.csv", ("fold", "image1", "image2", "same"))
    index = {row["image"]: number for number, row in enumerate(images)}
    unknown = next((row[key] for row in pairs for key in ("image1", "image2") if row[key] not in index), None)
    if unknown is not None:
        raise InputError(f"{folder / 'pairs.csv'} names {unknown}, which is not in images.csv")
    if not pairs:
        raise InputError(f"{folder / 'pairs.csv'} has no pairs")
    return Pairs(
        images=tuple(folder / "images" / row["image"] for row in images),
        identities=tuple(row["identity"] for row in images),
        a=np.array([index[row["image1"]] for row in pairs], dtype=np.int64),
        b=np.array([index[row["image2"]] for row in pairs], dtype=np.int64),
        same=np.array([row["same"] == "1" for row in pairs], dtype=bool),
        fold=np.array([int(row["fold"]) for row in pairs], dtype=np.int64),
    )


def read_table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a CSV file that must have the columns.

    Raises:
        InputError: the file or a column is missing.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            rows = list(reader)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    if missing:
        raise InputError(f"{path} lacks the column {', '.join(missing)}")
    return rows


def score_pairs(
    pairs: Pairs,
    scores: NDArray[np.float32],
    *,
    fta: float = 0.0,
    calibrated: Sequence[tuple[float, float]] = (),
    repeats: int = 1000,
    seed: int = 0,
) -> PairsResult:
    """Error rates of scores, higher being more alike.

    Args:
        pairs: what was compared.
        scores: one per pair, minus infinity where a face was not found, float32, (P,).
        fta: share of the pictures without an acquired face.
        calibrated: (FMR, threshold) chosen elsewhere, to be checked here.
        repeats: of the subject bootstrap.
        seed: of the bootstrap.

    Raises:
        ShapeError: not one score per pair.
    """
    if scores.shape != pairs.a.shape:
        raise ShapeError("scores", f"of shape {pairs.a.shape}", f"of shape {scores.shape}")
    folds = fold_match_rate(scores, pairs.same, pairs.fold)
    genuine, impostor = scores[pairs.same], scores[~pairs.same]
    targets = [rate for rate in FMR_TARGETS if rate >= rule_of_three(impostor.size) * (1 - 1e-9)]
    thresholds = [threshold_at_fmr(impostor, rate) for rate in targets]
    low, high = _bounds(pairs, scores, targets, repeats, seed)
    rates = [
        Rate(value, float(lower), float(upper))
        for value, lower, upper in zip(
            [folds.mean, *(1.0 - fnmr(genuine, at) for at in thresholds)], low, high, strict=True
        )
    ]
    return PairsResult(
        n_images=len(pairs.images),
        n_pairs=scores.size,
        fta=fta,
        n_fta_pairs=int(np.isneginf(scores).sum()),
        folds=folds,
        folds_rate=rates[0],
        match_rates=tuple(map(MatchRate, targets, thresholds, rates[1:])),
        calibrated=tuple(AtThreshold(rate, at, fmr(impostor, at), 1.0 - fnmr(genuine, at)) for rate, at in calibrated),
        eer=eer(genuine, impostor)[0],
        wrong=_wrong(pairs, scores, folds),
    )


def measure_pairs(
    engine: Engine,
    folder: Path,
    *,
    repeats: int = 1000,
    progress: Callable[[int], None] | None = None,
) -> PairsResult:
    """Embed the pictures of a folder like `lfw_view2` and score its pairs, also at the engine's own thresholds."""
    pairs = read_pairs(folder)
    got = acquire(engine, pairs.images, progress=progress)
    calibrated = own_thresholds(calibration_of(engine))
    scores = got.similarity(pairs.a, pairs.b)
    return score_pairs(pairs, scores, fta=got.fta, calibrated=calibrated, repeats=repeats)


def own_thresholds(calibration: Calibration | None) -> list[tuple[float, float]]:
    """(FMR, threshold) of a calibration at the rates that the pairs are scored at, as far as it reaches."""
    if calibration is None:
        return []
    return [(rate, calibration.threshold(rate)) for rate in FMR_TARGETS if rate >= calibration.smallest_fmr]


def to_dict(result: PairsResult) -> dict[str, Any]:
    """Plain values for JSON."""
    return {"schema": "vultus.pairs/1", **asdict(result)}


def _bounds(
    pairs: Pairs, scores: NDArray[np.float32], targets: Sequence[float], repeats: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds of the ten-fold rate and of the TMR at each target."""
    people, codes = np.unique(np.array(pairs.identities), return_inverse=True)
    left, right = codes[pairs.a], codes[pairs.b]
    genuine, impostor = scores[pairs.same], scores[~pairs.same]

    def statistic(drawn: NDArray[np.int64]) -> list[float]:
        weights = pair_weights(drawn, left, right)
        mated, other = weights[pairs.same], weights[~pairs.same]
        try:
            tmr = [1.0 - fnmr(genuine, threshold_at_fmr(impostor, rate, other), mated) for rate in targets]
            return [fold_match_rate(scores, pairs.same, pairs.fold, weights).mean, *tmr]
        except InputError:
            # Folds share no people, so a draw of very few people may leave one fold, or no genuine pair.
            return [np.nan] * (1 + len(targets))

    return subject_bootstrap(statistic, len(people), repeats=repeats, seed=seed)


def _wrong(pairs: Pairs, scores: NDArray[np.float32], folds: FoldMatchRate) -> tuple[WrongPair, ...]:
    threshold = dict(zip(folds.folds, folds.thresholds, strict=True))
    at = np.array([threshold[str(fold)] for fold in pairs.fold])
    return tuple(
        WrongPair(
            pairs.images[pairs.a[index]].name,
            pairs.images[pairs.b[index]].name,
            bool(pairs.same[index]),
            float(scores[index]) if np.isfinite(scores[index]) else None,
        )
        for index in np.flatnonzero((scores >= at) != pairs.same)
    )
