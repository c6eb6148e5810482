"""NEFER: 545 clips, by an event camera, of 26 people who watch films; what they should feel, and what they say they do.

A row is a clip. Its picture is the frame in the middle of its 51 event frames (temporal binary representation);
`frames_of` gives all of them, and `raw_of` the events themselves where they are there. The published splits share no
person. `expression` is the expected emotion, `reported` the reported one, -1 where nothing was felt.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from vultus.errors import InputError
from vultus.research.data.sets.event_files import SUFFIXES
from vultus.research.data.sets.folders import pictures_in
from vultus.research.data.sets.material import DataSet, Files, Found, Part
from vultus.research.data.sets.words import numbers, word

CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "contempt")
PEOPLE = {"train": 20, "validation": 6}
PUBLISHED = {
    "train": {"": 420, **dict.fromkeys(CLASSES, 60)},
    "validation": {"": 125, **dict.fromkeys(CLASSES, 18), "surprise": 17},
}
_FRAMES = ("event_videos/event_frame_NEW", "event_frame_NEW", "event_videos/event_frames", "event_frames")
_LISTS = {"expression": ("expected_emotions", ""), "reported": ("reported_emotions", "_subjective")}


def find(root: Path) -> Found | None:
    """NEFER below a folder.

    Raises:
        InputError: a list is damaged.
    """
    home = next((root / name for name in _FRAMES if (root / name).is_dir()), None)
    lists = {split: clips(root, split, "expression") for split in PEOPLE}
    if home is None or not any(lists.values()):
        return None
    parts, remarks = {}, ["a row is a clip, its picture the frame in the middle"]
    for split, expected in lists.items():
        if not expected:
            continue
        frames = {
            clip: pictures_in(home / clip[0] / clip[1]) for clip in expected if (home / clip[0] / clip[1]).is_dir()
        }
        here = [clip for clip in expected if frames.get(clip)]
        if len(here) < len(expected):
            remarks.append(f"{split}: {len(expected) - len(here):,} listed clips have no frames")
        reported = clips(root, split, "reported")
        felt = [reported.get(clip, "None") for clip in here]
        fields = {
            "expression": numbers([expected[clip] for clip in here], CLASSES, str(root)),
            "reported": np.array([-1 if word(one) == "none" else int(numbers([one], CLASSES, str(root))[0])
                                  for one in felt], np.int64),
            "clip": np.array([clip[1] for clip in here], dtype=str),
        }  # fmt: skip
        people = np.array([clip[0] for clip in here], dtype=str)
        parts[split] = Part(Files(tuple(frames[clip][len(frames[clip]) // 2] for clip in here)), fields, people)
        known = len(np.unique(people))
        if known != PEOPLE[split]:
            remarks.append(f"{split}: {known:,} people, but {PEOPLE[split]} are published")
    return Found("as published", parts, PUBLISHED, tuple(remarks))


def clips(root: Path, split: str, label: str) -> dict[tuple[str, str], str]:
    """Emotion by person and clip, as a list tells it; empty where there is no list.

    Args:
        root: of the set.
        split: "train" or "validation".
        label: "expression" for the expected emotions, "reported" for the others.

    Raises:
        InputError: a line is damaged, or a clip has two emotions.
    """
    folder, suffix = _LISTS[label]
    path = root / "annotations" / folder / f"{split}_event{suffix}.csv"
    if not path.is_file():
        return {}
    found: dict[tuple[str, str], str] = {}
    with path.open(newline="", encoding="utf-8-sig") as stream:
        for number, row in enumerate(csv.reader(stream), 1):
            if len(row) != 4:
                raise InputError(f"{path}, line {number}: user, clip, frame and emotion are expected, not {row}")
            if found.setdefault((row[0], row[1]), row[3]) != row[3]:
                raise InputError(f"{path}, line {number}: {row[1]} is {found[row[0], row[1]]} above and {row[3]} here")
    return found


def frames_of(picture: Path) -> list[Path]:
    """All event frames of the clip that a picture is of."""
    return pictures_in(picture.parent)


def raw_of(root: Path, person: str, clip: str) -> Path | None:
    """The events of a clip, or None where only its frames are there."""
    home = root / "event_videos"
    found = sorted(home.glob(f"*/{person}/{clip}.*")) + sorted(home.glob(f"*/{clip}.*"))
    return next((path for path in found if path.suffix.lower() in SUFFIXES), None)


SET = DataSet(
    name="nefer",
    title="NEFER",
    label="expression",
    classes=CLASSES,
    wanted=(
        "annotations/expected_emotions/{train,validation}_event.csv beside event_videos/event_frame_NEW/user_01/*/"
        "frame_00.png",
    ),
    find=find,
    access="no licence told; download by hand: github.com/miccunifi/NEFER",
    apart=True,
)
