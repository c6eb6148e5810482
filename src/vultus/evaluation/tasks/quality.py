"""Quality measures: do they drop the errors first? Errors against discards at one initial FNMR (ISO/IEC 29794-1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.columns import read_columns
from vultus.evaluation.measured import Measure, Report
from vultus.evaluation.tasks.scored import NO_SUBJECTS, SUBJECTS, subjects_of
from vultus.metrics.bootstrap import subject_bootstrap
from vultus.metrics.quality import best_partial_area, error_discard, pair_quality, partial_area
from vultus.metrics.verification import fnmr, threshold_at_fnmr

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NEEDED, OPTIONAL = ("score", "quality1", "quality2"), ("same", *SUBJECTS)
LIMIT = 0.2
_POINTS = 400


@dataclass(frozen=True, slots=True, eq=False)
class Graded:
    """Genuine comparisons with their qualities.

    Attributes:
        scores: minus infinity where the comparison could not be made; float64, (N,).
        quality: of the worse picture, minus infinity where it could not be measured; float64, (N,).
        person: int64, (N,). Without people, the comparison itself.
        n_people: how many there are; 0 where nobody tells who they are.
        warnings: what was noticed while reading.
    """

    scores: NDArray[np.float64]
    quality: NDArray[np.float64]
    person: NDArray[np.int64]
    n_people: int = 0
    warnings: tuple[str, ...] = ()


def read_graded(path: Path) -> Graded:
    """Read score,quality1,quality2 and maybe same and subject1,subject2; only comparisons of one person count.

    Raises:
        InputError: columns are missing, a value cannot be used, or no comparison is of one person.
    """
    columns = read_columns(path, NEEDED, OPTIONAL)
    scores = columns.numbers("score", missing=True)
    quality = pair_quality(*(columns.numbers(name, missing=True) for name in ("quality1", "quality2")))
    same = columns.truths("same") if "same" in columns else np.ones(columns.size, dtype=bool)
    if not same.any():
        raise InputError(f"{path} has impostor comparisons only; errors against discards need those of one person")
    names, left, _ = subjects_of(columns, same)
    warnings = columns.unused_warning() + (() if names else (NO_SUBJECTS,))
    if not names:
        return Graded(scores[same], quality[same], np.arange(int(same.sum())), 0, warnings)
    people, person = np.unique(left[same], return_inverse=True)
    return Graded(scores[same], quality[same], person.astype(np.int64), people.size, warnings)


def evaluate_quality(
    graded: Graded, source: str, *, initial: float = 0.05, threshold: float | None = None, repeats: int = 1000,
    seed: int = 0,
) -> Report:  # fmt: skip
    """Measure a quality measure.

    Args:
        graded: genuine comparisons.
        source: of them, in words.
        initial: FNMR with nothing left out, which sets the threshold; as near as the scores allow.
        threshold: of matching, instead.
        repeats: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        InputError: the rate is none, or nothing fails at the threshold, so there is no error to leave out.
    """
    if not 0 < initial < 1:
        raise InputError(f"an initial FNMR lies between 0 and 1, not at {initial:g}")
    at = threshold_at_fnmr(graded.scores, initial) if threshold is None else threshold
    missed = fnmr(graded.scores, at)
    if not missed:
        raise InputError(
            f"{source}: none of {graded.scores.size:,} genuine comparisons fails at threshold {at:g}, so there is no "
            "error that a quality measure could leave out; give a higher threshold or initial FNMR"
        )

    def figures(rows: NDArray[np.int64]) -> list[float]:
        if not rows.size:
            return [np.nan] * 3
        curve = error_discard(graded.scores[rows], graded.quality[rows], at)
        first = float(curve.fnmr[0])
        area, best = partial_area(curve, LIMIT), best_partial_area(first, LIMIT)
        gained = (first - area) / (first - best) if first > best else 0.0
        return [first, area, gained]

    everything = np.arange(graded.scores.size)
    value = figures(everything)
    low, high = subject_bootstrap(
        lambda drawn: figures(np.repeat(everything, drawn[graded.person])),
        graded.n_people or graded.scores.size, repeats=repeats, seed=seed,
    )  # fmt: skip
    rows = list(zip(value, low.tolist(), high.tolist(), strict=True))
    words = f"discards to {LIMIT:g}"
    measures = (
        Measure("fnmr", "nothing discarded", *rows[0], threshold=at),
        Measure("pauc", words, *rows[1], threshold=at, remark="mean fnmr; lower is better"),
        Measure("pauc_best", words, best_partial_area(missed, LIMIT), remark="if the errors alone were left out first"),
        Measure("pauc_gain", words, *rows[2], remark="share of what could be gained; 0 at random, 1 at best"),
    )
    curve = error_discard(graded.scores, graded.quality, at)
    kept = np.unique(np.linspace(0, curve.quality.size - 1, _POINTS).round().astype(np.int64))
    edc = {"quality": curve.quality[kept].tolist(), "discarded": curve.discarded[kept].tolist(),
           "fnmr": curve.fnmr[kept].tolist()}  # fmt: skip
    sizes = {"comparisons": graded.scores.size, "people": graded.n_people,
             "without_quality": int(np.isneginf(graded.quality).sum())}  # fmt: skip
    return Report("quality", source, sizes, measures, {"edc": edc}, graded.warnings)
