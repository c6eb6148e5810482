"""CSV files of somebody else's system: read by column, and refused with the line number when something is off."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_TRUTH = {"1": True, "true": True, "0": False, "false": False}
_MISSING = {"", "-inf", "-infinity"}


@dataclass(frozen=True, slots=True)
class Columns:
    """A table of text.

    Attributes:
        path: the file.
        values: text of each row by column.
        unused: columns of the file that nobody asked for.
        size: number of rows.
    """

    path: Path
    values: Mapping[str, tuple[str, ...]]
    unused: tuple[str, ...]
    size: int

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def line(self, row: int) -> str:
        """Where a row stands, for messages."""
        return f"{self.path}, line {row + 2}"

    def words(self, name: str) -> tuple[str, ...]:
        """Text of a column, in which none may be empty.

        Raises:
            InputError: one is.
        """
        found = self.values[name]
        if "" in found:
            raise InputError(f"{self.line(found.index(''))}: {name} is empty")
        return found

    def numbers(self, name: str, *, missing: bool = False, instead: str = "") -> NDArray[np.float64]:
        """Finite numbers, (N,); with `missing`, an empty cell or -inf is minus infinity: there was no answer.

        Args:
            name: of the column.
            missing: see above.
            instead: what to do about a cell that is none, for the message.

        Raises:
            InputError: a cell is something else.
        """
        found: Sequence[str] = self.values[name]
        if missing:
            found = ["-inf" if cell.lower() in _MISSING else cell for cell in found]
        try:
            out = np.array(found, dtype=np.str_).astype(np.float64)
        except ValueError:
            out = np.array([_number(cell) for cell in found])
        wrong = np.flatnonzero(~(np.isfinite(out) | (np.isneginf(out) & missing)))
        if wrong.size:
            row = int(wrong[0])
            hint = "; leave it empty where there was no answer" if missing else instead and f"; {instead}"
            raise InputError(
                f"{self.line(row)}: {name} must be a finite number, but is '{self.values[name][row]}'{hint}"
            )
        return out

    def truths(self, name: str) -> NDArray[np.bool_]:
        """1 or 0, true or false, (N,).

        Raises:
            InputError: a cell is neither.
        """
        found = [_TRUTH.get(cell.lower()) for cell in self.values[name]]
        if None in found:
            row = found.index(None)
            raise InputError(f"{self.line(row)}: {name} must be 1 or 0, but is '{self.values[name][row]}'")
        return np.array(found, dtype=bool)

    def unique(self, *names: str, ordered: bool = True, what: str = "row") -> None:
        """Refuse a combination of cells that stands there twice.

        Args:
            names: columns.
            ordered: whether a,b differs from b,a.
            what: a row is, for the message.

        Raises:
            InputError: one does.
        """
        seen: dict[tuple[str, ...], int] = {}
        for row, key in enumerate(zip(*(self.values[name] for name in names), strict=True)):
            first = seen.setdefault(key if ordered else tuple(sorted(key)), row)
            if first != row:
                raise InputError(f"{self.line(row)}: this {what} is in line {first + 2} already ({', '.join(key)})")

    def unused_warning(self) -> tuple[str, ...]:
        """A line about columns that were not used, when there are any."""
        return (f"columns of {self.path.name} that were not used: {', '.join(self.unused)}",) if self.unused else ()


def read_columns(path: Path, needed: Sequence[str], optional: Sequence[str] = ()) -> Columns:
    """Read a CSV file with a line of column names.

    Args:
        path: UTF-8 file.
        needed: columns it must have.
        optional: columns it may have; others are left alone.

    Raises:
        InputError: it cannot be read, lacks a column or a cell, names a column twice, or has no rows.
    """
    header, rows = _cells(path)
    lacking = [name for name in needed if name not in header]
    if lacking or len(set(header)) < len(header):
        extra = f" (and may have {','.join(optional)})" if optional else ""
        raise InputError(
            f"{path} must have the columns {','.join(needed)}{extra}, each once, but has {','.join(header) or 'none'}"
        )
    if not rows:
        raise InputError(f"{path} has no rows")
    bad = next((number for number, row in enumerate(rows, 2) if len(row) != len(header)), None)
    if bad is not None:
        raise InputError(f"{path}, line {bad}: expected {len(header)} cells, {','.join(header)}, but it has "
                         f"{len(rows[bad - 2])}")  # fmt: skip
    by_column = dict(zip(header, zip(*rows, strict=True), strict=True))
    wanted = (*needed, *optional)
    return Columns(
        path,
        {name: tuple(map(str.strip, cells)) for name, cells in by_column.items() if name in wanted},
        tuple(name for name in header if name not in wanted),
        len(rows),
    )


def header_of(path: Path) -> tuple[str, ...]:
    """Column names of a CSV file."""
    return tuple(_cells(path, head_only=True)[0])


def numbered(*columns: Sequence[str]) -> tuple[tuple[str, ...], list[NDArray[np.int64]]]:
    """Distinct texts of all columns as they appear, and the number of each cell among them, int64 (N,) per column."""
    codes: dict[str, int] = {}
    out = [np.array([codes.setdefault(cell, len(codes)) for cell in column], dtype=np.int64) for column in columns]
    return tuple(codes), out


def _cells(path: Path, *, head_only: bool = False) -> tuple[list[str], list[list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            rows = [] if head_only else list(reader)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read {path}: it is no CSV file in UTF-8") from error
    while rows and not rows[-1]:
        rows.pop()
    return header, rows


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
