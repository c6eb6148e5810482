"""What spotting and recognising came to: intervals and classes of films, and rates of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.metrics.spotting import match_intervals, spotting_counts
from vultus.research.methods.micro_expression.boosting_vrme.decode import decode, emotion_of
from vultus.research.methods.micro_expression.boosting_vrme.films import NEUTRAL, lengths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from vultus.research.data.sample import Samples

    Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of films, one after the other.

    Attributes:
        pairs: marked and spotted intervals of each film, (M, 2) and (S, 2).
        hits: true and given class of each rightly spotted interval, (H, 2).
    """

    pairs: tuple[tuple[Numbers, Numbers], ...]
    hits: Numbers

    def __add__(self, other: Outcome) -> Outcome:
        """Of the films of both, as folds are pooled."""
        return Outcome(self.pairs + other.pairs, np.concatenate([self.hits, other.hits]))


def outcome(found: Mapping[str, NDArray[Any]], test: Samples, *, prior: bool) -> Outcome:
    """Decode what a model says of films, and hold it to what is marked.

    Args:
        found: `curve` (N, T) and `emotion` (N, T, 5).
        test: films.
        prior: see `decode`.
    """
    kp = int(test["kp"][0])
    pairs, hits = [], []
    rows = zip(found["curve"], found["emotion"], test["marks"], lengths(test), strict=True)
    for curve, emotion, marks, length in rows:
        marks = marks[marks[:, 0] >= 0]
        spotted = decode(curve[:length].astype(np.float64), kp, prior=prior)
        ends = np.array([(one.onset, one.offset) for one in spotted], np.int64).reshape(-1, 2)
        pairs.append((marks[:, [0, 2]], ends))
        hits += [
            (int(marks[mark, 3]), emotion_of(emotion[:length], spotted[at], NEUTRAL))
            for mark, at in match_intervals(marks[:, [0, 2]], ends)
        ]
    return Outcome(tuple(pairs), np.array(hits, np.int64).reshape(-1, 2))


def harmonic_f1(hits: Numbers) -> float:
    """2 P R / (P + R) of macro-precision P and macro-recall R over classes that occur.

    Args:
        hits: true and given class of each rightly spotted interval, (N, 2).
    """
    precision, recall = _rates(hits)
    both = float(precision.mean() + recall.mean()) if len(precision) else 0.0
    return 2 * float(precision.mean() * recall.mean()) / both if both else 0.0


def mean_f1(hits: Numbers) -> float:
    """Mean of the F1 of each class that occurs; `hits` as above."""
    precision, recall = _rates(hits)
    return float(np.mean(2 * precision * recall / np.maximum(precision + recall, 1e-12))) if len(precision) else 0.0


def _rates(hits: Numbers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Precision and recall of each class that is true or given somewhere."""
    true, given = hits.T
    classes = np.unique(hits)[:, None]
    right = ((true == classes) & (given == classes)).sum(axis=1)
    return right / np.maximum((given == classes).sum(axis=1), 1), right / np.maximum((true == classes).sum(axis=1), 1)


def decoder_f1(marks: Numbers, frames: Numbers, kp: int, prior: bool) -> float:
    """F1 of decoding curves that are true but for noise; the noise is the same for all.

    Args:
        marks: of each film, (N, M, 4), see `films.films`.
        frames: how long each film is, (N,).
        kp, prior: see `decode`.
    """
    rng = np.random.default_rng(0)
    pairs = []
    for own, length in zip(marks, frames.tolist(), strict=True):
        kept = own[own[:, 0] >= 0]
        curve = np.zeros(length)
        for onset, _, offset, _ in kept:
            curve[onset : offset + 1] = 1
        curve = np.clip(np.convolve(curve, np.ones(5) / 5, "same") * 0.6 + rng.normal(0.1, 0.2, length), 0, 1)
        spotted = decode(curve, kp, prior=prior)
        pairs.append((kept[:, [0, 2]], np.array([(one.onset, one.offset) for one in spotted]).reshape(-1, 2)))
    return spotting_counts(pairs).f1


def equally_long(marks: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """The same expressions, all of one length around their middle."""
    changed = marks.copy()
    middle = (marks[..., 0] + marks[..., 2]) // 2
    there = marks[..., 0] >= 0
    changed[..., 0] = np.where(there, np.maximum(middle - length // 2, 0), -1)
    changed[..., 2] = np.where(there, changed[..., 0] + length - 1, -1)
    return changed
