"""Histograms of oriented gradients and a linear classifier: what was done before networks.

Source: Dalal and Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR 2005.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.research.contract import Budget

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from vultus.research.data.sample import Samples

BINS, CELL_PX = 9, 8
_COST = 0.01


def histograms(pictures: NDArray[Any]) -> NDArray[np.float32]:
    """Orientations of edges per cell of 8 x 8 pixels, made unit over blocks of 2 x 2 cells.

    Args:
        pictures: (N, H, W).

    Returns:
        float32, (N, blocks * 4 * 9).
    """
    grey = pictures.astype(np.float32)
    down, along = np.gradient(grey, axis=(1, 2))
    strength = np.hypot(down, along)
    turn = (np.arctan2(down, along) % np.pi) * (BINS / np.pi) - 0.5
    first = np.floor(turn)
    share = turn - first
    rows, columns = (side // CELL_PX for side in grey.shape[1:])
    cells = np.zeros((len(grey), rows, columns, BINS), np.float32)
    for number in range(BINS):
        part = strength * ((first % BINS == number) * (1 - share) + ((first + 1) % BINS == number) * share)
        part = part[:, : rows * CELL_PX, : columns * CELL_PX]
        cells[..., number] = part.reshape(len(grey), rows, CELL_PX, columns, CELL_PX).sum((2, 4))
    blocks = np.concatenate([cells[:, :-1, :-1], cells[:, :-1, 1:], cells[:, 1:, :-1], cells[:, 1:, 1:]], -1)
    blocks /= np.linalg.norm(blocks, axis=-1, keepdims=True) + 1e-3
    return blocks.reshape(len(grey), -1)


class Gradients:
    """Expressions by a linear support vector machine on histograms; of the marks it knows nothing."""

    def fit(self, train: Samples, seed: int) -> Budget:
        """Fit on the faces."""
        from sklearn.svm import LinearSVC

        rows, labels = histograms(train["image"]), train["expression"]
        # float64: the solver turns everything into it anyway
        self._machine = LinearSVC(C=_COST, dual=False, random_state=seed).fit(rows.astype(np.float64), labels)
        return Budget(self._machine.coef_.size, 1, len(train))

    def predict(self, batch: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Answers as `TripSE.predict` gives them."""
        found = self._machine.predict(histograms(batch["image"]).astype(np.float64))
        return {"expression": found, "level": np.zeros(len(found), np.int64)}
