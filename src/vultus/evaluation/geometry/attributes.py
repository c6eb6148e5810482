"""Tables of attributes as people bring them: numbers, yes and no, or words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.columns import header_of, read_columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.evaluation.columns import Columns

_YES, _NO = {"1", "true", "yes"}, {"-1", "0", "false", "no"}
_MOST_WORDS = 12


def read_attributes(path: Path, key: str, names: Sequence[str] = ()) -> tuple[Columns, dict[str, NDArray[np.float64]]]:
    """Read a table with a column `key` and others of attributes.

    A column of 1 and -1, 1 and 0, true and false or yes and no is an attribute; numbers become "above the median";
    words become an attribute each, or one attribute where there are two. Empty cells are unknown.

    Args:
        path: CSV with a line of column names.
        key: column that says whose or which row it is; it must have a value everywhere.
        names: columns to take; none takes all but `key`, `image` and `identity`.

    Returns:
        The table with those columns, and by attribute 1 or -1, NaN where unknown; float64, (N,).

    Raises:
        InputError: a column is missing, or one has too many words to be an attribute.
    """
    given = ("image", "identity")
    wanted = list(names) or [name for name in header_of(path) if name not in {key, *given}]
    found = read_columns(path, list(dict.fromkeys([key, *wanted])), given)
    found.words(key)
    labels: dict[str, NDArray[np.float64]] = {}
    for name in wanted:
        labels.update(_signs(name, found))
    return found, labels


def _signs(name: str, found: Columns) -> dict[str, NDArray[np.float64]]:
    cells = found.values[name]
    known = sorted({cell for cell in cells if cell})
    lower = {cell.lower() for cell in known}
    if lower and lower <= _YES | _NO:
        return {name: _marked(cells, [cell for cell in known if cell.lower() in _YES])}
    try:
        numbers = np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        if len(known) > _MOST_WORDS:
            raise InputError(
                f"{found.path}: {name} has {len(known)} different words, more than {_MOST_WORDS}; name the columns "
                "that are attributes with --attribute"
            ) from None
        words = known[:1] if len(known) == 2 else known
        return {f"{name} {word}": _marked(cells, [word]) for word in words}
    median = np.nanmedian(numbers) if known else np.nan
    return {f"{name} above {median:g}": np.where(np.isnan(numbers), np.nan, np.where(numbers > median, 1.0, -1.0))}


def _marked(cells: Sequence[str], words: Sequence[str]) -> NDArray[np.float64]:
    return np.array([np.nan if not cell else 1.0 if cell in words else -1.0 for cell in cells])
