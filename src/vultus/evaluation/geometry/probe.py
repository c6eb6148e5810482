"""How well a linear rule reads an attribute from embeddings: logistic regression, crossed over folds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEPS = 20


def fitted(rows: NDArray[np.floating], side: NDArray[np.bool_], penalty: float = 1.0) -> NDArray[np.float64]:
    """Weights of a logistic regression in which both sides count the same, by Newton's method.

    Args:
        rows: float, (N, D).
        side: bool, (N,).
        penalty: half of it times the squared length of the weights is added to the loss; the constant is free.

    Returns:
        float64, (D + 1,); the constant is the last.
    """
    design = np.column_stack([rows, np.ones(len(rows))]).astype(np.float64)
    weight = np.where(side, 0.5 / side.mean(), 0.5 / max(1 - side.mean(), 1e-12))
    ridge = np.full(design.shape[1], penalty)
    ridge[-1] = 1e-9
    solution = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        chance = 0.5 * (1 + np.tanh(0.5 * (design @ solution)))
        slope = design.T @ (weight * (chance - side)) + ridge * solution
        bend = (design * (weight * np.maximum(chance * (1 - chance), 1e-9))[:, None]).T @ design
        step = np.linalg.solve(bend + np.diag(ridge), slope)
        solution -= step
        if np.abs(step).max() < 1e-8:
            break
    return solution


def balanced_accuracy(
    rows: NDArray[np.floating], side: NDArray[np.bool_], *, folds: int = 5, seed: int = 0, penalty: float = 1.0
) -> float:
    """Mean of the shares of either side that are told rightly, each row by a rule that has not seen it.

    Args:
        rows: one per person, float, (N, D).
        side: bool, (N,).
        folds: parts, each side spread over them evenly.
        seed: of the parts.
        penalty: see `fitted`.
    """
    random = np.random.default_rng(seed)
    part = np.empty(len(side), np.int64)
    for value in (True, False):
        here = random.permutation(np.flatnonzero(side == value))
        part[here] = np.arange(here.size) % folds
    right = np.zeros(len(side), bool)
    for fold in range(folds):
        held = part == fold
        solution = fitted(rows[~held], side[~held], penalty)
        right[held] = (rows[held] @ solution[:-1] + solution[-1] > 0) == side[held]
    return float((right[side].mean() + right[~side].mean()) / 2)
