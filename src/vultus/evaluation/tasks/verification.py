"""One-to-one comparison: TMR at fixed FMR, EER, detection cost, likelihood ratios and the DET curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, UnsupportedTargetError
from vultus.evaluation.measured import Measure, Report
from vultus.evaluation.tasks.scored import leaked
from vultus.metrics.bootstrap import pair_weights, subject_bootstrap
from vultus.metrics.likelihood import cllr, min_cllr
from vultus.metrics.verification import (
    det_points,
    fold_match_rate,
    rule_of_thirty,
    rule_of_three,
    threshold_at_fmr,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vultus.evaluation.tasks.scored import Scored

TARGETS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
PRIOR = 0.01
_POINTS = 400
_MANY = 1_000_000  # comparisons from which repeats and costly figures are cut down
_LEAST_REPEATS = 100


@dataclass(frozen=True, slots=True)
class Terms:
    """How to evaluate.

    Attributes:
        targets: false match rates; () for all powers of ten that the comparisons support.
        thresholds: to be judged as they are, each with the words where it comes from.
        ratios: whether the scores are natural logarithms of likelihood ratios.
        repeats: of the bootstrap; fewer where there are more than a million comparisons.
        seed: of the bootstrap.
    """

    targets: tuple[float, ...] = ()
    thresholds: tuple[tuple[str, float], ...] = ()
    ratios: bool = False
    repeats: int = 1000
    seed: int = 0


def evaluate_verification(
    scored: Scored, source: str, terms: Terms = Terms(), development: Scored | None = None
) -> Report:
    """Measure comparisons.

    Args:
        scored: what is tested.
        source: of them, in words.
        terms: how.
        development: other comparisons to choose thresholds on; those of the same are used, and flatter, without.

    Raises:
        InputError: a rate is none.
        UnsupportedTargetError: a rate that was asked for is below three per number of impostor comparisons.
    """
    n_genuine = int(np.count_nonzero(scored.same))
    n_impostor = scored.same.size - n_genuine
    chosen_on = scored if development is None else development
    targets = _targets(terms, int(np.count_nonzero(~chosen_on.same)))
    fixed = [*terms.thresholds]
    if development is not None:
        other = development.scores[~development.same]
        fixed += [(f"fmr {rate:g} of the development file", threshold_at_fmr(other, rate)) for rate in targets]
    sweep = _Sweep(scored, targets if development is None else (), tuple(at for _, at in fixed))
    value = sweep.figures(None)
    low, high = _bounds(scored, sweep, terms)
    measures = _measures(sweep, fixed, value, low, high, n_impostor)
    measures += _ratios(scored, terms) + _folds(scored)
    genuine, impostor = scored.scores[scored.same], scored.scores[~scored.same]
    curve = det_points(genuine, impostor, _POINTS)
    sizes = {
        "comparisons": scored.same.size, "genuine": n_genuine, "impostor": n_impostor, "people": len(scored.names),
        "not_made": int(np.isneginf(scored.scores).sum()),
    }  # fmt: skip
    warnings = (*scored.warnings, *scored.people())
    if development is None:
        warnings += ("thresholds at an fmr were chosen on the comparisons that they are judged by",) if targets else ()
    else:
        warnings += leaked(development.names, scored.names)
    det = {"threshold": curve.threshold.tolist(), "fmr": curve.fmr.tolist(), "fnmr": curve.fnmr.tolist()}
    return Report("verification", source, sizes, tuple(measures), {"det": det}, warnings)


class _Sweep:
    """All thresholds at once: error rates of weighted comparisons at every distinct score."""

    def __init__(self, scored: Scored, targets: Sequence[float], thresholds: Sequence[float]) -> None:
        self.values, place = np.unique(scored.scores, return_inverse=True)
        self.same, self.genuine, self.impostor = scored.same, place[scored.same], place[~scored.same]
        self.targets = tuple(targets)
        self.cuts = np.searchsorted(self.values, np.array(thresholds, dtype=np.float64))

    def rates(self, weights: NDArray[np.int64] | None) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """FMR and FNMR below each value and above all, (V + 1,) each; None when a class has no weight."""
        size = self.values.size
        sides = (self.genuine, None if weights is None else weights[self.same]), (
            self.impostor, None if weights is None else weights[~self.same])  # fmt: skip
        below = []
        for place, weight in sides:
            mass = np.concatenate([[0.0], np.cumsum(np.bincount(place, weight, size))])
            if mass[-1] == 0:
                return None
            below.append(mass / mass[-1])
        return 1.0 - below[1], below[0]

    def figures(self, weights: NDArray[np.int64] | None) -> list[float]:
        """EER, detection cost, TMR at each target, FMR and FNMR at each threshold; NaN when a class has no weight."""
        found = self.rates(weights)
        if found is None:
            return [np.nan] * (2 + len(self.targets) + 2 * self.cuts.size)
        fmr, fnmr = found
        cost = (PRIOR * fnmr + (1 - PRIOR) * fmr) / PRIOR
        tmr = [1.0 - fnmr[self.index(fmr, target)] for target in self.targets]
        # Comparisons that could not be made never match, so refusing all of them is always possible.
        return [_eer(fmr, fnmr), min(float(cost.min()), 1.0), *tmr, *fmr[self.cuts], *fnmr[self.cuts]]

    def eer_threshold(self) -> float | None:
        """Where FNMR first reaches FMR; None where it takes a threshold above all scores."""
        found = self.rates(None)
        index = self.values.size if found is None else int(np.argmax(found[1] >= found[0]))
        return float(self.values[index]) if index < self.values.size else None

    @staticmethod
    def index(fmr: NDArray[np.float64], target: float) -> int:
        """First place at which the FMR is not above the target."""
        return int(np.argmax(fmr <= target * (1 + 1e-12) + 1e-12))


def _eer(fmr: NDArray[np.float64], fnmr: NDArray[np.float64]) -> float:
    gap = fnmr - fmr
    index = int(np.argmax(gap >= 0))
    if index == 0 or gap[index] == 0:
        return float((fnmr[index] + fmr[index]) / 2)
    part = -gap[index - 1] / (gap[index] - gap[index - 1])
    return float(fmr[index - 1] + part * (fmr[index] - fmr[index - 1]))


def _targets(terms: Terms, n_impostor: int) -> tuple[float, ...]:
    smallest = rule_of_three(n_impostor) * (1 - 1e-9)
    for rate in terms.targets:
        if not 0 < rate < 1:
            raise InputError(f"a false match rate lies between 0 and 1, not at {rate:g}")
        if rate < smallest:
            why = f"there are only {n_impostor:,} impostor comparisons (rule of three)"
            raise UnsupportedTargetError("FMR", rate, rule_of_three(n_impostor), why)
    return terms.targets or tuple(rate for rate in TARGETS if rate >= smallest)


def _bounds(scored: Scored, sweep: _Sweep, terms: Terms) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    repeats = min(terms.repeats, max(_LEAST_REPEATS, terms.repeats * _MANY // (3 * scored.same.size)))

    def statistic(drawn: NDArray[np.int64]) -> list[float]:
        # comparisons that are drawn alone need no looking up
        return sweep.figures(pair_weights(drawn, scored.left, scored.right) if scored.names else drawn)

    return subject_bootstrap(statistic, scored.n_resampled, repeats=repeats, seed=terms.seed)


def _measures(
    sweep: _Sweep,
    fixed: Sequence[tuple[str, float]],
    value: Sequence[float],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    n_impostor: int,
) -> list[Measure]:
    rows = list(zip(value, low.tolist(), high.tolist(), strict=True))
    found = sweep.rates(None)
    fmr = found[0] if found else np.zeros(0)
    out = []
    for number, target in enumerate(sweep.targets):
        index = sweep.index(fmr, target)
        last = sweep.values[-1] if index == sweep.values.size else sweep.values[index - 1] if index else -np.inf
        at = float(np.nextafter(last, np.inf)) if index else -np.inf
        few = "" if target >= rule_of_thirty(n_impostor) * (1 - 1e-9) else "fewer than 30 false matches: rough"
        out.append(Measure("tmr", f"fmr {target:g}", *rows[2 + number], threshold=at, remark=few))
    skip, n_fixed = 2 + len(sweep.targets), len(fixed)
    for number, (words, at) in enumerate(fixed):
        for offset, name in ((0, "fmr"), (n_fixed, "fnmr")):
            row = rows[skip + offset + number]
            none = f"no error in {n_impostor:,}: at most {rule_of_three(n_impostor):.2g}"
            out.append(Measure(name, words, *row, threshold=at, remark=none if name == "fmr" and not row[0] else ""))
    out.append(Measure("eer", "", *rows[0], threshold=sweep.eer_threshold(), remark="a summary, no operating point"))
    out.append(Measure("min_dcf", f"prior {PRIOR:g}", *rows[1], remark="1 is worthless, 0 faultless"))
    return out


def _ratios(scored: Scored, terms: Terms) -> list[Measure]:
    genuine, impostor = scored.scores[scored.same], scored.scores[~scored.same]
    out = []
    if terms.ratios:
        cost = cllr(genuine, impostor)
        out.append(Measure("cllr", "", cost, remark="bits; scores taken as natural logarithms of likelihood ratios"))
    if scored.same.size > _MANY:
        return [*out, Measure("min_cllr", "", None, remark="left out above a million comparisons")]
    return [*out, Measure("min_cllr", "", min_cllr(genuine, impostor), remark="bits, as if calibrated best")]


def _folds(scored: Scored) -> list[Measure]:
    if scored.fold is None:
        return []
    found = fold_match_rate(scored.scores, scored.same, scored.fold)
    spread = 1.96 * found.standard_error
    words = f"share decided rightly, {len(found.folds)} folds; interval over folds"
    return [
        Measure("fold_match_rate", "", found.mean, found.mean - spread, min(found.mean + spread, 1.0), remark=words)
    ]
