"""DREAMER: 23 people watch 18 film clips; EEG of 14 channels at 128 Hz, ECG of two at 256 Hz, ratings from 1 to 5."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.research.data.sets.material import DataSet, Found, Part
from vultus.research.data.sets.trials import QUADRANTS, Signal, Trial, Trials, matlab, quadrants

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PEOPLE, CLIPS = 23, 18
EEG = ("AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4", "F8", "AF4")
ECG = ("ECG1", "ECG2")
RATES_HZ = {"eeg": 128.0, "ecg": 256.0}
_RATINGS = {"valence": "ScoreValence", "arousal": "ScoreArousal", "dominance": "ScoreDominance"}


def find(root: Path) -> Found | None:
    """DREAMER.mat in a folder, or the file itself.

    Raises:
        InputError: it is damaged.
    """
    path = root if root.is_file() and root.name == "DREAMER.mat" else root / "DREAMER.mat"
    if not path.is_file():
        return None
    people = _people(path)
    clips = [_column(_of(one, "ScoreValence", path)).size for one in people]
    owner = np.repeat(np.arange(len(people)), clips)
    clip = np.concatenate([np.arange(count) for count in clips])

    def load(number: int) -> Trial:
        one = _people(path)[owner[number]]
        return Trial({
            "eeg": Signal(_stimulus(one, "EEG", EEG, int(clip[number]), path), EEG, RATES_HZ["eeg"]),
            "ecg": Signal(_stimulus(one, "ECG", ECG, int(clip[number]), path), ECG, RATES_HZ["ecg"]),
        })  # fmt: skip

    ratings = {
        name: np.concatenate([_column(_of(one, key, path)) for one in people]).astype(np.float32)
        for name, key in _RATINGS.items()
    }
    if len({len(column) for column in ratings.values()}) != 1:
        raise InputError(f"{path}: every clip needs a rating of valence, arousal and dominance")
    fields: dict[str, NDArray[Any]] = {
        **ratings, "quadrant": quadrants(ratings["valence"], ratings["arousal"], 3.0), "video": clip,
    }  # fmt: skip
    names = tuple(f"person {person + 1}, clip {at + 1}" for person, at in zip(owner, clip, strict=True))
    remarks = () if len(people) == PEOPLE else (f"{len(people)} people, but {PEOPLE} are published",)
    part = Part(Trials(names, load), fields, owner + 1)
    return Found("DREAMER.mat", {"all": part}, {"all": {"": PEOPLE * CLIPS}}, remarks)


@lru_cache(maxsize=1)
def _people(path: Path) -> list[Any]:
    """The structures of DREAMER.Data; the file is large, and kept while it is read."""
    whole = matlab(path).get("DREAMER")
    if whole is None:
        raise InputError(f"{path} must hold the structure DREAMER")
    return list(np.asarray(_of(whole.reshape(-1)[0], "Data", path)).reshape(-1))


def _of(structure: Any, key: str, path: Path) -> Any:
    while isinstance(structure, np.ndarray) and structure.size == 1:
        structure = structure.reshape(-1)[0]
    if not hasattr(structure, key):
        known = ", ".join(getattr(structure, "_fieldnames", ())) or "no fields"
        raise InputError(f"{path}: a structure must have the field {key}, but has: {known}")
    return getattr(structure, key)


def _column(values: Any) -> NDArray[np.float64]:
    return np.asarray(values, np.float64).reshape(-1)


def _stimulus(one: Any, kind: str, channels: tuple[str, ...], clip: int, path: Path) -> NDArray[np.float32]:
    """The signals of a clip, (C, T); they are stored as (T, C)."""
    cells = np.asarray(_of(_of(one, kind, path), "stimuli", path)).reshape(-1)
    values = np.asarray(cells[clip], np.float32) if clip < len(cells) else np.empty((0, 0), np.float32)
    if values.ndim != 2 or values.shape[1] != len(channels):
        raise InputError(f"{path}: {kind} of clip {clip + 1} must be (T, {len(channels)}), but is {values.shape}")
    return np.ascontiguousarray(values.T)


SET = DataSet(
    name="dreamer",
    title="DREAMER",
    label="quadrant",
    classes=QUADRANTS,
    wanted=("DREAMER.mat with DREAMER.Data{1..23}.EEG.stimuli{1..18} (T, 14) and .ECG.stimuli{1..18} (T, 2)",),
    find=find,
    access="on request, for research: zenodo.org/records/546113",
)
