"""Small fakes of physiological sets, in their exact layouts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

from unit.research.data.sets.edf import write_edf, write_hypnogram


def deap(root: Path, people: int = 2, seconds: int = 6) -> Path:
    """`data_preprocessed_matlab`: every channel of every video is a ramp of its own, after 3 s of -1."""
    for person in range(1, people + 1):
        data = np.full((40, 40, 128 * (3 + seconds)), -1.0, np.float32)
        data[..., 384:] = np.arange(40)[:, None, None] + 100 * np.arange(40)[:, None] + np.linspace(0, 1, 128 * seconds)
        labels = np.full((40, 4), 3.0)
        labels[person - 1 :: 4, 0], labels[::2, 1] = 7.0, 8.0
        path = root / f"data_preprocessed_matlab/s{person:02d}.mat"
        path.parent.mkdir(parents=True, exist_ok=True)
        savemat(path, {"data": data, "labels": labels})
    return root


def dreamer(root: Path, people: int = 2, clips: int = 3, seconds: int = 5) -> Path:
    """`DREAMER.mat`: structures in cells, signals as (T, C)."""

    def cells(values: list[Any]) -> np.ndarray:
        found = np.empty((len(values), 1), object)
        for at, value in enumerate(values):
            found[at, 0] = value
        return found

    def signals(rate: int, channels: int) -> dict[str, np.ndarray]:
        made = [np.full((rate * seconds, channels), float(clip)) + np.arange(channels) for clip in range(clips)]
        return {"baseline": cells([np.zeros((rate, channels))] * clips), "stimuli": cells(made)}

    data = np.empty((1, people), object)
    for person in range(people):
        data[0, person] = {
            "Age": "25", "Gender": "male", "EEG": signals(128, 14), "ECG": signals(256, 2),
            "ScoreValence": np.arange(clips)[:, None] + 2.0, "ScoreArousal": np.full((clips, 1), 4.0),
            "ScoreDominance": np.full((clips, 1), 1.0),
        }  # fmt: skip
    root.mkdir(parents=True, exist_ok=True)
    savemat(root / "DREAMER.mat", {"DREAMER": {
        "Data": data, "EEG_SamplingRate": 128.0, "ECG_SamplingRate": 256.0, "noOfSubjects": float(people),
        "noOfVideoSequences": float(clips),
    }})  # fmt: skip
    return root


def seed(root: Path, sessions: tuple[str, ...] = ("1_20131027", "1_20131030", "2_20140404"), clips: int = 4) -> Path:
    """`Preprocessed_EEG`: a variable for each clip, with the initials of the person."""
    home = root / "Preprocessed_EEG"
    home.mkdir(parents=True, exist_ok=True)
    for name in sessions:
        savemat(
            home / f"{name}.mat", {f"djc_eeg{clip}": np.full((62, 900), float(clip)) for clip in range(1, clips + 1)}
        )
    savemat(home / "label.mat", {"label": np.array([[1, 0, -1, -1]])[:, :clips]})
    return root


def sleep_edf(root: Path, home: str = "sleep-cassette") -> Path:
    """Two nights of one person: half an hour and more of waking, sleep, and what nobody scored."""
    stages = [(0, 2400, "W"), (2400, 60, "1"), (2460, 60, "2"), (2520, 30, "3"), (2550, 30, "4"), (2580, 30, "R"),
              (2610, 30, "Movement time"), (2640, 1920, "W"), (4560, 30, "?")]  # fmt: skip
    seconds = 4590
    for night, letter in (("SC4001E0", "C"), ("SC4002E0", "C")):
        rng = np.random.default_rng(int(night[5]))
        write_edf(root / home / f"{night}-PSG.edf", {
            "EEG Fpz-Cz": rng.normal(0, 20, 10 * seconds), "EEG Pz-Oz": rng.normal(0, 20, 10 * seconds),
            "EOG horizontal": rng.normal(0, 50, 10 * seconds), "Resp oro-nasal": rng.normal(0, 9, seconds),
            "EMG submental": np.full(seconds, 3.0), "Temp rectal": np.full(seconds, 37.0),
        }, {"EEG Fpz-Cz": 10, "EEG Pz-Oz": 10, "EOG horizontal": 10, "Resp oro-nasal": 1, "EMG submental": 1,
            "Temp rectal": 1})  # fmt: skip
        words = [
            (start, length, word if word == "Movement time" else f"Sleep stage {word}")
            for start, length, word in stages
        ]
        write_hypnogram(root / home / f"{night[:7]}{letter}-Hypnogram.edf", words)
    return root


def eav(root: Path, people: int = 2, seconds: int = 20, key: str = "seg1") -> Path:
    """`subjectN/EEG`: 10 interactions of each, one for each row of the labels; tones of 10 and 100 Hz, an offset."""
    time = np.arange(500 * seconds)[:, None, None] / 500
    for person in range(1, people + 1):
        home = root / f"subject{person}/EEG"
        home.mkdir(parents=True)
        wave = np.sin(2 * np.pi * 10 * time) + 3 * np.sin(2 * np.pi * 100 * time) + 50
        loud = (np.arange(30)[:, None] + 1) * (np.arange(10) + 1)
        savemat(home / f"subject{person}_eeg.mat", {key: (wave * loud).astype(np.float32)})
        savemat(home / f"subject{person}_eeg_label.mat", {"label": np.eye(10)})
    return root


def isruc(root: Path, people: int = 2, home: str = "RawData/{}") -> Path:
    """`ExtractedChannels` and what was scored; every value is the number of its epoch, and a tenth for each channel."""
    names = ("F3_A2", "C3_A2", "O1_A2", "F4_A1", "C4_A1", "O2_A1", "LOC_A2", "ROC_A1", "X1", "X2")
    (root / "ExtractedChannels").mkdir(parents=True)
    for person in range(1, people + 1):
        stages = [0, 1, 2, 3, 5, 0, 0][: 5 + person]
        rows = np.repeat(np.arange(len(stages))[:, None], 6000, axis=1)
        values = {name: rows + at / 10 for at, name in enumerate(names)}
        savemat(root / f"ExtractedChannels/subject{person}.mat", values, do_compression=True)
        folder = root / home.format(person)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{person}_1.txt").write_text("\n".join(map(str, [*stages, *[0] * 30])) + "\n\n", "utf-8")
    return root


def nback(root: Path, people: int = 2) -> Path:
    """EEG at 200 Hz, NIRS at 10 Hz whose clock is 3 s late; values are seconds, and 1,000 for each channel."""

    def cells(words: list[str]) -> Any:
        return np.array(words, object).reshape(1, -1)

    def recorded(names: list[str], rate: float) -> dict[str, Any]:
        seconds = np.arange(round(200 * rate)) / rate
        return {"x": seconds[:, None] + 1000 * np.arange(len(names)), "fs": rate, "clab": cells(names)}

    kinds = ["0-back session", "2-back session", "3-back session", "target"]
    for person in range(1, people + 1):
        for device, late in (("EEG", 0.0), ("NIRS", 3.0)):
            home = root / f"VP{person:03d}-{device}"
            home.mkdir(parents=True)
            marks = {"time": 1000 * (np.array([[10, 12, 70, 130]]) + late), "className": cells(kinds),
                     "y": np.eye(4)[[1, 3, 0, 2]].T}  # fmt: skip
            savemat(home / "mrk_nback.mat", {"mrk_nback": marks})
            cnt = recorded(["Fp1", "AFF5h", "VEOG", "HEOG"], 200.0)
            if device == "NIRS":
                cnt = {kind: recorded(["AF7Fp1", "AF3Fp1"], 10.0) for kind in ("oxy", "deoxy")}
            savemat(home / "cnt_nback.mat", {"cnt_nback": cnt}, do_compression=True)
    return root
