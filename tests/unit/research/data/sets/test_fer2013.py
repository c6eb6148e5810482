"""FER2013 in its three layouts, whole and damaged, and the real one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unit.research.data.sets.made import picture, table
from vultus.errors import ImageError, InputError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.fer2013 import PUBLISHED
from vultus.research.data.sets.words import EXPRESSIONS

COLUMNS = ("emotion", "pixels", "Usage")
VOTES = ("Usage", "Image name", "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt",
         "unknown", "NF")  # fmt: skip


def pixels(seed: int) -> str:
    return " ".join(str(level) for level in np.random.default_rng(seed).integers(0, 256, 48 * 48))


def challenge(folder: Path, usages: str = "TTPTV", labels: str = "03610") -> Path:
    """`fer2013.csv` with a row for each letter: T training, P public test, V private test."""
    words = {"T": "Training", "P": "PublicTest", "V": "PrivateTest"}
    rows = [(label, pixels(n), words[one]) for n, (one, label) in enumerate(zip(usages, labels, strict=True))]
    return table(folder / "fer2013.csv", COLUMNS, rows)


def test_published_totals_are_those_of_the_challenge() -> None:
    assert [PUBLISHED[split][""] for split in ("train", "val", "test")] == [28_709, 3_589, 3_589]


@pytest.mark.parametrize("given", ["folder", "file"])
def test_the_file_of_the_challenge(tmp_path: Path, given: str) -> None:
    file = challenge(tmp_path)
    reader = open_set("fer2013", tmp_path if given == "folder" else file)
    assert reader.splits == ("train", "val", "test")
    train = reader.read("train")
    assert train["expression"].tolist() == [0, 3, 1]
    assert train["row"].tolist() == [0, 1, 3]
    assert train["image"].shape == (3, 48, 48, 3)
    assert " ".join(map(str, train["image"][1, ..., 2].ravel())) == pixels(1)
    assert "votes" not in train.fields
    assert any("without the votes" in line for line in reader.check().remarks)


def test_votes_stand_beside_the_pictures(tmp_path: Path) -> None:
    challenge(tmp_path, "TPT", "034")
    rows = [("Training", f"fer{n:07d}.png", *([0] * n), 10, *([0] * (9 - n))) for n in range(3)]
    table(tmp_path / "fer2013new.csv", VOTES, rows)
    train = open_set("fer2013", tmp_path).read("train")
    assert train["votes"].shape == (2, 10)
    assert train["votes"].argmax(axis=1).tolist() == [0, 2]


def test_a_folder_for_each_class(tmp_path: Path) -> None:
    for number, name in enumerate(("angry", "Happiness", "neutral")):
        picture(tmp_path / "train" / name / "1.png", number)
    picture(tmp_path / "test" / "fear" / "1.png", 9)
    reader = open_set("fer2013", tmp_path)
    assert reader.read("train")["expression"].tolist() == [0, 3, 6]
    assert reader.read("train", grey=True)["image"].shape == (3, 48, 48, 1)
    assert any("nothing may be chosen on it" in line for line in reader.check().remarks)
    assert reader.check().splits["test"].published[""] == 2 * 3589
    picture(tmp_path / "val" / "sad" / "1.png", 10)
    assert open_set("fer2013", tmp_path).splits == ("train", "val", "test")


def archive(path: Path, size: int = 4, **changed: np.ndarray) -> Path:
    random = np.random.default_rng(size)
    arrays = {
        "x": random.integers(0, 256, (size, 48, 48), dtype=np.uint8),
        "y": np.arange(size, dtype=np.uint8) % 7,
        "ferplus": np.ones((size, 10), np.uint8),
        "row": np.arange(size, dtype=np.int32),
    }
    np.savez(path, **{**arrays, **changed})
    return path


def test_archives(tmp_path: Path) -> None:
    archive(tmp_path / "fer2013_train.npz")
    reader = open_set("fer2013", tmp_path)
    samples = reader.read("train", size=24)
    assert samples["image"].shape == (4, 24, 24, 3)
    assert samples["votes"].sum() == 40
    manifest = reader.check()
    assert manifest.splits["train"].classes["angry"] == 1
    assert any(line.startswith("train: 4 pictures, but 28,709 are published") for line in manifest.problems)
    assert set(manifest.remarks) == {"val is not here", "test is not here"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("emotion,pixels\n0,1\n", "must have the columns emotion, pixels, Usage, but lacks Usage"),
        ("emotion,pixels,Usage\n9,1,Training\n", "line 2: emotion must be 0 to 6, but is '9'"),
        ("emotion,pixels,Usage\n0,1,Test\n", "line 2: Usage must be one of Training"),
        ('emotion,pixels,Usage\n0,"1\x00,Training\n', "fer2013.csv"),
    ],
)
def test_damaged_lists_are_told_by_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "fer2013.csv").write_text(text, "utf-8")
    with pytest.raises(InputError, match=says):
        open_set("fer2013", tmp_path)


def test_a_list_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "fer2013.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InputError, match="cannot be read as CSV"):
        open_set("fer2013", tmp_path)


def test_votes_of_another_set_are_refused(tmp_path: Path) -> None:
    challenge(tmp_path)
    table(tmp_path / "fer2013new.csv", VOTES, [("Training", "a.png", *([1] * 10))])
    with pytest.raises(InputError, match="they do not belong together"):
        open_set("fer2013", tmp_path)
    table(tmp_path / "fer2013new.csv", VOTES, [("Training", "a.png", *(["x"] * 10))])
    with pytest.raises(InputError, match="votes must be numbers"):
        open_set("fer2013", tmp_path)


@pytest.mark.parametrize(
    ("cell", "why"),
    [("1 2 3", "line 3 has 3 pixels and not 2,304"), ("x " * 2304, "line 3 has a pixel that is no number"),
     ("256 " * 2304, "line 3 has a pixel that is no number from 0 to 255")],
)  # fmt: skip
def test_a_row_that_is_no_picture_stops_or_is_left_out(tmp_path: Path, cell: str, why: str) -> None:
    rows = [(0, pixels(0), "Training"), (1, cell, "Training"), (2, pixels(2), "Training")]
    table(tmp_path / "fer2013.csv", COLUMNS, rows)
    reader = open_set("fer2013", tmp_path)
    with pytest.raises(ImageError, match=why):
        reader.read("train")
    lines: list[str] = []
    kept = reader.read("train", on_bad="skip", tell=lines.append)
    assert kept["expression"].tolist() == [0, 2]
    assert len(lines) == 1
    assert "1 of 3 pictures cannot be read" in lines[0]
    assert why in lines[0]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"y": np.zeros(3, np.uint8)}, "must be equally long"),
        ({"y": np.full(4, 7, np.uint8)}, "must be equally long"),
        ({"x": np.zeros((4, 40, 40), np.uint8)}, r"x must be uint8 \(4, 48, 48\)"),
        ({"row": np.array([None] * 4)}, "but row cannot be read"),
    ],
)
def test_damaged_archives_are_told(tmp_path: Path, changed: dict[str, np.ndarray], says: str) -> None:
    archive(tmp_path / "fer2013_train.npz", **changed)
    with pytest.raises(InputError, match=says):
        open_set("fer2013", tmp_path).read("train")


def test_an_archive_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "fer2013_train.npz").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(InputError, match="must hold x, y, ferplus and row"):
        open_set("fer2013", tmp_path)


@pytest.mark.shared
def test_the_real_one_is_as_published(shared: Path) -> None:
    reader = open_set("fer2013", shared / "data/fer2013")
    manifest = reader.check()
    assert manifest.problems == ()
    assert "test is not here" in manifest.remarks
    val = reader.read("val")
    assert val["image"].shape == (3589, 48, 48, 3)
    happy = val["expression"] == EXPRESSIONS.index("happy")
    assert val["votes"][happy].argmax(axis=1).tolist().count(1) > 0.88 * happy.sum()
