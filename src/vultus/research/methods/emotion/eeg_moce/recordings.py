"""A person's own recording: EDF and BDF through mne, MAT and NPZ with `data`, `channels` and `rate`; channels by name.

Names are compared without capitals, spaces and dots, without "EEG " before them and a reference behind them, and after
the few words that manufacturers have for the same place: T3 is T7, EDA is GSR.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.research.data.sets.trials import Signal, matlab, read_edf

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vultus.research.data.world.signals import Modality

ENDINGS = (".edf", ".bdf", ".mat", ".npz")
_KEYS = ("data", "channels", "rate")
_REFERENCE = re.compile(r"[-_ ]?(ref|le|avg|a1|a2|m1|m2)$")
_SAME = {
    "t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8",
    "eda": "gsr", "galvanicskinresponse": "gsr", "gsr1": "gsr", "respiration": "resp", "resporonasal": "resp",
    "plethysmograph": "plet", "ppg": "plet", "bvp": "plet", "temperature": "temp",
    "eoghorizontal": "heog", "horizontaleog": "heog", "eogh": "heog", "eogvertical": "veog", "verticaleog": "veog",
    "eogv": "veog", "emgzygomaticus": "zemg", "emgtrapezius": "temg", "emgsubmental": "emg", "emgchin": "emg",
    "ecg": "ecg1", "ekg": "ecg1",
}  # fmt: skip
_ONE_EYE = {"eog": ("heog",)}  # what may stand where a single channel is asked for


def plain(name: str) -> str:
    """The word by which a channel is found: "EEG Fp1-REF" and "FP1." are both fp1."""
    word = re.sub(r"^(eeg|ecog)[ _]+", "", name.strip().casefold()).rstrip(". ")
    word = _REFERENCE.sub("", word) or word
    word = re.sub(r"[ ._]", "", word)
    return _SAME.get(word, _SAME.get(word.replace("-", ""), word))


def read_recording(path: Path) -> Signal:
    """All channels of a file at one rate.

    Raises:
        InputError: the ending is none of `ENDINGS`, or the file is damaged.
        MissingExtraError: what reads it is not installed.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InputError(f"{path} must be a recording that ends in {', '.join(ENDINGS)}")
    if ending in (".edf", ".bdf"):
        raw = read_edf(path)
        return Signal(
            raw.get_data().astype(np.float32) * np.float32(1e6), tuple(raw.ch_names), float(raw.info["sfreq"])
        )
    found = matlab(path) if ending == ".mat" else _archive(path)
    absent = [key for key in _KEYS if key not in found]
    if absent:
        raise InputError(f"{path} must hold data (C, T), channels (C names) and rate, but lacks {', '.join(absent)}")
    names = tuple(_word(one) for one in np.asarray(found["channels"]).reshape(-1))
    data, rate = np.asarray(found["data"]), float(np.asarray(found["rate"]).reshape(-1)[0])
    if data.ndim != 2 or len(data) != len(names) or rate <= 0:
        raise InputError(f"{path}: data {data.shape} must be (C, T) with {len(names)} channels, at a rate above 0")
    return Signal(data.astype(np.float32), names, rate)


def _archive(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except Exception as error:  # numpy lets whatever a damaged archive brings about through
        raise InputError(f"{path} is no NPZ file that can be read: {' '.join(str(error).split())}") from None


def _word(value: Any) -> str:
    """A name, also out of the cells of MATLAB."""
    while isinstance(value, np.ndarray):
        value = value.reshape(-1)[0] if value.size else ""
    return str(value).strip()


def modality_of(whole: Signal, one: Modality, where: str) -> Signal:
    """The channels of a modality in its order.

    Raises:
        InputError: some are not there.
    """
    known = {plain(name): number for number, name in reversed(list(enumerate(whole.channels)))}
    rows, absent = [], []
    for name in one.channels:
        words = (plain(name), *_ONE_EYE.get(plain(name), ()))
        place = next((known[word] for word in words if word in known), None)
        absent += [name] if place is None else []
        rows.append(place or 0)
    if absent:
        raise InputError(
            f"{where} lacks {', '.join(absent)} of {one.name}, which needs {', '.join(one.channels)}; it has: "
            f"{_some(whole.channels)}"
        )
    return Signal(whole.values[rows], one.channels, whole.rate_hz)


def _some(names: Sequence[str], most: int = 40) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
