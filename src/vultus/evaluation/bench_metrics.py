"""The suite of `vultus bench metrics`: error rates of ten million scores beside scikit-learn's ROC."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import MissingExtraError
from vultus.evaluation.row import Bench, Measurement, Row
from vultus.evaluation.timing import interleaved
from vultus.metrics.verification import det_points, eer, min_dcf, tmr_at_fmr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FULL, SMALL = 10_000_000, 200_000
TARGETS = (1e-2, 1e-3, 1e-4, 1e-5)
PACKAGES = ("scikit-learn",)
_GENUINE, _APART = 0.1, 3.0


def rates(bench: Bench) -> Iterator[Row]:
    """All figures of a verification report, and one match rate, beside the ROC that they could be read off.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    if find_spec("sklearn") is None:
        raise MissingExtraError("scikit-learn", "bench")
    from sklearn.metrics import roc_curve

    scores, same = made_up(bench.count(FULL, SMALL))
    genuine, impostor = scores[same], scores[~same]
    targets = [rate for rate in TARGETS if rate * impostor.size >= 3]

    def report() -> None:
        eer(genuine, impostor)
        min_dcf(genuine, impostor)
        det_points(genuine, impostor)
        for rate in targets:
            tmr_at_fmr(genuine, impostor, rate)

    ways = (
        (f"EER, minDCF, DET curve and TMR at {len(targets)} FMRs", report),
        (f"TMR at FMR {targets[1]:g}", lambda: tmr_at_fmr(genuine, impostor, targets[1])),
    )
    for what, ours in ways:
        times = interleaved(ours, lambda: roc_curve(same, scores), bench.count(3, 1))
        mine, theirs = (scores.size / 1e6 / taken for taken in times)
        yield Row(
            what=f"{what} of {scores.size:,} scores", ours=mine, peer=theirs, peer_name="roc_curve of scikit-learn",
            ratio=mine / theirs, unit="million scores/s", n=bench.count(3, 1), goal=">= 1 x", met=mine >= theirs,
            reason=f"{times[0]:.2f} s beside {times[1]:.2f} s for the curve alone, float32 scores",
        )  # fmt: skip
    false, true, _ = roc_curve(same, scores)
    apart = max(abs(tmr_at_fmr(genuine, impostor, rate) - float(true[false <= rate].max())) for rate in targets)
    yield Row(
        what=f"largest difference of those TMRs to the ones read off that curve, {scores.size:,} scores", ours=apart,
        unit="share", n=len(targets), goal="<= 1e-6", met=apart <= 1e-6,
        reason="scikit-learn leaves out points of the curve that lie on a line",
    )  # fmt: skip


def made_up(count: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Normal scores, a tenth of them genuine and three deviations higher."""
    random = np.random.default_rng(seed)
    same = random.random(count) < _GENUINE
    scores = random.standard_normal(count, dtype=np.float32)
    scores[same] += np.float32(_APART)
    return scores, same


MEASUREMENTS = (Measurement("rates", rates),)
