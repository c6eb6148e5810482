"""Rows of numbers taken as directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Real = TypeVar("Real", np.float32, np.float64)


def unit(rows: NDArray[Real]) -> NDArray[Real]:
    """Rows (or a single one) of length one, in the precision they came in; zeros stay zeros, and NaN stays NaN.

    Args:
        rows: float, (..., D).
    """
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    out: NDArray[Real] = np.zeros_like(rows)
    np.divide(rows, length, out=out, where=length != 0)
    return out
