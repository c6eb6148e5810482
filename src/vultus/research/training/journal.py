"""What was measured on the way: a CSV file with one row per figure (stage, step, what, value), and curves of it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

COLUMNS = ("stage", "step", "what", "value")


class Row(NamedTuple):
    """One figure.

    Attributes:
        stage: name.
        step: within the stage, counted from 0.
        what: "<player>/<part of the loss>", "<player>/rate", "<player>/gradient" or "validation/<metric>".
        value: the figure.
    """

    stage: str
    step: int
    what: str
    value: float


class Journal:
    """A journal being written; rows reach the disk with `flush`.

    Args:
        path: of the CSV file.
        keep: which rows of an earlier run stay; none without.
    """

    def __init__(self, path: Path, keep: Callable[[Row], bool] | None = None) -> None:
        kept = [row for row in rows(path) if keep(row)] if keep is not None and path.exists() else []
        new = path.with_suffix(".new")
        with new.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *kept])
        new.replace(path)
        self._file = path.open("a", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file)

    def note(self, stage: str, step: int, values: Mapping[str, float]) -> None:
        """Figures of a step."""
        self._writer.writerows([stage, step, what, repr(float(value))] for what, value in values.items())

    def flush(self) -> None:
        """Make sure that everything noted can be read."""
        self._file.flush()

    def close(self) -> None:
        """Nothing more will be noted."""
        self._file.close()


def rows(path: Path) -> list[Row]:
    """The rows of a journal; one that a kill cut short is left out."""
    found = []
    with path.open(newline="", encoding="utf-8") as file:
        for cells in list(csv.reader(file))[1:]:
            try:
                stage, step, what, value = cells
                found.append(Row(stage, int(step), what, float(value)))
            except ValueError:
                continue
    return found
