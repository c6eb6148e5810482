"""Sleep-EDF Expanded: 197 nights of EEG, eyes and chin, with the stages that an expert saw in every 30 seconds.

`cassette`: 153 nights of 78 healthy people at home (SC4ssNE0-PSG.edf). `telemetry`: 44 nights of 22 people in a
hospital (ST7ssNJ0-PSG.edf). Stages 3 and 4 are N3; movement and what nobody scored are left out, and so is waking more
than half an hour before the first and after the last sleep, as published work does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError, MissingExtraError
from vultus.research.data.sets.material import DataSet, Found, Part
from vultus.research.data.sets.trials import Mark, Signal, Trial, Trials, read_edf

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

STAGES = ("W", "N1", "N2", "N3", "R")
NIGHTS = {"cassette": 153, "telemetry": 44}
KINDS = {"eeg": ("Fpz-Cz", "Pz-Oz"), "eog": ("EOG",), "emg": ("EMG",)}
EPOCH_S, AWAKE_S = 30.0, 1800.0
_CHANNELS = {"EEG Fpz-Cz": "eeg", "EEG Pz-Oz": "eeg", "EOG horizontal": "eog", "EMG submental": "emg"}
_WORDS = {"W": 0, "1": 1, "2": 2, "3": 3, "4": 3, "R": 4}
_FOLDERS = {"cassette": ("sleep-cassette", "SC"), "telemetry": ("sleep-telemetry", "ST")}
_PSG = re.compile(r"(S[CT]\d)(\d\d)(\d)([A-Z]\d)-PSG\.edf")


def find(root: Path) -> Found | None:
    """Sleep-EDF below a folder.

    Raises:
        InputError: a night has no hypnogram.
    """
    parts = {}
    for split, (name, prefix) in _FOLDERS.items():
        home = root / name if (root / name).is_dir() else root
        nights = [path for path in sorted(home.glob(f"{prefix}*-PSG.edf")) if _PSG.fullmatch(path.name)]
        if nights:
            parts[split] = _part(nights)
    if not parts:
        return None
    return Found("Sleep-EDF Expanded", parts, {name: {"": count} for name, count in NIGHTS.items()})


def _part(nights: list[Path]) -> Part:
    matches = [match for path in nights if (match := _PSG.fullmatch(path.name))]
    people = np.array([f"{match[1][:2]}{match[2]}" for match in matches], dtype=str)
    night = np.array([int(match[3]) for match in matches], np.int64)
    hypnograms = [_hypnogram(path) for path in nights]

    def load(number: int) -> Trial:
        return Trial(_signals(nights[number]), _marks(hypnograms[number]))

    fields: dict[str, NDArray[Any]] = {"night": night}
    return Part(Trials(tuple(path.name for path in nights), load), fields, people)


def _hypnogram(path: Path) -> Path:
    """SC4001E0-PSG.edf belongs to SC4001EC-Hypnogram.edf: the last letter is the scorer."""
    found = sorted(path.parent.glob(f"{path.name[:7]}?-Hypnogram.edf"))
    if not found:
        raise InputError(f"{path} has no hypnogram: {path.name[:7]}?-Hypnogram.edf is not there")
    return found[0]


def _signals(path: Path) -> dict[str, Signal]:
    raw = read_edf(path)
    absent = [name for name in _CHANNELS if name not in raw.ch_names]
    if absent:
        raise InputError(f"{path} has no channel {', '.join(absent)}; it has: {', '.join(raw.ch_names)}")
    found = {}
    for kind, names in KINDS.items():
        labels = [name for name, one in _CHANNELS.items() if one == kind]
        values = raw.get_data(picks=labels).astype(np.float32) * np.float32(1e6)
        found[kind] = Signal(values, names, float(raw.info["sfreq"]))
    return found


def _marks(path: Path) -> tuple[Mark, ...]:
    try:
        import mne
    except ImportError:
        raise MissingExtraError("mne", "research") from None
    notes = mne.read_annotations(path)  # of a damaged file it gives none
    words = [str(word).removeprefix("Sleep stage ") for word in notes.description]
    rows = [
        Mark(float(start), float(length), _WORDS[word])
        for start, length, word in zip(notes.onset, notes.duration, words, strict=True) if word in _WORDS
    ]  # fmt: skip
    if not rows:
        raise InputError(f"{path} marks no sleep stage")
    return _awake_cut(rows)


def _awake_cut(rows: list[Mark]) -> tuple[Mark, ...]:
    asleep = [one for one in rows if one.label]
    if not asleep:
        return tuple(rows)
    first, last = asleep[0].start_s - AWAKE_S, asleep[-1].start_s + asleep[-1].length_s + AWAKE_S
    kept = []
    for one in rows:
        start, stop = max(one.start_s, first), min(one.start_s + one.length_s, last)
        start = one.start_s + EPOCH_S * np.ceil((start - one.start_s) / EPOCH_S)
        if stop - start >= EPOCH_S:
            kept.append(Mark(float(start), float(stop - start), one.label))
    return tuple(kept)


SET = DataSet(
    name="sleep_edf",
    title="Sleep-EDF Expanded",
    label="",
    classes=(),
    wanted=("SC4001E0-PSG.edf with SC4001EC-Hypnogram.edf ... (or below sleep-cassette/ and sleep-telemetry/)",),
    find=find,
    access="free: physionet.org/content/sleep-edfx",
)
