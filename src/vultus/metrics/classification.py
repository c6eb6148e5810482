"""Which class, say which expression: recalls and F1, weighted and unweighted.

UAR (unweighted average recall) counts every class the same, WAR (weighted average recall) every example. Where classes
are rare, WAR rewards ignoring them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError, ShapeError
from vultus.metrics.labels import as_labels, number_labels
from vultus.metrics.verification import as_weights

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def confusion(
    truth: ArrayLike, predicted: ArrayLike, weights: ArrayLike | None = None
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """How often each class is taken for each.

    Args:
        truth: class of each example, text or whole numbers, (N,).
        predicted: the same from the classifier.
        weights: how often each example counts, (N,); None for once.

    Returns:
        The K classes that occur on either side, in order; counts with the truth in rows, float64, (K, K).

    Raises:
        InputError: there is only one true class, so nothing was to be told apart.
    """
    real = as_labels(truth, "truth")
    guess = as_labels(predicted, "predicted", real.size)
    if (real.dtype.kind == "U") != (guess.dtype.kind == "U"):
        raise ShapeError("predicted", f"the kind of labels that truth has, {real.dtype}", f"{guess.dtype}")
    count = as_weights(weights, real.size)
    names, (row, column) = number_labels(real, guess)
    if (row == row[0]).all():
        raise InputError(f"recalls need at least two true classes, and there is only '{real[0]}'")
    table = np.bincount(row * names.size + column, count, names.size**2).reshape(names.size, names.size)
    return names, table.astype(np.float64)


def uar(truth: ArrayLike, predicted: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Unweighted average recall: mean over the true classes of the share that was recognised."""
    _, table = confusion(truth, predicted, weights)
    size = table.sum(axis=1)
    there = size > 0
    return float((np.diag(table)[there] / size[there]).mean())


def war(truth: ArrayLike, predicted: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Weighted average recall: share of examples that was recognised."""
    _, table = confusion(truth, predicted, weights)
    return float(np.trace(table) / table.sum())


def macro_f1(truth: ArrayLike, predicted: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Unweighted mean over the classes of F1, 2 TP / (2 TP + FP + FN); a class only ever predicted counts as 0."""
    _, table = confusion(truth, predicted, weights)
    marked = table.sum(axis=0) + table.sum(axis=1)
    there = marked > 0
    return float((2 * np.diag(table)[there] / marked[there]).mean())
