"""From a score for every frame to intervals.

Source: Guo et al., "Boosting Micro-Expression Analysis via Prior-Guided Video-Level Regression", ACM MM 2025. Peaks of
the smoothed curve are as far apart as half an expression usually lasts; from each, the interval grows until the raw
curve stays below the film's mean, so that its length follows the expression and not a window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import find_peaks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Curve = NDArray[np.float64]

HIGH = 0.55  # of the way from the curve's mean to its maximum: what counts as a peak
EDGE = 1.5  # the first interval is trimmed to where the curve is above its mean over this
FARTHEST = 5  # times half a usual duration, on either side
OVERLAP = 0.2  # of two intervals, from which the lower one is dropped


@dataclass(frozen=True, slots=True)
class Interval:
    """A spotted expression; frames count from 0, and the last one is inside."""

    onset: int
    apex: int
    offset: int


def half_duration(durations: NDArray[np.int64]) -> int:
    """kp: half of what expressions usually last, in frames; from TRAINING subjects only.

    Args:
        durations: frames of each marked expression, (N,), one at least.
    """
    return int((np.median(durations) + 1) // 2)


def smoothed(curve: Curve, kp: int) -> Curve:
    """The mean over 2 kp frames around each; at the ends over those there are."""
    box = np.ones(2 * kp)
    return np.convolve(curve, box, "same") / np.convolve(np.ones_like(curve), box, "same")


def decode(curve: Curve, kp: int, *, prior: bool = True) -> list[Interval]:
    """Intervals of one film, in order.

    Args:
        curve: score of every frame, (T,).
        kp: see `half_duration`.
        prior: grow intervals; else each is kp frames to both sides of its peak.
    """
    smooth = smoothed(curve, kp)
    mean = float(smooth.mean())
    peaks, _ = find_peaks(smooth, height=mean + HIGH * (float(smooth.max()) - mean), distance=max(kp, 1))
    kept: list[Interval] = []
    for peak in sorted(peaks.tolist(), key=lambda at: -smooth[at]):
        onset, offset = max(peak - kp, 0), min(peak + kp, len(curve) - 1)
        if prior:
            onset, offset = _grown(curve, peak, kp, -1), _grown(curve, peak, kp, 1)
        apex = onset + int(np.argmax(curve[onset : offset + 1]))
        if not any(_clash(one, Interval(onset, apex, offset), kp) for one in kept):
            kept.append(Interval(onset, apex, offset))
    return sorted(kept, key=lambda one: one.onset)


def _grown(curve: Curve, peak: int, kp: int, way: int) -> int:
    """The end of an interval on one side of its peak."""
    low, last = float(curve.mean()), (len(curve) - 1 if way > 0 else 0)

    def inside(at: int) -> int:
        return min(at, last) if way > 0 else max(at, last)

    end = inside(peak + way * kp)
    while end != peak and curve[end] < low / EDGE:
        end -= way
    farthest = inside(peak + way * FARTHEST * kp)
    while end != farthest and not (curve[end + way] < low and curve[inside(end + 2 * way)] < low):
        end += way
    return end


def _clash(one: Interval, other: Interval, kp: int) -> bool:
    if abs(one.apex - other.apex) < kp:
        return True
    both = min(one.offset, other.offset) - max(one.onset, other.onset) + 1
    length = (one.offset - one.onset + 1) + (other.offset - other.onset + 1)
    return both > 0 and both / (length - both) >= OVERLAP


def emotion_of(scores: NDArray[np.float32], interval: Interval, neutral: int) -> int:
    """The class most frames between onset and offset speak for; neutral has no vote.

    Args:
        scores: (T, C), one per frame and class.
        interval: of the film.
        neutral: number of the class without expression.
    """
    rows = scores[interval.onset + 1 : max(interval.offset, interval.onset + 2)].copy()
    rows[:, neutral] = -np.inf
    votes = np.bincount(rows.argmax(axis=1), minlength=scores.shape[1])
    return int(votes.argmax())
