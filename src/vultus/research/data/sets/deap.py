"""DEAP: 32 people watch 40 music videos; EEG, eyes, face muscles and body at 128 Hz, with ratings from 1 to 9.

Only the MATLAB version is read. The Python one holds pickles, and a pickle is a program that runs as it is read; the
numbers in both are the same.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.research.data.sets.material import DataSet, Found, Part
from vultus.research.data.sets.trials import QUADRANTS, Signal, Trial, Trials, matlab, quadrants

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PEOPLE, VIDEOS, RATE_HZ, BASELINE_S = 32, 40, 128.0, 3.0
EEG = (
    "Fp1", "AF3", "F3", "F7", "FC5", "FC1", "C3", "T7", "CP5", "CP1", "P3", "P7", "PO3", "O1", "Oz", "Pz", "Fp2", "AF4",
    "Fz", "F4", "F8", "FC6", "FC2", "Cz", "C4", "T8", "CP6", "CP2", "P4", "P8", "PO4", "O2",
)  # fmt: skip
FACE, BODY = ("hEOG", "vEOG", "zEMG", "tEMG"), ("GSR", "Resp", "Plet", "Temp")
RATINGS = ("valence", "arousal", "dominance", "liking")
_NAME = re.compile(r"s(\d\d)\.mat", re.IGNORECASE)
_CHANNELS = len(EEG) + len(FACE) + len(BODY)


def find(root: Path) -> Found | None:
    """DEAP below a folder.

    Raises:
        InputError: only the pickled version is there; a file is damaged.
    """
    for home in (root, root / "data_preprocessed_matlab"):
        files = {int(match[1]): path for path in _listed(home) if (match := _NAME.fullmatch(path.name))}
        if files:
            return _found({number: files[number] for number in sorted(files)})
    for home in (root, root / "data_preprocessed_python"):
        if any(re.fullmatch(r"s\d\d\.dat", path.name) for path in _listed(home)):
            raise InputError(
                f"{home} holds the Python version of DEAP: pickles, which run as programs when they are read; "
                "get data_preprocessed_matlab, whose numbers are the same"
            )
    return None


def _listed(home: Path) -> list[Path]:
    return sorted(home.iterdir()) if home.is_dir() else []


def _found(files: dict[int, Path]) -> Found:
    ratings = np.concatenate([_ratings(path) for path in files.values()])
    people = np.repeat(list(files), VIDEOS)
    paths = list(files.values())
    names = tuple(f"{path.name}, video {video + 1}" for path in paths for video in range(VIDEOS))

    def load(number: int) -> Trial:
        values = _signals(paths[number // VIDEOS])[number % VIDEOS, :, round(BASELINE_S * RATE_HZ) :]
        ends = np.cumsum([len(EEG), len(FACE)])
        parts = zip(("eeg", "face", "body"), np.split(values, ends), (EEG, FACE, BODY), strict=True)
        return Trial({kind: Signal(part, channels, RATE_HZ) for kind, part, channels in parts})

    fields: dict[str, NDArray[Any]] = {
        **{name: ratings[:, column].astype(np.float32) for column, name in enumerate(RATINGS)},
        "quadrant": quadrants(ratings[:, 0], ratings[:, 1], 5.0),
        "video": np.tile(np.arange(VIDEOS), len(files)),
    }
    part = Part(Trials(names, load), fields, people)
    remarks = () if len(files) == PEOPLE else (f"{len(files)} people, but {PEOPLE} are published",)
    return Found("data_preprocessed_matlab", {"all": part}, {"all": {"": PEOPLE * VIDEOS}}, remarks)


def _ratings(path: Path) -> NDArray[np.float64]:
    return _array(path, "labels", (VIDEOS, len(RATINGS))).astype(np.float64)


@lru_cache(maxsize=1)
def _signals(path: Path) -> NDArray[np.float32]:
    return _array(path, "data", (VIDEOS, _CHANNELS, None)).astype(np.float32)


def _array(path: Path, key: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
    found = matlab(path).get(key)
    told = "nothing" if found is None else str(np.shape(found))
    if found is None or len(np.shape(found)) != len(shape) or any(
        wanted not in (None, here) for wanted, here in zip(shape, np.shape(found), strict=True)
    ):  # fmt: skip
        raise InputError(f"{path}: '{key}' must be {shape} (None is any), but is {told}")
    return np.asarray(found)


SET = DataSet(
    name="deap",
    title="DEAP",
    label="quadrant",
    classes=QUADRANTS,
    wanted=("s01.mat to s32.mat (or below data_preprocessed_matlab/), with data (40, 40, 8064) and labels (40, 4)",),
    find=find,
    access="on request, for research: eecs.qmul.ac.uk/mmv/datasets/deap",
)
