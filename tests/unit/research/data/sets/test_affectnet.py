"""AffectNet in its three layouts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unit.research.data.sets.made import picture, table
from vultus.errors import InputError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.words import WITH_CONTEMPT

COLUMNS = ("subDirectory_filePath", "face_x", "face_y", "face_width", "face_height", "facial_landmarks", "expression",
           "valence", "arousal")  # fmt: skip
HAPPY, CONTEMPT = WITH_CONTEMPT.index("happy"), WITH_CONTEMPT.index("contempt")


def row(number: int, expression: int, name: str = "") -> tuple[object, ...]:
    return (name or f"{number}/a{number}.jpg", 4, 6, 20, 20, "1;2", expression, 0.5, -0.25)


def first_release(root: Path) -> Path:
    for number in range(4):
        picture(root / f"Manually_Annotated_Images/{number}/a{number}.jpg", number, (40, 40))
    table(root / "Manually_Annotated_file_lists/training.csv", COLUMNS, [row(0, 1), row(1, 9), row(2, 7)])
    table(root / "Manually_Annotated_file_lists/validation.csv", row(3, 0), [])  # it came without a head
    return root


def test_the_first_release(tmp_path: Path) -> None:
    reader = open_set("affectnet", first_release(tmp_path))
    train = reader.read("train", size=20)
    assert train["expression"].tolist() == [HAPPY, CONTEMPT]
    assert train["image"].shape == (2, 20, 20, 3)
    assert train["valence"].tolist() == [0.5, 0.5]
    assert reader.read("val", size=20)["expression"].tolist() == [WITH_CONTEMPT.index("neutral")]
    manifest = reader.check()
    assert "train: 2 pictures, but 287,651 are published" in manifest.problems
    assert manifest.remarks == ("1 rows without one clear expression (none, uncertain, no face) are left out",)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (row(0, 11), "line 2: expression must be 0 to 10, but is 11"),
        (("a.jpg", "x", 6, 20, 20, "", 1, 0, 0), "line 2: invalid literal"),
        (("a.jpg", 1), "line 2: 2 cells and not 9"),
    ],
)
def test_damaged_lists(tmp_path: Path, bad: tuple[object, ...], says: str) -> None:
    table(tmp_path / "training.csv", COLUMNS, [bad])
    with pytest.raises(InputError, match=says):
        open_set("affectnet", tmp_path)


def test_lists_that_are_none(tmp_path: Path) -> None:
    table(tmp_path / "training.csv", COLUMNS[:-1], [])
    with pytest.raises(InputError, match="but lacks arousal"):
        open_set("affectnet", tmp_path)
    (tmp_path / "training.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read as CSV"):
        open_set("affectnet", tmp_path)


def eight(home: Path, expressions: list[int]) -> None:
    (home / "annotations").mkdir(parents=True)
    for number, expression in enumerate(expressions):
        picture(home / f"images/{number}.jpg", number, (24, 24))
        for kind, value in (("exp", str(expression)), ("val", "-0.5"), ("aro", "0.75")):
            np.save(home / f"annotations/{number}_{kind}.npy", np.array(value))


def test_eight_classes(tmp_path: Path) -> None:
    eight(tmp_path / "train_set", [1, 7])
    eight(tmp_path / "val_set", [0])
    reader = open_set("affectnet", tmp_path)
    train = reader.read("train", size=24)
    assert train["expression"].tolist() == [HAPPY, CONTEMPT]
    assert train["arousal"].tolist() == [0.75, 0.75]
    assert "val: 1 pictures, but 3,999 are published" in reader.check().problems
    np.save(tmp_path / "val_set/annotations/0_exp.npy", np.array("8"))
    with pytest.raises(InputError, match="expression of 0 must be 0 to 7, but is 8"):
        open_set("affectnet", tmp_path)
    (tmp_path / "val_set/annotations/0_exp.npy").unlink()
    with pytest.raises(InputError, match=r"0_exp.npy must hold one number"):
        open_set("affectnet", tmp_path)


def test_a_list_of_ones_own(tmp_path: Path) -> None:
    for number in range(2):
        picture(tmp_path / f"{number}.png", number)
    rows = [("0.png", 7, "train", 0.1), ("1.png", "happiness", "dev", 0.2)]
    table(tmp_path / "affectnet.csv", ("path", "expression", "split", "valence"), rows)
    reader = open_set("affectnet", tmp_path)
    assert reader.splits == ("train", "dev")
    assert reader.read("train", size=48)["expression"].tolist() == [CONTEMPT]
    assert reader.read("dev", size=48)["expression"].tolist() == [HAPPY]
    assert reader.check().problems == ()
