"""Spreadsheets as rows of text."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from unit.research.data.sets.made import book
from vultus.errors import InputError, MissingExtraError
from vultus.research.data.sets.sheets import columns_of, sheets_of, whole

WANTED = {"subject": ("Subject", "sub"), "onset": ("Onset",), "note": ("Notes",)}


def test_cells_become_text(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [["006", 12, 3.0, 2.5, None, " x "]], [["other"]])
    assert sheets_of(path) == [[("006", "12", "3", "2.5", "", "x")], [("other",)]]


def test_the_head_is_found_below_remarks(tmp_path: Path) -> None:
    rows = [["A title"], [], ["ONSET", "sub", "unused"], [7, "s1", "-"], [None, None, None], [9, "s2", "-"]]
    found = columns_of(book(tmp_path / "a.xlsx", rows), WANTED, optional=("note",))
    assert found == [
        {"row": "4", "subject": "s1", "onset": "7", "note": ""},
        {"row": "6", "subject": "s2", "onset": "9", "note": ""},
    ]


def test_what_is_no_such_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no row that names the columns Subject, Onset$"):
        columns_of(book(tmp_path / "a.xlsx", [["Subject"], ["s1"]]), WANTED, optional=("note",))
    with pytest.raises(InputError, match=r"a\.xls cannot be read: save it as \.xlsx"):
        sheets_of(tmp_path / "a.xls")
    (tmp_path / "b.xlsx").write_bytes(b"PK no archive")
    with pytest.raises(InputError, match=r"b\.xlsx cannot be read as a spreadsheet"):
        sheets_of(tmp_path / "b.xlsx")
    with pytest.raises(InputError, match="row 3: expected a whole number, not 'x'"):
        whole("x", "row 3")


def test_without_openpyxl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r"vultus\[research\]"):
        sheets_of(tmp_path / "a.xlsx")


@pytest.mark.shared
def test_a_real_workbook(shared: Path) -> None:
    file = shared / "data/microexpression_annotations/CASME2-coding-20190701.xlsx"
    columns = {"subject": ("Subject",), "apex": ("ApexFrame",), "emotion": ("Estimated Emotion",)}
    rows = columns_of(file, columns)
    assert len(rows) == 255
    assert len({row["subject"] for row in rows}) == 26
    assert rows[0] == {"row": "2", "subject": "01", "apex": "59", "emotion": "happiness"}
    assert [row["apex"] for row in rows].count("/") == 1
