"""Reading any set: wrong folders, damaged pictures, empty splits, what two splits share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unit.research.data.sets.made import broken, picture
from vultus.errors import ImageError, InputError, UnknownNameError
from vultus.research.data.sets import reader as reading
from vultus.research.data.sets.folders import pictures_in
from vultus.research.data.sets.material import DataSet, Files, Found, Part
from vultus.research.data.sets.reader import Reader


def find(root: Path) -> Found | None:
    """A toy: folders `train` and `test`, everything "a" or "b" by the first letter of its name, people by the last."""
    parts = {}
    for split in ("train", "test"):
        if (root / split).is_dir():
            paths = tuple(pictures_in(root / split))
            labels = np.array([int(path.name[0] == "b") for path in paths], dtype=np.int64)
            people = np.array([path.stem[-1] for path in paths], dtype=str)
            parts[split] = Part(Files(paths), {"kind": labels}, people)
    return Found("toy", parts, {"train": {"": 3, "a": 2, "b": 1}, "test": {"": 1}}) if parts else None


TOY = DataSet("toy", "the toy set", "kind", ("a", "b"), ("train/", "test/"), find, "nobody's", size=16, apart=True)


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    for number, name in enumerate(("a1", "a2", "b1")):
        picture(tmp_path / "train" / f"{name}.png", number, (16, 16))
    picture(tmp_path / "test" / "b3.png", 9, (16, 16))
    return tmp_path


def test_a_whole_set(toy: Path) -> None:
    manifest = Reader(TOY, toy).check(decode=True)
    assert manifest.problems == ()
    assert manifest.splits["train"].classes == {"a": 2, "b": 1}
    assert manifest.splits["train"].subjects == 2
    assert manifest.shared == {"train/test": {"people": 0, "identical pictures": 0}}
    samples = Reader(TOY, toy).read("train")
    assert samples["kind"].tolist() == [0, 0, 1]
    assert samples.subjects is not None
    assert samples.subjects.tolist() == ["1", "2", "1"]
    assert samples.name == "toy train"


def test_a_wrong_folder_says_what_was_looked_for_and_found(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no the toy set: looked for: train/ / or: test/; found: nothing"):
        Reader(TOY, tmp_path)
    for number in range(8):
        (tmp_path / f"{number}.txt").write_text("x")
    with pytest.raises(InputError, match=r"found: 0.txt, 1.txt, .* and 2 more"):
        Reader(TOY, tmp_path)
    with pytest.raises(InputError, match="found: a file of 1 bytes"):
        Reader(TOY, tmp_path / "0.txt")
    with pytest.raises(InputError, match=r"is not there; looked for: train/"):
        Reader(TOY, tmp_path / "nowhere")


def test_a_damaged_picture_stops_or_is_left_out_and_told(toy: Path) -> None:
    broken(toy / "train" / "a2.png")
    reader = Reader(TOY, toy)
    with pytest.raises(ImageError, match=r"a2.png: .*; on_bad=skip leaves it out"):
        reader.read("train")
    with pytest.warns(UserWarning, match=r"toy train: 1 of 3 pictures cannot be read \(train/a2.png: .* and left out"):
        samples = reader.read("train", on_bad="skip")
    assert samples["kind"].tolist() == [0, 1]
    assert (
        samples["image"][1] == Reader(TOY, toy).read("train", on_bad="skip", tell=lambda line: None)["image"][1]
    ).all()
    assert reader.check().problems == ()
    problems = reader.check(decode=True).problems
    assert len(problems) == 1
    assert problems[0].startswith("train: 1 of 3 pictures cannot be read (train/a2.png")


def test_large_parts_stay_in_their_files(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Reader(TOY, toy).read("train")
    monkeypatch.setattr(reading, "_IN_MEMORY", 0)
    broken(toy / "train" / "a2.png")
    samples = Reader(TOY, toy).read("train", on_bad="skip", tell=lambda line: None)
    assert not isinstance(samples.fields["image"], np.ndarray)
    assert (samples["image"] == whole["image"][[0, 2]]).all()


def test_empty_splits_are_told(toy: Path) -> None:
    (toy / "test" / "b3.png").unlink()
    reader = Reader(TOY, toy)
    with pytest.raises(InputError, match=r"toy test in .* is empty: no picture of it is there"):
        reader.read("test")
    with pytest.raises(UnknownNameError, match="unknown split 'tset'; did you mean 'test'"):
        reader.read("tset")
    broken(toy / "test" / "b3.png")
    with pytest.raises(InputError, match="is empty: none of its pictures can be read"):
        Reader(TOY, toy).read("test", on_bad="skip", tell=lambda line: None)


def test_a_size_is_asked_for_where_the_set_has_none(toy: Path) -> None:
    many = DataSet("toy", "the toy set", "kind", ("a", "b"), ("train/",), find, "nobody's")
    with pytest.raises(InputError, match=r"have many sizes; say one, e\.g\. size=112"):
        Reader(many, toy).read("train")
    assert Reader(many, toy).read("train", size=8)["image"].shape == (3, 8, 8, 3)


def test_people_and_pictures_in_two_splits_are_found(toy: Path) -> None:
    (toy / "test" / "b3.png").unlink()
    picture(toy / "test" / "b1.png", 0, (16, 16))
    manifest = Reader(TOY, toy).check(decode=True)
    assert manifest.shared["train/test"] == {"people": 1, "identical pictures": 1}
    assert "train/test share 1 people" in manifest.problems


def test_a_missing_split_and_wrong_totals(toy: Path) -> None:
    (toy / "test" / "b3.png").unlink()
    (toy / "test").rmdir()
    (toy / "train" / "b1.png").unlink()
    manifest = Reader(TOY, toy).check()
    assert manifest.remarks == ("test is not here",)
    assert manifest.problems == (
        "train: 2 pictures, but 3 are published",
        "train, b: 0 pictures, but 1 are published",
    )
