"""CFEE from a list, and from names."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.research.data.sets.made import picture, table
from vultus.errors import InputError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.cfee import CLASSES


def test_the_classes_are_twenty_two() -> None:
    assert len(set(CLASSES)) == 22
    assert CLASSES[0] == "neutral"
    assert CLASSES[-1] == "awed"


def test_a_list(tmp_path: Path) -> None:
    for number in range(3):
        picture(tmp_path / f"pictures/{number}.jpg", number)
    rows = [("pictures/0.jpg", "s1", 1), ("pictures/1.jpg", "s1", 22), ("pictures/2.jpg", "s2", "Happily surprised")]
    table(tmp_path / "cfee.csv", ("path", "subject", "label"), rows)
    reader = open_set("cfee", tmp_path)
    samples = reader.read("all", size=48)
    assert samples["expression"].tolist() == [0, 21, 7]
    assert samples.subjects is not None
    assert samples.subjects.tolist() == ["s1", "s1", "s2"]
    manifest = reader.check()
    assert "all: 3 pictures, but 5,060 are published" in manifest.problems
    assert manifest.remarks == ("2 people, but 230 are published",)


@pytest.mark.parametrize("names", [("8_happily/s1.jpg", "22_awed/s2.jpg"), ("face_s1_8.jpg", "face_s2_22.jpg")])
def test_names(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        picture(tmp_path / name)
    samples = open_set("cfee", tmp_path).read("all", size=48)
    assert sorted(samples["expression"].tolist()) == [7, 21]
    assert samples.subjects is not None
    assert set(samples.subjects) == {"s1", "s2"}


def test_a_label_that_is_none(tmp_path: Path) -> None:
    picture(tmp_path / "face_s1_23.jpg")
    with pytest.raises(InputError, match="'23' is none of the labels neutral, happy"):
        open_set("cfee", tmp_path)
    with pytest.raises(InputError, match="holds no CFEE"):
        open_set("cfee", tmp_path / "face_s1_23.jpg")
