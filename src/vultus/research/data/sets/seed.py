"""SEED: 15 people watch 15 film clips in three sessions; EEG of 62 channels at 200 Hz, labels of the clips."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.research.data.sets.material import DataSet, Found, Part
from vultus.research.data.sets.trials import Signal, Trial, Trials, matlab

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PEOPLE, SESSIONS, CLIPS, RATE_HZ = 15, 3, 15, 200.0
CLASSES = ("negative", "neutral", "positive")  # -1, 0 and 1 in label.mat
EEG = (
    "FP1", "FPZ", "FP2", "AF3", "AF4", "F7", "F5", "F3", "F1", "FZ", "F2", "F4", "F6", "F8", "FT7", "FC5", "FC3", "FC1",
    "FCZ", "FC2", "FC4", "FC6", "FT8", "T7", "C5", "C3", "C1", "CZ", "C2", "C4", "C6", "T8", "TP7", "CP5", "CP3", "CP1",
    "CPZ", "CP2", "CP4", "CP6", "TP8", "P7", "P5", "P3", "P1", "PZ", "P2", "P4", "P6", "P8", "PO7", "PO5", "PO3", "POZ",
    "PO4", "PO6", "PO8", "CB1", "O1", "OZ", "O2", "CB2",
)  # fmt: skip
_FILE = re.compile(r"(\d+)_(\d{8})\.mat")
_KEY = re.compile(r"[a-z]+_eeg(\d+)", re.IGNORECASE)


def find(root: Path) -> Found | None:
    """SEED below a folder.

    Raises:
        InputError: the labels are not there, or damaged.
    """
    home = root / "Preprocessed_EEG" if (root / "Preprocessed_EEG").is_dir() else root
    if not home.is_dir():
        return None
    named = ((match, path) for path in home.iterdir() if (match := _FILE.fullmatch(path.name)))
    files = sorted((int(match[1]), match[2], path) for match, path in named)
    if not files:
        return None
    labels = _labels(home / "label.mat")
    sessions: dict[int, int] = {}
    rows = []
    for person, _, path in files:
        sessions[person] = sessions.get(person, 0) + 1
        rows += [(person, sessions[person], clip, path) for clip in range(len(labels))]

    def load(number: int) -> Trial:
        _, _, clip, path = rows[number]
        return Trial({"eeg": Signal(_clip(path, clip + 1), EEG, RATE_HZ)})

    fields: dict[str, NDArray[Any]] = {
        "emotion": np.array([labels[clip] for _, _, clip, _ in rows], np.int64),
        "session": np.array([session for _, session, _, _ in rows], np.int64),
        "video": np.array([clip for _, _, clip, _ in rows], np.int64),
    }
    names = tuple(f"{path.name}, clip {clip + 1}" for _, _, clip, path in rows)
    part = Part(Trials(names, load), fields, np.array([person for person, *_ in rows], np.int64))
    each = PEOPLE * SESSIONS * CLIPS // len(CLASSES)
    published = {"": PEOPLE * SESSIONS * CLIPS, **dict.fromkeys(CLASSES, each)}
    remarks = () if len(sessions) == PEOPLE else (f"{len(sessions)} people, but {PEOPLE} are published",)
    return Found("Preprocessed_EEG", {"all": part}, {"all": published}, remarks)


def _labels(path: Path) -> NDArray[np.int64]:
    """0 to 2, one for each clip."""
    if not path.is_file():
        raise InputError(f"{path} is not there: it holds the labels of SEED's clips")
    found = np.asarray(matlab(path).get("label", ())).reshape(-1)
    if not len(found) or not np.isin(found, (-1, 0, 1)).all():
        raise InputError(f"{path}: 'label' must hold -1, 0 or 1 for each clip, but holds {found[:5].tolist()}")
    numbers: NDArray[np.int64] = found.astype(np.int64) + 1
    return numbers


@lru_cache(maxsize=1)
def _clips(path: Path) -> dict[int, Any]:
    """The clips of a session by their number; the letters before it are the person's initials."""
    return {int(match[1]): value for key, value in matlab(path).items() if (match := _KEY.fullmatch(key))}


def _clip(path: Path, number: int) -> NDArray[np.float32]:
    values = np.asarray(_clips(path).get(number, ()), np.float32)
    if values.ndim != 2 or values.shape[0] != len(EEG):
        raise InputError(f"{path}: clip {number} must be ({len(EEG)}, T), but is {values.shape}")
    return values


SET = DataSet(
    name="seed",
    title="SEED",
    label="emotion",
    classes=CLASSES,
    wanted=("1_20131027.mat ... (or below Preprocessed_EEG/), each with *_eeg1 to *_eeg15 (62, T), and label.mat",),
    find=find,
    access="on request, for research: bcmi.sjtu.edu.cn/home/seed",
)
