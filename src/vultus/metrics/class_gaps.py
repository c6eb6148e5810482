"""How differently a classifier of several classes treats groups of people.

The measures are those compared by Dominguez-Catena et al. for biased expression data (system 20): equal opportunity,
equalised odds whole and compressed, demographic parity, overall disparity, combined error variance and symmetric
distance error. Combined error variance and symmetric distance error divide by everybody's error rates and grow without
bound where those are small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.metrics.classification import confusion
from vultus.metrics.labels import as_labels, number_labels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class ClassGaps:
    """How differently a classifier treats groups, each class and each group counting the same; 0 is even.

    Attributes:
        recall: range over the groups of the share recognised, mean over the classes (equal opportunity).
        confusion: range of the share of one class taken for another, mean over all pairs of classes (equalised odds).
        prediction: range of how often a class is predicted when all are equally frequent, mean over the classes, as the
            sum over true classes, 0 to their number (demographic parity).
        disparity: how far the other groups lie below the best recognised one, as a share, mean over the classes.
        compressed: range over the groups of each class's recall and of its share of all wrong predictions, mean over
            both (compressed equalised odds).
        error_variance: spread of the groups' relative errors about their mean: per group and class, FPR and FNR less
            those of everybody, as shares of those of everybody (combined error variance). NaN where no class has both.
        error_distance: how unlike the relative FPR and FNR of a group and class are, mean (symmetric distance error).
            NaN as before.
    """

    recall: float
    confusion: float
    prediction: float
    disparity: float
    compressed: float
    error_variance: float
    error_distance: float


def class_gaps(truth: ArrayLike, predicted: ArrayLike, groups: ArrayLike) -> ClassGaps:
    """Compare the confusion tables of groups, their rows scaled to one: rare classes and groups count as others do.

    Args:
        truth: class of each example, (N,).
        predicted: the same from the classifier.
        groups: of each example, (N,).

    Raises:
        InputError: fewer than two groups or classes, or a group without examples of a class.
    """
    classes, _ = confusion(truth, predicted)
    real, guess = as_labels(truth, "truth"), as_labels(predicted, "predicted")
    names, (group,) = number_labels(as_labels(groups, "groups", real.size))
    if names.size < 2:
        raise InputError(f"gaps need at least two groups, and there is only '{names[0]}'")
    K = classes.size
    cell = (group * K + np.searchsorted(classes, real)) * K + np.searchsorted(classes, guess)
    table = np.bincount(cell, minlength=names.size * K * K).reshape(names.size, K, K)
    size = table.sum(axis=2, keepdims=True)
    if not size.all():
        place, kind, _ = np.argwhere(size == 0)[0]
        raise InputError(f"group '{names[place]}' has no example of class '{classes[kind]}'")
    share = table / size
    recall = np.diagonal(share, axis1=1, axis2=2)
    variance, distance = _relative_errors(table)
    best = recall.max(axis=0)
    # Where no group is recognised at all, none lies below another.
    behind = 1 - np.divide(recall, best, out=np.ones_like(recall), where=best > 0)
    return ClassGaps(
        recall=float(np.ptp(recall, axis=0).mean()),
        confusion=float(np.ptp(share, axis=0).mean()),
        prediction=float(np.ptp(share.sum(axis=1), axis=0).mean()),
        disparity=float((behind.sum(axis=0) / (names.size - 1)).mean()),
        compressed=float(np.ptp(np.hstack([recall, _wrong_columns(share)]), axis=0).mean()),
        error_variance=variance,
        error_distance=distance,
    )


def _wrong_columns(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each class among a group's wrong predictions, (G, K); zeros of a group without any."""
    wrong = (share * ~np.eye(share.shape[1], dtype=bool)).sum(axis=1)
    total = wrong.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(wrong, total, out=np.zeros_like(wrong), where=total > 0), dtype=np.float64)


def _relative_errors(table: NDArray[np.int64]) -> tuple[float, float]:
    """Variance and distance of relative FPR and FNR; classes in which everybody's FPR or FNR is 0 are left out."""
    rates = np.stack([_false_positives(table), _false_negatives(table)])
    whole = table.sum(axis=0, keepdims=True)
    everybody = np.stack([_false_positives(whole), _false_negatives(whole)])
    kept = (everybody > 0).all(axis=(0, 1))
    if not kept.any():
        return float("nan"), float("nan")
    shift = rates[:, :, kept] / everybody[:, :, kept] - 1
    variance = ((shift - shift.mean(axis=(1, 2), keepdims=True)) ** 2).sum(axis=0).mean()
    return float(variance), float(np.abs(shift[0] - shift[1]).mean() / np.sqrt(2))


def _false_positives(table: NDArray[np.int64]) -> NDArray[np.float64]:
    hit = np.diagonal(table, axis1=1, axis2=2)
    others = table.sum(axis=(1, 2))[:, None] - table.sum(axis=2)
    return np.asarray((table.sum(axis=1) - hit) / others, dtype=np.float64)


def _false_negatives(table: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(1 - np.diagonal(table, axis1=1, axis2=2) / table.sum(axis=2), dtype=np.float64)
