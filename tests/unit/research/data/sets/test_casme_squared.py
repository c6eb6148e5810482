"""CAS(ME)^2 in its published trees."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.research.data.sets.made import book, frames
from unit.research.data.sets.test_recordings import film
from vultus.errors import InputError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.casme_squared import CLASSES, PUBLISHED

ROWS = [
    [1, "anger1_1", 2, 4, 6, "4+7", "negative", "micro-expression", "anger"],
    [1, "anger1_2", 7, 8, 0, "12", "positive", "macro-expression", "happiness"],
    [2, "disgust1_1", 1, 2, 3, "4", "others", "micro-expression", "helpless"],
]
PEOPLE = [[15, "s15", 1], [16, "s16", 2]]
FILMS = [["0401", "anger1"], [101, "disgust1"]]


def tree(root: Path, rows: list[list[object]] = ROWS) -> Path:
    """Two people with a film each, and a third film of which nothing is said."""
    book(root / "CAS(ME)^2code_final.xlsx", rows, PEOPLE, FILMS)
    for name in ("s15/15_0401girlcrashed", "s15/15_0102eatingworms", "s16/16_0101disgustingteeth"):
        frames(root / "rawpic" / name, [f"img{number:03d}.jpg" for number in range(1, 10)])
    frames(root / "rawpic/s15/notes", ["img001.jpg"])
    return root


def test_published_totals() -> None:
    assert {name: one[""] for name, one in PUBLISHED.items()} == {"films": 98, "micro": 57, "macro": 300}


def test_folders_of_frames(tmp_path: Path) -> None:
    reader = open_set("casme_squared", tree(tmp_path))
    assert reader.found.layout == "frames in folders"
    assert [one.name for one in reader.found.films] == ["15_0102", "15_0401", "16_0101"]
    micro = reader.read("micro", size=8)
    assert [CLASSES[one] for one in micro["expression"]] == ["negative", "others"]
    assert micro["onset"].tolist() == [1, 0]
    assert micro["offset"].tolist() == [5, 2]
    assert micro.subjects is not None
    assert micro.subjects.tolist() == ["s15", "s16"]
    assert reader.read("macro", size=8)["offset"].tolist() == [7]
    manifest = reader.check(decode=True)
    assert "micro: 2 pictures, but 57 are published" in manifest.problems
    assert "films: 3 pictures, but 98 are published" in manifest.problems
    assert "2 people, but 22 are published" in manifest.remarks


def test_films_in_files(tmp_path: Path) -> None:
    book(tmp_path / "CAS(ME)^2code_final(Updated).xlsx", ROWS, PEOPLE, FILMS)
    for name in ("s15/15_0401girlcrashed.avi", "s16/16_0101disgustingteeth.avi"):
        (tmp_path / "rawvideo" / name).parent.mkdir(parents=True)
        film(tmp_path / "rawvideo" / name, 9)
    reader = open_set("casme_squared", tmp_path)
    assert reader.found.layout == "films in files"
    micro = reader.read("micro", size=8)
    assert abs(int(micro["image"][0].mean()) - 50) < 6
    assert micro["film"].tolist() == [0, 1]


def test_another_folder_and_damaged_tables(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no CAS\(ME\)\^2: looked for: CAS\(ME\)\^2code_final\.xlsx beside"):
        open_set("casme_squared", tmp_path)
    for at, cell, told in (
        (0, 9, r"row 1: person 9 or film 'anger1' is not in the sheets"),
        (1, "fear1_1", r"row 1: person 1 or film 'fear1' is not in the sheets"),
        (7, "blink", r"row 1: expected micro-expression or macro-expression, not 'blink'"),
        (2, "?", r"row 1: expected a whole number, not '\?'"),
    ):
        row = [*ROWS[0]]
        row[at] = cell
        with pytest.raises(InputError, match=told):
            open_set("casme_squared", tree(tmp_path, [row]))
    with pytest.raises(InputError, match="row 1: 2 cells, but 8 are expected"):
        open_set("casme_squared", tree(tmp_path, [[1, "anger1_1"]]))
    book(tmp_path / "CAS(ME)^2code_final.xlsx", ROWS)
    with pytest.raises(InputError, match=r"must have three sheets .* but has 1"):
        open_set("casme_squared", tmp_path)
