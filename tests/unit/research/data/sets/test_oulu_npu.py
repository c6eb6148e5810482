from __future__ import annotations

from pathlib import Path

import pytest

from unit.research.data.sets.filmed import film, rows, touched
from vultus.errors import InputError
from vultus.research.data.sets import open_set


def test_a_small_one(tmp_path: Path) -> None:
    film(tmp_path / "Train_files/1_1_01_1.avi", [30] * 6)
    rows(tmp_path / "Train_files/1_1_01_1.txt", *(f"{n},26,16,34,16" for n in range(6)))
    film(tmp_path / "Train_files/1_1_01_4.avi", [200] * 6)
    touched(tmp_path, "Dev_files/1_1_21_2.avi")
    reader = open_set("oulu_npu", tmp_path)
    assert reader.splits == ("train", "dev")
    manifest = reader.check()
    assert "train: 2 pictures, but 1,800 are published" in manifest.problems
    assert "dev, print_1: 1 pictures, but 270 are published" in manifest.problems
    samples = reader.read("train", 16)
    assert samples["species"].tolist() == [0, 3]
    assert samples["label"].tolist() == [0, 1]
    assert samples.subjects is not None
    assert samples.subjects.tolist() == ["01", "01"]
    assert samples["image"][0].mean() > 150, "cut to the white square"


def test_others_are_refused(tmp_path: Path) -> None:
    touched(tmp_path, "Train_files/1_1_01.avi")
    with pytest.raises(InputError, match=r"expected phone_session_user_file.avi"):
        open_set("oulu_npu", tmp_path)
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="holds no OULU-NPU"):
        open_set("oulu_npu", tmp_path / "none")
