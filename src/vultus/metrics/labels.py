"""Labels of groups, kinds of attack and classes: checked once, for every measure that divides by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def as_labels(labels: ArrayLike, name: str = "labels", size: int | None = None) -> NDArray[Any]:
    """Labels as a flat array of strings, whole numbers or truth values.

    A missing label hides people from an audit, so none may be missing: name a group "unknown" and it is counted.

    Args:
        labels: str, int or bool, (N,).
        name: for the message.
        size: how many there must be; None for at least one.

    Raises:
        ShapeError: another shape, empty, missing labels (NaN, None, empty text) or kinds mixed.
    """
    out = np.asarray(labels)
    if out.ndim != 1 or (size is None and out.size == 0) or (size is not None and out.size != size):
        wanted = "one-dimensional and not empty" if size is None else f"of shape ({size},)"
        raise ShapeError(name, wanted, f"of shape {out.shape}")
    # A list of texts and a NaN turns into texts, among them "nan", so what was given is looked at.
    given = labels if out.dtype.kind == "U" and isinstance(labels, (list, tuple)) else out
    if out.dtype.kind == "O" or given is not out:
        if not all(isinstance(label, str) for label in given):
            raise ShapeError(name, "all text or all whole numbers", "mixed, or some are missing")
        out = out.astype(np.str_)
    if out.dtype.kind not in "Uiub":
        raise ShapeError(name, "text, whole numbers or truth values", f"of dtype {out.dtype}")
    if out.dtype.kind == "U" and (out == "").any():
        raise ShapeError(name, "without gaps", "empty text somewhere")
    return out


def number_labels(*columns: NDArray[Any]) -> tuple[NDArray[Any], list[NDArray[np.int64]]]:
    """Distinct labels of all columns in order, (G,), and the number of each label among them, int64 (N,) per column."""
    names = np.unique(np.concatenate([np.unique(column) for column in columns]))
    # A search among few names is several times faster than the sort of ten million labels that np.unique would do.
    return names, [np.searchsorted(names, column).astype(np.int64) for column in columns]
