"""Tables of annotations as spreadsheets (.xlsx): rows of text, and the columns below a head that stands anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vultus.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Row = tuple[str, ...]


def sheets_of(path: Path) -> list[list[Row]]:
    """Every sheet of a workbook in order, cell by cell as text; whole numbers without a point, empty cells as "".

    Raises:
        InputError: it cannot be read.
        MissingExtraError: openpyxl is not installed.
    """
    if path.suffix.lower() != ".xlsx":
        raise InputError(f"{path} cannot be read: save it as .xlsx")
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise MissingExtraError("openpyxl", "research") from error
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        found = [[tuple(map(_text, row)) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets]
        book.close()
    except Exception as error:  # whatever a damaged archive makes of a parser
        raise InputError(f"{path} cannot be read as a spreadsheet: {error}") from error
    return found


def columns_of(path: Path, wanted: Mapping[str, Sequence[str]], optional: Sequence[str] = ()) -> list[dict[str, str]]:
    """Rows of the first sheet below its head, which is the first row that names what is wanted.

    Args:
        path: of the workbook.
        wanted: names that a column may have, in any case, by ours.
        optional: those of ours that may be lacking; their cells are "".

    Returns:
        Cells by our names, with "row" the row of the sheet, counted from 1; rows without a cell are left out.

    Raises:
        InputError: it cannot be read, or has no such head.
    """
    sheet = (sheets_of(path) or [[]])[0]
    for number, head in enumerate(sheet, 1):
        names = [cell.lower() for cell in head]
        places = {
            ours: next((names.index(one.lower()) for one in theirs if one.lower() in names), -1)
            for ours, theirs in wanted.items()
        }
        if all(place >= 0 or ours in optional for ours, place in places.items()):
            return [_cells(row, places, below) for below, row in enumerate(sheet[number:], number + 1) if any(row)]
    needed = ", ".join(theirs[0] for ours, theirs in wanted.items() if ours not in optional)
    raise InputError(f"{path} has no row that names the columns {needed}")


def _cells(row: Row, places: Mapping[str, int], number: int) -> dict[str, str]:
    return {"row": str(number), **{ours: row[place] if place >= 0 else "" for ours, place in places.items()}}


def whole(text: str, where: str) -> int:
    """A whole number.

    Raises:
        InputError: it is none.
    """
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{where}: expected a whole number, not '{text}'") from None


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
