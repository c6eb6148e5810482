"""FairFace as published, and the sample at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.research.data.sets.made import picture, table
from vultus.errors import InputError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.fairface import AGES, PUBLISHED, RACES

COLUMNS = ("file", "age", "gender", "race", "service_test")


def test_published_totals() -> None:
    assert {split: counts[""] for split, counts in PUBLISHED.items()} == {"train": 86_744, "val": 10_954}


def test_as_published(tmp_path: Path) -> None:
    for split in ("train", "val"):
        rows = [(f"{split}/1.jpg", "more than 70", "Male", "East Asian", "True"),
                (f"{split}/2.jpg", "0-2", "Female", "Black", "False")]  # fmt: skip
        table(tmp_path / f"fairface_label_{split}.csv", COLUMNS, rows)
        for number in (1, 2):
            picture(tmp_path / f"{split}/{number}.jpg", number)
    reader = open_set("fairface", tmp_path)
    val = reader.read("val", size=24)
    assert [RACES[one] for one in val["race"]] == ["East Asian", "Black"]
    assert [AGES[one] for one in val["age"]] == ["more than 70", "0-2"]
    assert val["gender"].tolist() == [0, 1]
    assert "train: 2 pictures, but 86,744 are published" in reader.check().problems


def test_a_wrong_label(tmp_path: Path) -> None:
    table(tmp_path / "fairface_label_train.csv", COLUMNS, [("train/1.jpg", "0-2", "male", "Black", "True")])
    with pytest.raises(InputError, match="gender must be one of Male, Female, but is 'male'"):
        open_set("fairface", tmp_path)


def test_another_list_is_not_taken_for_it(tmp_path: Path) -> None:
    table(tmp_path / "labels.csv", ("image", "label"), [("1.jpg", "x")])
    with pytest.raises(InputError, match=r"holds no FairFace.*found: labels.csv"):
        open_set("fairface", tmp_path)


@pytest.mark.shared
def test_the_real_sample(shared: Path) -> None:
    reader = open_set("fairface", shared / "data/fairface_train_sample")
    manifest = reader.check()
    assert set(manifest.splits["all"].classes.values()) == {120}
    assert reader.read("all", size=16)["image"].shape == (840, 16, 16, 3)
