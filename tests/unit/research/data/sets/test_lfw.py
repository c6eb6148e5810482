"""LFW in its layouts, and the part of it that is at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.research.data.sets.made import picture, table
from vultus.errors import InputError
from vultus.research.data.sets import open_set


def people(root: Path) -> Path:
    for name, pictures in (("Ada_Lovelace", 2), ("Grace_Hopper", 1), ("Emmy_Noether", 1)):
        for number in range(1, pictures + 1):
            picture(root / f"lfw/{name}/{name}_{number:04d}.jpg", number)
    return root


def test_a_folder_for_each_person(tmp_path: Path) -> None:
    people(tmp_path)
    (tmp_path / "lfw/notes").mkdir()
    reader = open_set("lfw", tmp_path)
    samples = reader.read("all", size=32)
    assert samples.subjects is not None
    assert samples.subjects.tolist() == ["Ada_Lovelace"] * 2 + ["Emmy_Noether", "Grace_Hopper"]
    assert reader.check().problems == ("all: 4 pictures, but 13,233 are published",)
    assert reader.check().remarks == ("3 people, but 5,749 are published",)


def test_the_splits_of_view_one(tmp_path: Path) -> None:
    people(tmp_path)
    (tmp_path / "peopleDevTrain.txt").write_text("2\nAda_Lovelace\t2\nGrace_Hopper\t1\n", "utf-8")
    (tmp_path / "peopleDevTest.txt").write_text("1\nEmmy_Noether\t1\n", "utf-8")
    reader = open_set("lfw", tmp_path)
    assert len(reader.read("train", size=32)) == 3
    assert reader.check(decode=True).shared["train/test"]["people"] == 0
    (tmp_path / "peopleDevTest.txt").write_text("1\nAda_Lovelace\t2\n", "utf-8")
    assert "train/test share 1 people" in open_set("lfw", tmp_path).check().problems


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("2\nAda_Lovelace\t2\n", "says 2 people, but names 1"),
        ("Ada_Lovelace\t2\n", "must hold a number and then a name in each line"),
        ("1\nNobody\t2\n", r"names Nobody, who has no folder with pictures \(1 such names\)"),
    ],
)
def test_damaged_lists(tmp_path: Path, content: str, says: str) -> None:
    people(tmp_path)
    (tmp_path / "peopleDevTest.txt").write_text(content, "utf-8")
    with pytest.raises(InputError, match=says):
        open_set("lfw", tmp_path)


def test_a_list(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    table(tmp_path / "images.csv", ("image", "identity", "gender_noisy"), [("a.jpg", "Ada", "female")])
    reader = open_set("lfw", tmp_path)
    assert reader.read("all", size=32)["gender_noisy"].tolist() == ["female"]
    assert any("a sample of the set" in line for line in reader.check().remarks)
    table(tmp_path / "images.csv", ("image",), [("a.jpg",)])
    with pytest.raises(InputError, match="holds no LFW"):
        open_set("lfw", tmp_path)


@pytest.mark.shared
def test_the_real_part(shared: Path) -> None:
    reader = open_set("lfw", shared / "data/lfw_view2")
    manifest = reader.check()
    assert manifest.problems == ()
    assert manifest.splits["all"].pictures == 3_811
    assert manifest.splits["all"].subjects == 2_086
