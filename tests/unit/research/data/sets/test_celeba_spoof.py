from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from unit.research.data.sets.filmed import rows
from vultus.errors import InputError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.celeba_spoof import CLASSES


def numbers(kind: int, attack: int, light: int = 0, place: int = 0) -> list[int]:
    return [0] * 40 + [kind, light, place, attack]


def listed(root: Path, split: str, **pictures: list[int]) -> Path:
    """A list, with paths whose slashes are written __ and a picture of 112 x 56 pixels each, white in one quarter."""
    named = {f"Data/{split}/{name.replace('__', '/')}.png": row for name, row in pictures.items()}
    for seed, name in enumerate(named):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.full((56, 112, 3), 10 + seed, np.uint8)
        pixels[28:, 56:] = 255
        cv2.imwrite(str(root / name), pixels)
    rows(root / f"metas/intra_test/{split}_label.json", json.dumps(named))
    return root


def test_a_small_one(tmp_path: Path) -> None:
    listed(tmp_path / "CelebA_Spoof", "train", **{"7__live__1": numbers(0, 0), "7__spoof__2": numbers(6, 1, 3, 2),
                                                  "8__spoof__3": numbers(0, 1)})  # fmt: skip
    listed(tmp_path / "CelebA_Spoof", "test", **{"9__spoof__4": numbers(10, 1, 4, 1)})
    rows(tmp_path / "CelebA_Spoof/Data/train/7/live/1_BB.txt", "134 134 60 60 0.99")
    reader = open_set("celeba_spoof", tmp_path)
    manifest = reader.check(decode=True)
    assert manifest.problems == ("test: 1 pictures, but 67,170 are published",
                                 "test, bona_fide: 0 pictures, but 19,923 are published")  # fmt: skip
    assert any(line.startswith("train: 1 rows name a kind of attack and say alive") for line in manifest.remarks)
    assert manifest.shared["train/test"]["people"] == 0
    train = reader.read("train", 16)
    assert [CLASSES[one] for one in train["species"]] == ["bona_fide", "region_mask"]
    assert [train[name].tolist() for name in ("label", "partial", "light", "place")] == [[0, 1], [0, 1], [0, 3], [0, 2]]
    assert train.subjects is not None
    assert train.subjects.tolist() == ["7", "7"]
    # told as if there were 224 pixels a side: with its margin the face is the white quarter
    assert train["image"][0].min() == 255
    assert train["image"][1].min() < 20


def test_a_person_in_both_lists_is_a_problem(tmp_path: Path) -> None:
    for split in ("train", "test"):
        listed(tmp_path, split, **{"7__live__1": numbers(0, 0)})
    assert "train/test share 1 people" in open_set("celeba_spoof", tmp_path).check().problems


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "must hold paths such as Data/train/1/live/2.jpg with 44 whole numbers each"),
        ('{"a/b/c/d.jpg": [1, 2]}', "kind of attack below 11; first that does not: 'a/b/c/d.jpg'"),
        (json.dumps({"d.jpg": numbers(0, 0)}), "first that does not: 'd.jpg'"),
        (json.dumps({"a/b/c/d.jpg": numbers(11, 1)}), "first that does not: 'a/b/c/d.jpg'"),
    ],
)
def test_damaged_lists(tmp_path: Path, content: str, says: str) -> None:
    rows(tmp_path / "metas/intra_test/test_label.json", content)
    with pytest.raises(InputError, match=says):
        open_set("celeba_spoof", tmp_path)


def test_another_folder(tmp_path: Path) -> None:
    (tmp_path / "metas").mkdir()
    with pytest.raises(InputError, match="holds no CelebA-Spoof"):
        open_set("celeba_spoof", tmp_path)
