"""Trials cut into windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from unit.research.data.sets import physiology
from unit.research.data.sets.edf import write_edf
from vultus.errors import InputError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.trials import Mark, Signal, Trial, Trials, matlab, quadrants, read_edf, windows

EEG = ("A", "B")


def trials(*lengths_s: float, marks: tuple[Mark, ...] = ()) -> Trials:
    def load(number: int) -> Trial:
        long = round(lengths_s[number] * 100)
        values = np.stack([np.full(long, number), np.arange(long)]).astype(np.float32)
        return Trial({"eeg": Signal(values, EEG, 100.0), "eog": Signal(values[:1, ::2], ("H",), 50.0)}, marks)

    return Trials(tuple(f"trial {at}" for at in range(len(lengths_s))), load)


def cut(some: Trials, seconds: float = 1.0, rate_hz: float = 100.0, **changed):  # type: ignore[no-untyped-def]
    fields, people = {"label": np.arange(some.size) + 5}, np.array(["x", "y", "z"])[: some.size]
    wanted = {"channels": {"eeg": EEG, "eog": ("H",)}, "label": "label", **changed}
    return windows(some, fields, people, seconds=seconds, rate_hz=rate_hz, **wanted)


def test_windows_do_not_overlap_and_leave_the_rest() -> None:
    found = cut(trials(2.5, 0.5, 1.0))
    assert found["trial"].tolist() == [0, 0, 2]
    assert found["label"].tolist() == [5, 5, 7]
    assert found.subjects is not None
    assert found.subjects.tolist() == ["x", "x", "z"]
    assert found["eeg"].shape == (3, 2, 100)
    assert found["eeg"][1, 1, 0] == 100
    assert found["eog"].shape == (3, 1, 100), "all kinds come to one rate"


def test_another_rate_and_another_order_of_channels() -> None:
    found = cut(trials(2.0), rate_hz=50.0, channels={"eeg": ("b", "A")})
    assert found["eeg"].shape == (2, 2, 50)
    assert np.allclose(found["eeg"][0, 0, 10:40], np.arange(20, 80, 2), atol=0.6)


def test_marks_have_labels_of_their_own() -> None:
    found = cut(trials(4.0, marks=(Mark(0.5, 2.0, 3), Mark(2.5, 9.0, 1))))
    assert found["label"].tolist() == [3, 3, 1]
    assert found["eeg"][:, 1, 0].tolist() == [50, 150, 250]


def test_only_some_trials() -> None:
    assert cut(trials(1.0, 1.0, 1.0), rows=[2])["trial"].tolist() == [2]


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no trial is as long as a window of 3 s"):
        cut(trials(1.0), seconds=3.0)
    with pytest.raises(InputError, match=r"trial 0 has no nirs; it has: eeg, eog"):
        cut(trials(1.0), channels={"nirs": ()})
    with pytest.raises(InputError, match=r"eeg has no channel C, D; it has: A, B|has no channel C, D; it has: A, B"):
        cut(trials(1.0), channels={"eeg": ("A", "C", "D")})
    bad = tmp_path / "x.mat"
    bad.write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"x\.mat is no MATLAB file that can be read"):
        matlab(bad)
    bad.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(400))
    with pytest.raises(InputError, match=r"of MATLAB 7\.3, which is HDF5"):
        matlab(bad)
    savemat(bad, {"a": 1})
    assert matlab(bad)["a"] == 1


def test_quadrants_of_ratings() -> None:
    assert quadrants(np.array([1, 1, 9, 9]), np.array([5, 6, 5, 6]), 5.0).tolist() == [0, 1, 2, 3]


def test_a_set_of_signals_has_no_pictures_and_the_other_way_round(tmp_path: Path) -> None:
    reader = open_set("deap", physiology.deap(tmp_path))
    with pytest.raises(InputError, match=r"DEAP holds signals, not pictures: Reader\.windows cuts them into rows"):
        reader.read("all")
    from unit.research.data.sets.made import picture

    picture(tmp_path / "Ann/Ann_0001.jpg")
    with pytest.raises(InputError, match=r"LFW holds pictures, not signals: Reader\.read reads them"):
        open_set("lfw", tmp_path).windows("all", {}, seconds=1.0, rate_hz=1.0)


def test_a_trial_that_cannot_be_read_is_told_by_name(tmp_path: Path) -> None:
    from scipy.io import loadmat

    path = physiology.seed(tmp_path) / "Preprocessed_EEG/1_20131030.mat"
    values = {key: value for key, value in loadmat(path).items() if key[:2] != "__"}
    savemat(path, {**values, "djc_eeg2": np.zeros((3, 9))})
    manifest = open_set("seed", tmp_path).check(decode=True)
    assert any("1 of 12 trials cannot be read (1_20131030.mat, clip 2: " in line for line in manifest.problems)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.edf").write_bytes(b"0" * 300)
    with pytest.raises(InputError, match=r"cannot be read as EDF"):
        read_edf(tmp_path / "x.edf")
    values = {"Fp1": np.linspace(-50, 50, 64), "Cz": np.zeros(64)}
    raw = read_edf(write_edf(tmp_path / "x.bdf", values, 32))
    assert raw.ch_names == ["Fp1", "Cz"]
    assert np.allclose(raw.get_data()[0] * 1e6, values["Fp1"], atol=0.01)
