"""NEFER in its published tree."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from unit.research.data.sets.event_fakes import dat
from unit.research.data.sets.made import picture
from vultus.errors import InputError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.nefer import CLASSES, PEOPLE, PUBLISHED, clips, frames_of, raw_of
from vultus.research.data.sets.words import word

CLIPS = (("train", "user_01", "a_cd", "Happiness", "Surprise"), ("train", "user_02", "b_cd", "Fear", "None"),
         ("validation", "user_03", "c_cd", "Contempt", "Contempt"))  # fmt: skip


def tree(root: Path) -> Path:
    lines: dict[Path, list[str]] = {}
    for split, user, clip, expected, reported in CLIPS:
        for number in range(3):
            frame = f"../event_frame_NEW/{user}/{clip}/frame_{number:02d}.png"
            picture(root / "event_videos/event_frame_NEW" / user / clip / f"frame_{number:02d}.png", number, (12, 16))
            for name, label in ((f"expected_emotions/{split}_event.csv", expected),
                                (f"reported_emotions/{split}_event_subjective.csv", reported)):  # fmt: skip
                lines.setdefault(root / "annotations" / name, []).append(f"{user},{clip},{frame},{label}")
    for path, rows in lines.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(rows) + "\n", "utf-8")
    return root


def test_clips_with_both_labels(tmp_path: Path) -> None:
    reader = open_set("nefer", tree(tmp_path))
    train = reader.read("train", size=8)
    assert [CLASSES[one] for one in train["expression"]] == ["happy", "fear"]
    assert train["reported"].tolist() == [CLASSES.index("surprise"), -1]
    assert train.subjects is not None
    assert train.subjects.tolist() == ["user_01", "user_02"]
    manifest = reader.check()
    assert "train: 2 pictures, but 420 are published" in manifest.problems
    assert manifest.shared["train/validation"]["people"] == 0
    assert any("train: 2 people, but 20 are published" in line for line in manifest.remarks)
    middle = reader.found.parts["train"].pictures.paths[0]
    assert middle.name == "frame_01.png"
    assert len(frames_of(middle)) == 3
    assert raw_of(tmp_path, "user_01", "a_cd") is None
    (tmp_path / "event_videos/raw/user_01").mkdir(parents=True)
    raw = dat(tmp_path / "event_videos/raw/user_01/a_cd.dat")
    assert raw_of(tmp_path, "user_01", "a_cd") == raw


@pytest.mark.shared
def test_published_totals_are_those_of_the_published_lists(shared: Path) -> None:
    with (shared / "data/event_format_samples/nefer_clips.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["label_kind"] == "expected"]
    for split, published in PUBLISHED.items():
        own = [row for row in rows if row["split"] == split]
        assert published == {"": len(own), **Counter(word(row["emotion"]) for row in own)}
        assert PEOPLE[split] == len({row["user"] for row in own})


def test_clips_without_frames_and_damaged_lists_are_told(tmp_path: Path) -> None:
    root = tree(tmp_path)
    path = root / "annotations/expected_emotions/train_event.csv"
    path.write_text(path.read_text("utf-8") + "user_09,gone_cd,x,Anger\n", "utf-8")
    assert any("1 listed clips have no frames" in line for line in open_set("nefer", root).check().remarks)
    path.write_text(path.read_text("utf-8") + "user_09,gone_cd,x,Fear\n", "utf-8")
    with pytest.raises(InputError, match="gone_cd is Anger above and Fear here"):
        clips(root, "train", "expression")
    path.write_text("a,b\n", "utf-8")
    with pytest.raises(InputError, match="line 1: user, clip, frame and emotion are expected"):
        open_set("nefer", root)
    assert clips(root, "test", "expression") == {}
    with pytest.raises(InputError, match="holds no NEFER"):
        open_set("nefer", tmp_path / "annotations")
