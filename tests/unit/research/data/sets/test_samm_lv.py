"""SAMM Long Videos in its published tree."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from unit.research.data.sets.made import book, frames
from vultus.errors import InputError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.samm_lv import CLASSES, MICRO, PUBLISHED, marks, named_emotions
from vultus.research.data.sets.words import word

HEAD = ["Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type", "Action Units"]
ROWS = [
    ["SAMM Long Videos Dataset - FACS Codes"], [], HEAD,
    ["006", "006_1_2", 1, 2, 4, 6, 5, "Micro - 1/2", "4+7", None],
    ["006", "006_1_3", 1, 1, -1, 8, 8, "Macro", "12", None],
    ["007", "007_3_1", 3, 1, 2, 3, 3, "Micro - 1/2", "20", None],
]  # fmt: skip
EMOTIONS = [["Filename", "Micro", "Estimated Emotion"], ["006_1_2", "Micro - 1/2", "Anger"],
            ["007_3_1", "Micro - 1/2", "Other"]]  # fmt: skip


def tree(root: Path, home: str = "SAMM_longvideos") -> Path:
    book(root / "SAMM_LongVideos_V3_Release.xlsx", ROWS)
    for name in ("006_1", "007_3"):
        frames(root / home / name, [f"{name}_{number:04d}.jpg" for number in range(1, 10)])
    return root


def test_published_totals() -> None:
    assert {name: one[""] for name, one in PUBLISHED.items()} == {"films": 147, "micro": 159, "macro": 343}
    assert sum(MICRO[one] for one in CLASSES) == MICRO[""]


def test_films_and_marks(tmp_path: Path) -> None:
    book(tree(tmp_path) / "SAMM_Micro_FACS_Codes_v2.xlsx", EMOTIONS)
    reader = open_set("samm_lv", tmp_path)
    assert [(one.name, one.subject, one.fps) for one in reader.found.films] == [
        ("006_1", "006", 200.0), ("007_3", "007", 200.0)
    ]  # fmt: skip
    micro = reader.read("micro", size=8)
    assert [CLASSES[one] for one in micro["expression"]] == ["angry", "others"]
    assert reader.read("macro", size=8)["apex"].tolist() == [3]
    problems = reader.check().problems
    assert "films: 2 pictures, but 147 are published" in problems
    assert "micro, angry: 1 pictures, but 57 are published" in problems


def test_without_emotions_and_with_the_films_at_the_top(tmp_path: Path) -> None:
    reader = open_set("samm_lv", tree(tmp_path, "."))
    manifest = reader.check()
    assert "no expression bears a word: SAMM_Micro_FACS_Codes_v2.xlsx is not here" in manifest.remarks
    assert reader.read("micro", size=8)["expression"].tolist() == [-1, -1]


def test_another_folder_and_another_type(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no SAMM Long Videos"):
        open_set("samm_lv", tmp_path)
    row = [*ROWS[3]]
    row[7] = "Blink"
    book(tree(tmp_path) / "SAMM_LongVideos_V3_Release.xlsx", [HEAD, row])
    with pytest.raises(InputError, match="row 2: expected the type Micro or Macro, not 'Blink'"):
        open_set("samm_lv", tmp_path)


@pytest.mark.shared
def test_real_emotions_and_the_mock_table(shared: Path, tmp_path: Path) -> None:
    home = shared / "data/microexpression_annotations"
    emotions = named_emotions(home / "SAMM_Micro_FACS_Codes_v2.xlsx")
    counted = Counter(map(word, emotions.values()))
    assert {"": len(emotions), **counted} == MICRO
    mock = home / "SAMM_LongVideos_V3_Release_mock.xlsx"
    assert sum(map(len, marks(mock, emotions).values())) == 10
    shutil.copyfile(mock, tmp_path / "SAMM_LongVideos_V3_Release.xlsx")
    shutil.copyfile(home / "SAMM_Micro_FACS_Codes_v2.xlsx", tmp_path / "SAMM_Micro_FACS_Codes_v2.xlsx")
    frames(tmp_path / "SAMM_longvideos/001_2", [f"001_2_{number:04d}.jpg" for number in range(1, 101)])
    reader = open_set("samm_lv", tmp_path)
    micro = reader.read("micro", size=8)
    assert (micro["onset"].tolist(), micro["apex"].tolist(), micro["offset"].tolist()) == ([0], [9], [99])
