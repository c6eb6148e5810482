"""DeepFace's four distances between unit vectors, and what a calibrated similarity is in each of them.

With similarity s: cosine 1 - s, Euclidean sqrt(2 - 2 s) (unit vectors: "euclidean_l2" is the same), angular
arccos(s) / pi. So one threshold, chosen for a false match rate, holds for all of them alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Metric = str | Callable[[NDArray[np.float64], NDArray[np.float64]], float]

METRICS = ("cosine", "euclidean", "euclidean_l2", "angular")
FMR = 1e-3


def distance(a: NDArray[np.float64], b: NDArray[np.float64], metric: Metric) -> float:
    """Between two vectors, (D,) each, made unit first unless the metric is a function.

    Raises:
        InputError: they differ in length, or one is all zeros.
        UnknownNameError: there is no such metric.
    """
    if callable(metric):
        return float(metric(a, b))
    if a.shape != b.shape:
        raise InputError(f"embeddings have {len(a)} and {len(b)} numbers; both must come from one model")
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    if not norms > 0:
        raise InputError("an embedding is all zeros")
    return of_similarity(float(a @ b) / norms, metric)


def of_similarity(similarity: float, metric: str) -> float:
    """The distance of two unit vectors with that cosine.

    Raises:
        UnknownNameError: there is no such metric.
    """
    similarity = min(max(similarity, -1.0), 1.0)
    if metric == "cosine":
        return 1 - similarity
    if metric in ("euclidean", "euclidean_l2"):
        return float(np.sqrt(2 - 2 * similarity))
    if metric == "angular":
        return float(np.arccos(similarity) / np.pi)
    raise UnknownNameError("distance_metric", metric, METRICS, f"Known: {', '.join(METRICS)}")


def limit(metric: Metric, threshold: float | None, similarity: float) -> float:
    """The threshold to hold distances against: the caller's (0 counts), or that of a similarity.

    Raises:
        InputError: the metric is a function and no threshold was given.
    """
    if threshold is not None:
        return float(threshold)
    if callable(metric):
        raise InputError("a distance_metric that is a function needs a threshold of its own")
    return of_similarity(similarity, metric)


def confidence(distance: float, threshold: float) -> float:
    """DeepFace's 0 to 100: 51 and more within the threshold, 49 and less beyond it. No probability of anything."""
    if not np.isfinite(distance):
        return 0.0
    span = max(abs(threshold), 1e-9)
    if distance <= threshold:
        return round(51 + 49 * min((threshold - distance) / span, 1), 2)
    return round(49 * max(1 - (distance - threshold) / span, 0), 2)
