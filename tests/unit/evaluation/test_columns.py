"""CSV files by column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.evaluation.columns import header_of, numbered, read_columns


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "x.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_cells(tmp_path: Path) -> None:
    path = written(tmp_path, "﻿a, b ,c\r\n1, x ,\r\n-2e3,y,0\r\n\r\n")
    got = read_columns(path, ("a",), ("b", "d"))
    assert header_of(path) == ("a", "b", "c")
    assert (got.size, got.unused, "d" in got, "b" in got) == (2, ("c",), False, True)
    assert got.numbers("a").tolist() == [1, -2000]
    assert got.words("b") == ("x", "y")
    assert got.line(1).endswith("x.csv, line 3")
    assert read_columns(path, ("c",)).numbers("c", missing=True).tolist() == [-np.inf, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must have the columns a, each once, but has none"),
        ("b\n1", "must have the columns a, each once, but has b"),
        ("a\n", "has no rows"),
        ("a,b\n1,2\n3\n", "line 3: expected 2 cells, a,b, but it has 1"),
        (b"a\n\xff\n", "it is no CSV file in UTF-8"),
        ('a\n"1', "it is no CSV file in UTF-8"),
    ],
)
def test_bad_tables(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_columns(written(tmp_path, text), ("a",))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*: No such file"):
        read_columns(tmp_path / "none.csv", ("a",), ("b",))


def test_what_stands_there_twice(tmp_path: Path) -> None:
    got = read_columns(written(tmp_path, "a,b\n1,2\n2,1\n"), ("a", "b"))
    got.unique("a", "b")
    with pytest.raises(InputError, match=r"line 3: this pair is in line 2 already \(2, 1\)"):
        got.unique("a", "b", ordered=False, what="pair")


def test_numbers_of_texts() -> None:
    names, (a, b) = numbered(("x", "y"), ("y", "z"))
    assert (names, a.tolist(), b.tolist()) == (("x", "y", "z"), [0, 1], [1, 2])
