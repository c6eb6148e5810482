from __future__ import annotations

from pathlib import Path

from unit.research.data.sets.filmed import film, rows, touched
from vultus.research.data.sets import open_set


def test_a_small_one(tmp_path: Path) -> None:
    film(tmp_path / "Train/live/003/003-1-1-1-1.avi", [30] * 4).rename(tmp_path / "Train/live/003/003-1-1-1-1.mov")
    rows(tmp_path / "Train/live/003/003-1-1-1-1.face", *["22 12 38 28"] * 4)
    touched(tmp_path, "Train/spoof/003/003-1-3-4-1.mp4", "Test/live/009/009_1_1_1_1.mov")
    reader = open_set("siw", tmp_path)
    manifest = reader.check()
    assert manifest.problems == ()
    assert manifest.splits["train"].classes["replay_4"] == 1
    part = reader.found.parts["train"]
    assert part.pictures.boxes is not None  # type: ignore[union-attr]
    assert part.pictures.boxes[0].tolist() == [18, 8, 42, 32]  # type: ignore[union-attr]
    assert part.subjects is not None
    assert part.subjects.tolist() == ["003", "003"]
