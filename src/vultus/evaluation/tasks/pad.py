"""Presentation attack detection: APCER per species, BPCER, and both at thresholds from elsewhere (ISO/IEC 30107-3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.columns import numbered, read_columns
from vultus.evaluation.measured import Measure, Report
from vultus.evaluation.tasks.scored import leaked
from vultus.metrics.bootstrap import subject_bootstrap
from vultus.metrics.pad import APCER_TARGETS, half_total_error, pad_rates, threshold_at_apcer
from vultus.metrics.verification import det_points, eer, rule_of_three

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

BONA_FIDE = "bona_fide"
NEEDED, OPTIONAL = ("score", "species"), ("subject", "file")
NO_SUBJECTS = "nobody tells who the people are, so presentations are resampled: intervals are too narrow"


@dataclass(frozen=True, slots=True, eq=False)
class Presented:
    """Presentations.

    Attributes:
        scores: higher is more alive, minus infinity without an answer; float64, (N,).
        species: kind of attack, `BONA_FIDE` for people; (N,).
        person: who it is, or whose likeness; int64, (N,). Without people, the presentation itself.
        names: of the people; () where nobody tells who they are.
    """

    scores: NDArray[np.float64]
    species: NDArray[np.str_]
    person: NDArray[np.int64]
    names: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def real(self) -> NDArray[np.bool_]:
        """Which are of people."""
        return np.asarray(self.species == BONA_FIDE, dtype=bool)


@dataclass(frozen=True, slots=True)
class Terms:
    """How to evaluate.

    Attributes:
        thresholds: to be judged as they are.
        repeats: of the bootstrap.
        seed: of the bootstrap.
    """

    thresholds: tuple[float, ...] = ()
    repeats: int = 1000
    seed: int = 0


def read_presentations(path: Path) -> Presented:
    """Read score,species and maybe subject and file; the species of people is bona_fide, an empty score is no answer.

    Raises:
        InputError: columns are missing, a value cannot be used, a file twice, or one class only.
    """
    columns = read_columns(path, NEEDED, OPTIONAL)
    if "file" in columns:
        columns.unique("file", what="file")
    words = columns.words("subject") if "subject" in columns else ()
    return presented(columns.numbers("score", missing=True), columns.words("species"), words, str(path),
                     columns.unused_warning())  # fmt: skip


def presented(
    scores: NDArray[np.float64], species: Sequence[str], subjects: Sequence[str], source: str, warnings: tuple[str, ...]
) -> Presented:
    """Presentations of both classes.

    Raises:
        InputError: one class only.
    """
    kinds = np.array(species, dtype=np.str_)
    real = kinds == BONA_FIDE
    if real.all() or not real.any():
        what = "bona fide presentations" if real.all() else "attacks"
        raise InputError(f"{source} has {what} only; error rates need attacks and presentations of species {BONA_FIDE}")
    if not subjects:
        return Presented(scores, kinds, np.arange(kinds.size, dtype=np.int64), (), (*warnings, NO_SUBJECTS))
    names, (person,) = numbered(subjects)
    return Presented(scores, kinds, person, names, warnings)


def evaluate_pad(test: Presented, source: str, terms: Terms = Terms(), development: Presented | None = None) -> Report:
    """Measure presentations.

    Args:
        test: what is judged.
        source: of them, in words.
        terms: how.
        development: other presentations, whose threshold at equal error rates is judged (HTER, ACER).
    """
    fixed = [(f"threshold {at:g}", at) for at in terms.thresholds]
    if development is not None:
        at = eer(development.scores[development.real], development.scores[~development.real])[1]
        fixed.append(("eer of the development file", at))
    kinds, size = np.unique(test.species[~test.real], return_counts=True)
    thin = rule_of_three(int(size.min())) * (1 - 1e-9)
    targets = [target for target in APCER_TARGETS if target >= thin]
    fill = _figures(test, targets, fixed, development, None)

    def statistic(drawn: NDArray[np.int64]) -> list[float]:
        rows = np.repeat(np.arange(test.scores.size), drawn[test.person])
        found = _figures(test, targets, fixed, development, rows)
        return list(found.values()) if len(found) == len(fill) else [np.nan] * len(fill)

    drawn_from = len(test.names) or test.scores.size
    low, high = subject_bootstrap(statistic, drawn_from, repeats=terms.repeats, seed=terms.seed)
    thresholds = dict(fixed) | {f"apcer {target:g}": _threshold(test, target) for target in targets}
    measures = [
        Measure(name, at, value, float(lower), float(upper), thresholds.get(at.split(", species ")[0]),
                _REMARKS.get(name, ""))
        for ((name, at), value), lower, upper in zip(fill.items(), low, high, strict=True)
    ]  # fmt: skip
    rarest = f"only {size.min():,} attacks of species '{kinds[size.argmin()]}' (rule of three)"
    measures += [
        Measure("bpcer", f"apcer {target:g}", None, remark=rarest) for target in APCER_TARGETS if target < thin
    ]
    measures += _silent(test)
    sizes = {"presentations": test.scores.size, "bona_fide": int(test.real.sum()), "attacks": int(size.sum()),
             "species": kinds.size, "people": len(test.names)}  # fmt: skip
    warnings = test.warnings + (() if development is None else leaked(development.names, test.names))
    curve = det_points(test.scores[test.real], test.scores[~test.real], 400)
    det = {"threshold": curve.threshold.tolist(), "apcer_pooled": curve.fmr.tolist(), "bpcer": curve.fnmr.tolist()}
    return Report("pad", source, sizes, tuple(measures), {"det": det}, warnings)


_REMARKS = {
    "apcer": "of the worst species",
    "acer": "mean of apcer of the worst species and bpcer; not of ISO/IEC 30107-3",
    "hter": "attacks of all species pooled; not comparable with acer",
    "eer": "attacks of all species pooled; a summary, no operating point",
}


def _threshold(test: Presented, target: float) -> float:
    return threshold_at_apcer(test.scores[~test.real], test.species[~test.real], target)


def _figures(
    test: Presented,
    targets: Sequence[float],
    fixed: Sequence[tuple[str, float]],
    development: Presented | None,
    rows: NDArray[np.int64] | None,
) -> dict[tuple[str, str], float]:
    """Every figure of some of the presentations by name and condition; fewer when a species is not among them."""
    scores, species = (test.scores, test.species) if rows is None else (test.scores[rows], test.species[rows])
    real = species == BONA_FIDE
    people, attacks, kinds = scores[real], scores[~real], species[~real]
    out: dict[tuple[str, str], float] = {}
    if not people.size or not attacks.size:
        return out
    for target in targets:
        out["bpcer", f"apcer {target:g}"] = float(np.mean(people < threshold_at_apcer(attacks, kinds, target)))
    for words, at in fixed:
        found = pad_rates(people, attacks, kinds, at)
        out["apcer", words], out["bpcer", words], out["acer", words] = found.apcer, found.bpcer, found.acer
        for name, rate in found.apcer_of.items():
            out["apcer_of_species", f"{words}, species {name}"] = rate
    if development is not None:
        real = development.real
        known = development.scores[real], development.scores[~real]
        out["hter", fixed[-1][0]] = half_total_error(known, (people, attacks)).hter
    out["eer", ""] = eer(people, attacks)[0]
    return out


def _silent(test: Presented) -> list[Measure]:
    """Shares without an answer, where there are any."""
    none = np.isneginf(test.scores)
    if not none.any():
        return []
    return [
        Measure("bpnrr", "", float(none[test.real].mean()), remark="bona fide presentations without an answer"),
        Measure("apnrr", "", float(none[~test.real].mean()), remark="attacks without an answer"),
    ]
