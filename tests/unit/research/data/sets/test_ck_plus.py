"""CK+ in its published trees."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.research.data.sets.made import picture
from vultus.errors import InputError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.ck_plus import PUBLISHED
from vultus.research.data.sets.words import WITH_CONTEMPT


def tree(root: Path) -> Path:
    """Two people; the second sequence of the first one bears no word."""
    for person, take, label in (("S005", "001", 3), ("S005", "002", None), ("S010", "001", 7)):
        for frame in (1, 2):
            stem = f"{person}_{take}_{frame:08d}"
            picture(root / f"cohn-kanade-images/{person}/{take}/{stem}.png", frame, (60, 80))
            text(root / f"Landmarks/{person}/{take}/{stem}_landmarks.txt", "  3.0e+01  2.0e+01\n  5.0e+01  4.0e+01\n")
        home = root / f"Emotion_labels/Emotion/{person}/{take}"
        home.mkdir(parents=True)
        if label is not None:
            text(home / f"{person}_{take}_00000002_emotion.txt", f"   {label:.7e}\n")
        text(root / f"FACS_labels/FACS/{person}/{take}/{person}_{take}_00000002_facs.txt",
             "   1.2000000e+01   3.0000000e+00\n   2.5000000e+01   0.0000000e+00\n")  # fmt: skip
    return root


def text(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")


def test_published_totals() -> None:
    assert PUBLISHED["peak"][""] == 327


def test_peaks_and_first_frames(tmp_path: Path) -> None:
    reader = open_set("ck_plus", tree(tmp_path))
    peak = reader.read("peak", size=32)
    assert [WITH_CONTEMPT[one] for one in peak["expression"]] == ["disgust", "surprise"]
    assert peak["actions"].sum(axis=1).tolist() == [2, 2]
    assert peak["actions"][0, 11] == peak["actions"][0, 24] == 1
    assert peak.subjects is not None
    assert peak.subjects.tolist() == ["S005", "S010"]
    first = reader.read("first", size=32)
    assert {WITH_CONTEMPT[one] for one in first["expression"]} == {"neutral"}
    assert len(first) == 3
    manifest = reader.check()
    assert manifest.shared["peak/first"]["people"] == 2
    assert any("split by person" in line for line in manifest.remarks)
    assert "peak: 2 pictures, but 327 are published" in manifest.problems
    boxes = reader.found.parts["peak"].pictures.boxes
    assert boxes[0].tolist() == [25, 15, 55, 45]


def test_without_labels_and_landmarks(tmp_path: Path) -> None:
    picture(tmp_path / "cohn-kanade-images/S005/001/S005_001_00000001.png", 1, (60, 80))
    reader = open_set("ck_plus", tmp_path)
    assert reader.found.parts["first"].pictures.boxes is None
    assert any("Emotion_labels is not here" in line for line in reader.check().remarks)
    with pytest.raises(InputError, match=r"ck_plus peak in .* is empty"):
        reader.read("peak")


@pytest.mark.parametrize(
    ("content", "says"),
    [("8", "must hold one number from 0 to 7"), ("", "must hold one number"), ("x", "must hold numbers, but")],
)
def test_damaged_labels(tmp_path: Path, content: str, says: str) -> None:
    tree(tmp_path)
    text(tmp_path / "Emotion_labels/Emotion/S005/001/S005_001_00000002_emotion.txt", content)
    with pytest.raises(InputError, match=says):
        open_set("ck_plus", tmp_path)
