"""Folders of classes."""

from __future__ import annotations

from pathlib import Path

from unit.research.data.sets.made import picture
from vultus.research.data.sets.folders import class_folders, pictures_in
from vultus.research.data.sets.material import Files


def test_only_pictures_count_and_their_order_is_that_of_names(tmp_path: Path) -> None:
    picture(tmp_path / "b.png")
    picture(tmp_path / "a.JPG")
    (tmp_path / "notes.txt").write_text("x")
    picture(tmp_path / "deeper" / "c.png")
    assert [path.name for path in pictures_in(tmp_path)] == ["a.JPG", "b.png"]


def test_folders_are_found_under_any_of_their_names(tmp_path: Path) -> None:
    picture(tmp_path / "Training" / "Sadness" / "1.png")
    picture(tmp_path / "Training" / "other" / "1.png")
    picture(tmp_path / "empty" / "1.png")
    parts = class_folders(tmp_path, {"train": ("train", "Training"), "val": ("empty",)}, "mood", ("angry", "sad"))
    assert list(parts) == ["train"]
    assert parts["train"].fields["mood"].tolist() == [1]
    assert isinstance(parts["train"].pictures, Files)
    assert parts["train"].pictures.size == 1
