"""CK+: 593 sequences of 123 people from neutral to the peak of a posed expression; 327 of them bear one of seven words.

Splits: `peak`, the last frame of each sequence with a word; `first`, the neutral first frame of every sequence. Where
the landmarks are there, the face is cut out by them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.research.data.sets.folders import pictures_in
from vultus.research.data.sets.material import DataSet, Files, Found, Part
from vultus.research.data.sets.words import WITH_CONTEMPT, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_ORDER = ("neutral", "angry", "contempt", "disgust", "fear", "happy", "sad", "surprise")  # numbers 0 to 7
_COUNTS = {"angry": 45, "contempt": 18, "disgust": 59, "fear": 25, "happy": 69, "sad": 28, "surprise": 83}
PUBLISHED = {"peak": {"": sum(_COUNTS.values()), **_COUNTS}, "first": {"": 593, "neutral": 593}}
ACTIONS = 64  # numbers of action units that FACS gives to faces
_IMAGES = ("cohn-kanade-images", "extended-cohn-kanade-images/cohn-kanade-images")
_LABELS = ("Emotion", "Emotion_labels/Emotion")
_FACS = ("FACS", "FACS_labels/FACS")
_LANDMARKS = ("Landmarks", "Landmarks/Landmarks")
_MARGIN = 0.25  # of the larger side of the landmarks' box, on every side


def find(root: Path) -> Found | None:
    """CK+ below a folder.

    Raises:
        InputError: a label is damaged.
    """
    images = _place(root, _IMAGES)
    if images is None:
        return None
    sequences = [folder for person in _folders(images) for folder in _folders(person) if pictures_in(folder)]
    frames = {folder: pictures_in(folder) for folder in sequences}
    labels = {folder: _label(_place(root, _LABELS), folder) for folder in sequences}
    spoken = [folder for folder in sequences if labels[folder]]
    words = {"peak": [labels[folder] for folder in spoken], "first": ["neutral"] * len(sequences)}
    paths = {"peak": [frames[folder][-1] for folder in spoken], "first": [frames[folder][0] for folder in sequences]}
    parts = {}
    for split, files in paths.items():
        fields: dict[str, NDArray[Any]] = {"expression": numbers(words[split], WITH_CONTEMPT, str(root))}
        if split == "peak" and (facs := _place(root, _FACS)) is not None:
            fields["actions"] = np.stack([_actions(facs, path) for path in files]) if files else np.empty((0, ACTIONS))
        people = np.array([path.parent.parent.name for path in files], dtype=str)
        parts[split] = Part(Files(tuple(files), _boxes(_place(root, _LANDMARKS), files)), fields, people)
    known = len({folder.parent.name for folder in sequences})
    remarks = ["peak and first are of the same people: split by person, never by frame"]
    if known != 123:
        remarks.append(f"{known:,} people, but 123 are published")
    if parts["peak"].pictures.size == 0:
        remarks.append("no sequence bears a label: Emotion_labels is not here")
    return Found("as published", parts, PUBLISHED, tuple(remarks))


def _place(root: Path, names: Sequence[str]) -> Path | None:
    found = [root / name for name in names if (root / name).is_dir()]
    return found[-1] if found else None


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())


def _beside(home: Path | None, folder: Path) -> list[Path]:
    """Text files of a sequence in a tree beside the pictures'; macOS's companions are none."""
    if home is None:
        return []
    return sorted(path for path in (home / folder.parent.name / folder.name).glob("*.txt") if path.name[0] != ".")


def _label(home: Path | None, folder: Path) -> str:
    """The word of a sequence, "" where it has none."""
    for file in _beside(home, folder):
        values = _numbers(file)
        if values.size != 1 or not 0 <= values[0] < len(_ORDER):
            raise InputError(f"{file} must hold one number from 0 to 7, but holds {values.tolist()}")
        return _ORDER[int(values[0])]
    return ""


def _actions(home: Path, frame: Path) -> NDArray[np.float32]:
    """1 where the action unit of the column (from 1) was coded in the last frame; float32, (64,)."""
    found = np.zeros(ACTIONS, np.float32)
    for file in _beside(home, frame.parent):
        for number in _numbers(file).reshape(-1, 2)[:, 0]:
            if 1 <= number <= ACTIONS:
                found[int(number) - 1] = 1
    return found


def _boxes(home: Path | None, frames: Sequence[Path]) -> NDArray[np.int64] | None:
    """Squares around the landmarks of each frame; None unless all of them have some."""
    boxes = []
    for frame in frames:
        files = (
            [] if home is None else [file for file in _beside(home, frame.parent) if file.name.startswith(frame.stem)]
        )
        if not files:
            return None
        points = _numbers(files[0]).reshape(-1, 2)
        low, high = points.min(axis=0), points.max(axis=0)
        half = (0.5 + _MARGIN) * float((high - low).max())
        centre = (low + high) / 2
        boxes.append([*np.round(centre - half), *np.round(centre + half)])
    return np.array(boxes, dtype=np.int64).reshape(-1, 4)


def _numbers(file: Path) -> NDArray[np.float64]:
    try:
        return np.array([float(one) for one in file.read_text("utf-8").split()])
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise InputError(f"{file} must hold numbers, but cannot be read: {error}") from error


SET = DataSet(
    name="ck_plus",
    title="CK+",
    label="expression",
    classes=WITH_CONTEMPT,
    wanted=(
        "cohn-kanade-images/S005/001/*.png (or below extended-cohn-kanade-images/), Emotion_labels/Emotion/, "
        "FACS_labels/FACS/, Landmarks/",
    ),
    find=find,
    access="on request, for research: jeffcohn.net/Resources",
)
