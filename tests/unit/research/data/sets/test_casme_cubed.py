"""CAS(ME)^3, part A, in its published trees."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from unit.research.data.sets.made import book, frames
from vultus.errors import InputError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.casme_cubed import CLASSES

HEAD = ["Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion"]
ROWS = [HEAD, ["spNO.1", "a", 2, 3, 5, "4", "II", "disgust"], ["spNO.2", "L", 1, 2, 4, "12", "I", "happy"]]
NAMES = [f"{number}.jpg" for number in (1, 2, 3, 6)]


def tree(root: Path, home: str = "data") -> Path:
    for name in ("spNO.1/a", "spNO.2/l"):
        frames(root / home / name / "color", NAMES)
        frames(root / home / name / "depth", ["1.png"])
    return root


def test_the_table_of_the_code(tmp_path: Path) -> None:
    book(tree(tmp_path) / "casme3_label.xlsx", ROWS)
    reader = open_set("casme_cubed", tmp_path)
    assert [(one.name, one.subject, len(one.frames)) for one in reader.found.films] == [
        ("1/a", "spNO.1", 6), ("2/l", "spNO.2", 6)
    ]  # fmt: skip
    micro = reader.read("micro", size=8)
    assert [CLASSES[one] for one in micro["expression"]] == ["disgust", "happy"]
    assert micro["apex"].tolist() == [2, 1]
    manifest = reader.check()
    assert "micro: 2 pictures, but 943 are published" in manifest.problems
    assert "macro is not here" in manifest.remarks
    assert "2 people, but 100 are published" in manifest.remarks


def test_the_second_table_with_macro_expressions(tmp_path: Path) -> None:
    home = tree(tmp_path, "data/part_A") / "annotation"
    book(home / "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx", ROWS)
    book(home / "cas(me)3_part_A_MaE_label_JpgIndex_v2.xlsx", [["sub", "seq", "onset", "apex", "offset"],
                                                               ["spNO.1", "a", 1, 2, 3]])  # fmt: skip
    reader = open_set("casme_cubed", tmp_path)
    problems = reader.check().problems
    assert "micro: 2 pictures, but 860 are published" in problems
    assert "macro: 1 pictures, but 3,143 are published" in problems
    assert reader.read("macro", size=8)["expression"].tolist() == [-1]


def test_another_folder(tmp_path: Path) -> None:
    tree(tmp_path)
    with pytest.raises(InputError, match=r"holds no CAS\(ME\)\^3, part A"):
        open_set("casme_cubed", tmp_path)
    book(tmp_path / "casme3_label.xlsx", [["Subject", "Onset"]])
    with pytest.raises(InputError, match=r"names the columns Subject, Filename, Onset, Apex, Offset$"):
        open_set("casme_cubed", tmp_path)


@pytest.mark.shared
def test_the_mock_table_of_the_code(shared: Path, tmp_path: Path) -> None:
    table = shared / "data/microexpression_annotations/casme3_label_mock.xlsx"
    shutil.copyfile(table, tmp_path / "casme3_label.xlsx")
    for name in ("dzw/a1", "dzw/d1", "wy/f1"):
        frames(tmp_path / "data" / name / "color", [f"{number}.jpg" for number in range(1, 16)])
    reader = open_set("casme_cubed", tmp_path)
    micro = reader.read("micro", size=8)
    assert [CLASSES[one] for one in micro["expression"]] == ["happy", "disgust", "angry"]
    assert micro["offset"].tolist() == [14, 14, 14]
    told = "17 marked expressions are of films that are not here, the first of them dzw/f3"
    assert told in reader.check().remarks
