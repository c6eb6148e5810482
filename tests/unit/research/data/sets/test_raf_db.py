"""RAF-DB in its two layouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.research.data.sets.made import picture
from vultus.errors import InputError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.raf_db import PUBLISHED
from vultus.research.data.sets.words import EXPRESSIONS

ROWS = {"train_00001": 5, "train_00002": 1, "test_0001": 7}


def basic(root: Path, aligned: bool = True) -> Path:
    home = root / "basic"
    (home / "EmoLabel").mkdir(parents=True)
    (home / "Annotation/manual").mkdir(parents=True)
    for number, name in enumerate(ROWS):
        picture(home / (f"Image/aligned/{name}_aligned.jpg" if aligned else f"Image/original/{name}.jpg"), number)
        text = "10.0\t20.0\n" * 5 + f"{number}\n1\n3\n"
        (home / f"Annotation/manual/{name}_manu_attri.txt").write_text(text, "utf-8")
    lines = "".join(f"{name}.jpg {label}\n" for name, label in ROWS.items())
    (home / "EmoLabel/list_patition_label.txt").write_text(lines, "utf-8")
    return root


def test_published_totals() -> None:
    assert {split: counts[""] for split, counts in PUBLISHED.items()} == {"train": 12_271, "test": 3_068}


@pytest.mark.parametrize("aligned", [True, False])
def test_as_published(tmp_path: Path, aligned: bool) -> None:
    reader = open_set("raf_db", basic(tmp_path, aligned))
    train = reader.read("train", size=32)
    assert [EXPRESSIONS[one] for one in train["expression"]] == ["sad", "surprise"]
    assert train["gender"].tolist() == [0, 1]
    assert train["age"].tolist() == [3, 3]
    assert bool(reader.check().remarks) != aligned
    assert "test: 1 pictures, but 3,068 are published" in reader.check().problems


def test_folders_one_to_seven(tmp_path: Path) -> None:
    picture(tmp_path / "train/1/train_00002_aligned.jpg")
    picture(tmp_path / "train/6/train_00003_aligned.jpg")
    picture(tmp_path / "test/7/test_0001_aligned.jpg")
    reader = open_set("raf_db", tmp_path)
    assert sorted(EXPRESSIONS[one] for one in reader.read("train")["expression"]) == ["angry", "surprise"]
    assert reader.read("test")["image"].shape == (1, 100, 100, 3)


@pytest.mark.parametrize("line", ["train_00001.jpg 8", "valid_00001.jpg 1", "train_00001.jpg"])
def test_a_damaged_list(tmp_path: Path, line: str) -> None:
    basic(tmp_path)
    file = tmp_path / "basic/EmoLabel/list_patition_label.txt"
    file.write_text(f"train_00002.jpg 1\n{line}\n", "utf-8")
    with pytest.raises(InputError, match=f"line 2: expected 'train_00001.jpg 5' .* but it is '{line}'"):
        open_set("raf_db", tmp_path)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"list_patition_label.txt cannot be read"):
        open_set("raf_db", tmp_path)


def test_damaged_attributes(tmp_path: Path) -> None:
    basic(tmp_path)
    (tmp_path / "basic/Annotation/manual/test_0001_manu_attri.txt").write_text("1 2 3", "utf-8")
    with pytest.raises(InputError, match="must hold five points, then gender, race and age"):
        open_set("raf_db", tmp_path)
