"""N-back (dataset A of Shin et al. 2018): EEG, eyes and near-infrared spectroscopy of 26 people at three loads.

EEG and NIRS were recorded by two devices with clocks of their own, so each session is cut from either by its own
marker: 40 seconds of task from there on. Oxy- and deoxyhaemoglobin of the 36 optical channels are read as published.
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

PEOPLE, TASK_S = 26, 40.0
CLASSES = ("0-back", "2-back", "3-back")
EYES = ("VEOG", "HEOG")
_NAME = re.compile(r"VP(\d{3})-EEG")


def find(root: Path) -> Found | None:
    """Folders `VP001-EEG` and `VP001-NIRS` in a folder.

    Raises:
        InputError: someone's NIRS or markers are not there, or differ between the devices.
    """
    listed = sorted(root.iterdir()) if root.is_dir() else []
    homes = {int(match[1]): path for path in listed if (match := _NAME.fullmatch(path.name))}
    if not any((home / "cnt_nback.mat").is_file() for home in homes.values()):
        return None
    rows = [(person, *row) for person, home in homes.items() for row in _sessions(home)]

    def load(number: int) -> Trial:
        person, _, *starts_s = rows[number]
        eeg, eyes, nirs = _recorded(homes[person])
        kinds = {"eeg": (eeg, starts_s[0]), "eog": (eyes, starts_s[0]), "nirs": (nirs, starts_s[1])}
        return Trial({kind: _cut(signal, start_s) for kind, (signal, start_s) in kinds.items()})

    people = np.array([row[0] for row in rows], np.int64)
    names = tuple(f"VP{row[0]:03d}, session {at - int((people < row[0]).sum()) + 1}" for at, row in enumerate(rows))
    fields: dict[str, NDArray[Any]] = {"load": np.array([row[1] for row in rows], np.int64)}
    remarks = () if len(homes) == PEOPLE else (f"{len(homes)} people, but {PEOPLE} are published",)
    return Found("VPnnn-EEG and VPnnn-NIRS", {"all": Part(Trials(names, load), fields, people)}, {}, remarks)


def _sessions(home: Path) -> list[tuple[int, float, float]]:
    """Load, and seconds at which it begins in the EEG and in the NIRS."""
    (eeg, nirs) = (_markers(one / "mrk_nback.mat") for one in (home, _other(home)))
    if [load for load, _ in eeg] != [load for load, _ in nirs]:
        raise InputError(f"{home.name}: EEG tells of {len(eeg)} sessions, NIRS of {len(nirs)}, or of others")
    return [(load, start, start_s) for (load, start), (_, start_s) in zip(eeg, nirs, strict=True)]


def _other(home: Path) -> Path:
    return home.with_name(home.name.replace("EEG", "NIRS"))


def _markers(path: Path) -> list[tuple[int, float]]:
    held = _structure(path, "mrk_nback")
    kinds = _words(held.className)
    kind = np.asarray(held.y).argmax(axis=0)
    seconds = np.asarray(held.time, np.float64).reshape(-1) / 1000
    wanted = {f"{name} session": load for load, name in enumerate(CLASSES)}
    return [(wanted[kinds[at]], float(start)) for at, start in zip(kind, seconds, strict=True) if kinds[at] in wanted]


@lru_cache(maxsize=1)
def _recorded(home: Path) -> tuple[Signal, Signal, Signal]:
    eeg, optical = (_structure(one / "cnt_nback.mat", "cnt_nback") for one in (home, _other(home)))
    whole = _signal(eeg, "")
    eyes = tuple(name for name in whole.channels if name in EYES)
    scalp = tuple(name for name in whole.channels if name not in EYES)
    blood = [_signal(getattr(optical, kind)[0, 0], f" {kind}") for kind in ("oxy", "deoxy")]
    length = min(one.values.shape[1] for one in blood)
    values = np.concatenate([one.values[:, :length] for one in blood])
    nirs = Signal(values, blood[0].channels + blood[1].channels, blood[0].rate_hz)
    return whole.chosen(scalp, home.name), whole.chosen(eyes, home.name), nirs


def _signal(held: Any, behind: str) -> Signal:
    names = tuple(f"{name}{behind}" for name in _words(held.clab))
    return Signal(np.asarray(held.x, np.float32).T, names, float(np.asarray(held.fs).reshape(-1)[0]))


def _words(cells: Any) -> list[str]:
    return [str(np.asarray(cell).reshape(-1)[0]) for cell in np.asarray(cells).reshape(-1)]


def _structure(path: Path, name: str) -> Any:
    found = matlab(path).get(name)
    if found is None or np.shape(found) != (1, 1):
        raise InputError(f"{path} holds no structure '{name}'")
    return found[0, 0]


def _cut(signal: Signal, start_s: float) -> Signal:
    first = round(start_s * signal.rate_hz)
    last = first + round(TASK_S * signal.rate_hz)
    return Signal(signal.values[:, first:last], signal.channels, signal.rate_hz)


SET = DataSet(
    name="nback",
    title="N-back with EEG and NIRS",
    label="load",
    classes=CLASSES,
    wanted=("VP001-EEG/cnt_nback.mat, mrk_nback.mat and VP001-NIRS/cnt_nback.mat, mrk_nback.mat, ...",),
    find=find,
    access="free: doi.org/10.14279/depositonce-5830",
)
