"""ISRUC-Sleep, subgroup 3: a night of 10 healthy people; EEG, eyes and chin at 200 Hz, a stage for every 30 seconds.

Read are the channels that the authors extracted, one MATLAB file for each person, and what the first of two experts
scored. The recordings themselves (.rec) are not read. Behind every night 30 stages have no signals in these files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.research.data.sets.material import DataSet, Found, Part
from vultus.research.data.sets.trials import Mark, Signal, Trial, Trials, matlab

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PEOPLE, EPOCHS, RATE_HZ, EPOCH_S = 10, 8589, 200.0, 30.0
STAGES = ("W", "N1", "N2", "N3", "R")
KINDS = {
    "eeg": ("F3_A2", "C3_A2", "O1_A2", "F4_A1", "C4_A1", "O2_A1"), "eog": ("LOC_A2", "ROC_A1"), "emg": ("X1",),
}  # fmt: skip
UNSEEN = 30  # stages at the end of a night
_NUMBERS = {"0": 0, "1": 1, "2": 2, "3": 3, "5": 4}
_NAME = re.compile(r"subject(\d+)\.mat", re.IGNORECASE)


def find(root: Path) -> Found | None:
    """Subgroup 3 below a folder.

    Raises:
        InputError: a night has no stages, or they are damaged.
    """
    home = root / "ExtractedChannels" if (root / "ExtractedChannels").is_dir() else root
    listed = list(home.iterdir()) if home.is_dir() else []
    files = {int(match[1]): path for path in listed if (match := _NAME.fullmatch(path.name))}
    people = sorted(files)
    if not people:
        return None
    stages = [_stages(_scored(root, person)) for person in people]

    def load(number: int) -> Trial:
        path, scored = files[people[number]], stages[number]
        marks = tuple(Mark(EPOCH_S * at, EPOCH_S, stage) for at, stage in enumerate(scored))
        return Trial(_signals(path, len(scored)), marks)

    epochs = sum(len(one) for one in stages)
    remarks = [f"{epochs:,} epochs are scored"]
    if len(people) == PEOPLE and epochs != EPOCHS:
        remarks = [f"{epochs:,} epochs are scored, but work on this set tells of {EPOCHS:,}"]
    fields: dict[str, NDArray[Any]] = {"epochs": np.array([len(one) for one in stages], np.int64)}
    part = Part(Trials(tuple(files[person].name for person in people), load), fields, np.array(people, np.int64))
    return Found("ExtractedChannels", {"all": part}, {"all": {"": PEOPLE}}, tuple(remarks))


def _scored(root: Path, person: int) -> Path:
    tried = [root / "RawData" / str(person), root / str(person), root / f"subject {person}", root]
    for home in tried:
        if (home / f"{person}_1.txt").is_file():
            return home / f"{person}_1.txt"
    raise InputError(f"{root} holds nothing scored for person {person}: RawData/{person}/{person}_1.txt is not there")


def _stages(path: Path) -> list[int]:
    words = path.read_text("utf-8", "replace").split()
    unknown = sorted({word for word in words if word not in _NUMBERS})
    if unknown:
        raise InputError(f"{path}: stages are 0, 1, 2, 3 and 5, but it holds {', '.join(unknown[:5])}")
    if len(words) <= UNSEEN:
        raise InputError(f"{path} holds {len(words)} stages, but the last {UNSEEN} have no signals")
    return [_NUMBERS[word] for word in words[:-UNSEEN]]


def _signals(path: Path, epochs: int) -> dict[str, Signal]:
    held, found = matlab(path), {}
    for kind, names in KINDS.items():
        rows = [np.asarray(held.get(name, ()), np.float32) for name in names]
        for name, row in zip(names, rows, strict=True):
            if row.shape != (epochs, round(EPOCH_S * RATE_HZ)):
                raise InputError(f"{path}: {name} must be ({epochs}, {EPOCH_S * RATE_HZ:.0f}), but is {row.shape}")
        found[kind] = Signal(np.stack(rows).reshape(len(names), -1), names, RATE_HZ)
    return found


SET = DataSet(
    name="isruc",
    title="ISRUC-Sleep, subgroup 3",
    label="",
    classes=(),
    wanted=("ExtractedChannels/subject1.mat to subject10.mat, with F3_A2 ... (N, 6000), and RawData/1/1_1.txt ...",),
    find=find,
    access="free: sleeptight.isr.uc.pt",
)
