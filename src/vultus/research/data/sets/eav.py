"""EAV: 42 people listen and speak in five emotions, 200 times 20 s each; EEG of 30 channels at 500 Hz.

Only the EEG is read: the sounds and films beside it are not. Only what people speak is kept, as published work does: of
the ten rows of a label file five stand for speaking. The EEG is filtered to 0.3 to 50 Hz, each trial by itself;
`windows` brings it to 100 Hz and cuts the 20 s into rows, after people were split. The files name no
channels: the order below is that of the cap, and was not checked on the set.
"""

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

PEOPLE, SPOKEN, RATE_HZ, BAND_HZ = 42, 100, 500.0, (0.3, 50.0)
CLASSES = ("neutral", "sadness", "anger", "happiness", "calmness")
EEG = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "FC5", "FC1", "FC2", "FC6", "T7", "C3", "Cz", "C4", "T8", "CP5", "CP1",
    "CP2", "CP6", "P7", "P3", "Pz", "P4", "P8", "PO9", "O1", "Oz", "O2", "PO10",
)  # fmt: skip
_FOLDER = re.compile(r"subject_?0*(\d+)", re.IGNORECASE)
_SIGNALS = re.compile(r"subject_?0*\d+_eeg\.mat", re.IGNORECASE)
_ROWS = 2 * len(CLASSES)  # listening and speaking by turns


def find(root: Path) -> Found | None:
    """EAV below a folder.

    Raises:
        InputError: somebody's labels are not there, or damaged.
    """
    files = _files(root)
    if not files:
        return None
    rows = []
    for person, path in files.items():
        label = _labels(path.with_name(f"{path.stem}_label.mat"))
        rows += [(person, int(trial), int(label[trial] // 2), path) for trial in np.flatnonzero(label % 2)]

    def load(number: int) -> Trial:
        _, trial, _, path = rows[number]
        return Trial({"eeg": Signal(_trial(path, trial), EEG, RATE_HZ)})

    fields: dict[str, NDArray[Any]] = {
        "emotion": np.array([emotion for _, _, emotion, _ in rows], np.int64),
        "interaction": np.array([trial for _, trial, _, _ in rows], np.int64),
    }
    names = tuple(f"{path.name}, interaction {trial + 1}" for _, trial, _, path in rows)
    part = Part(Trials(names, load), fields, np.array([person for person, *_ in rows], np.int64))
    published = {"": PEOPLE * SPOKEN, **dict.fromkeys(CLASSES, PEOPLE * SPOKEN // len(CLASSES))}
    short = () if len(files) == PEOPLE else (f"{len(files)} people, but {PEOPLE} are published",)
    remarks = (*short, "EEG of what people speak; listening, Audio/ and Video/ are not read")
    return Found("subjectN/EEG", {"all": part}, {"all": published}, remarks)


def _files(root: Path) -> dict[int, Path]:
    """Everybody's EEG by their number."""
    homes = [path for path in root.iterdir() if (path / "EEG").is_dir()] if root.is_dir() else []
    found = {}
    for home in homes:
        match = _FOLDER.fullmatch(home.name)
        mine = [path for path in sorted((home / "EEG").iterdir()) if _SIGNALS.fullmatch(path.name)]
        if match and mine:
            found[int(match[1])] = mine[0]
    return {person: found[person] for person in sorted(found)}


def _labels(path: Path) -> NDArray[np.int64]:
    """0 to 9 for each interaction: twice the emotion, and 1 more where the person speaks."""
    if not path.is_file():
        raise InputError(f"{path} is not there: it holds the labels of the EEG beside it")
    found = np.asarray(matlab(path).get("label", ()))
    if found.ndim != 2 or len(found) != _ROWS or not np.array_equal(found != 0, found == 1):
        raise InputError(f"{path}: 'label' must be ({_ROWS}, N) of 0 and 1, but is {found.shape}")
    if not (found.sum(axis=0) == 1).all():
        raise InputError(f"{path}: every column of 'label' must hold one 1")
    numbers: NDArray[np.int64] = found.argmax(axis=0).astype(np.int64)
    return numbers


@lru_cache(maxsize=1)
def _signals(path: Path) -> NDArray[np.float32]:
    """(T, C, N); the file is large, and kept while it is read."""
    held = matlab(path)
    both = [np.asarray(held.get(key, ())) for key in ("seg1", "seg")]
    found = both[0] if both[0].ndim == 3 else both[1]
    if found.ndim != 3 or found.shape[1] != len(EEG):
        raise InputError(f"{path}: 'seg' or 'seg1' must be (T, {len(EEG)}, N), but is {found.shape}")
    return np.asarray(found, np.float32)


def _trial(path: Path, number: int) -> NDArray[np.float32]:
    from scipy.signal import butter, sosfiltfilt

    whole = _signals(path)
    if number >= whole.shape[2]:
        raise InputError(f"{path} holds {whole.shape[2]} interactions, but there is a label for number {number + 1}")
    band = butter(3, BAND_HZ, "bandpass", fs=RATE_HZ, output="sos")
    return np.ascontiguousarray(sosfiltfilt(band, whole[:, :, number].T.astype(np.float64), axis=1), np.float32)


SET = DataSet(
    name="eav",
    title="EAV",
    label="emotion",
    classes=CLASSES,
    wanted=("subject1/EEG/subject1_eeg.mat ... with seg or seg1 (10000, 30, 200), and subject1_eeg_label.mat",),
    find=find,
    access="for research, on the terms told at doi.org/10.1038/s41597-024-03838-4",
)
