"""EAV: a MATLAB file of EEG for everybody, and one of labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from unit.research.data.sets.physiology import eav
from vultus.errors import InputError
from vultus.research.data.sets import open_set


@pytest.mark.parametrize("key", ["seg", "seg1"])
def test_what_people_speak_is_kept(tmp_path: Path, key: str) -> None:
    reader = open_set("eav", eav(tmp_path, key=key))
    part = reader.found.parts["all"]
    assert part.subjects.tolist() == [1] * 5 + [2] * 5
    assert part.fields["emotion"].tolist() == [0, 1, 2, 3, 4] * 2
    assert part.fields["interaction"].tolist() == [1, 3, 5, 7, 9] * 2
    found = reader.windows("all", {"eeg": ("Fp1", "PO10")}, seconds=5.0, rate_hz=100.0, rows=[1, 5])
    assert found["eeg"].shape == (8, 2, 500), "20 s are four rows of 5 s"
    assert found["label"].tolist() == [1, 1, 1, 1, 0, 0, 0, 0]
    assert found.subjects.tolist() == [1, 1, 1, 1, 2, 2, 2, 2]
    tone = np.abs(np.fft.rfft(found["eeg"][1, 1])) / 250
    assert tone[50] == pytest.approx(120, rel=0.02), "10 Hz of channel 30 in interaction 4"
    assert np.delete(tone, 50).max() < 2, "what lies outside the band is gone"


def test_counts_are_held_to_the_published(tmp_path: Path) -> None:
    manifest = open_set("eav", eav(tmp_path, seconds=1)).check(decode=True)
    assert "all: 10 trials, but 4,200 are published" in manifest.problems
    assert "all, calmness: 2 trials, but 840 are published" in manifest.problems
    assert "2 people, but 42 are published" in manifest.remarks
    assert any("Audio/ and Video/ are not read" in remark for remark in manifest.remarks)


def test_numbers_with_zeros_before_them(tmp_path: Path) -> None:
    home = eav(tmp_path, people=1, seconds=1) / "subject1/EEG"
    (home / "subject1_eeg.mat").rename(home / "subject01_eeg.mat")
    (home / "subject1_eeg_label.mat").rename(home / "subject01_eeg_label.mat")
    home.parent.rename(tmp_path / "subject01")
    assert set(open_set("eav", tmp_path).found.parts["all"].subjects.tolist()) == {1}


def test_damaged_labels(tmp_path: Path) -> None:
    path = eav(tmp_path, people=1, seconds=1) / "subject1/EEG/subject1_eeg_label.mat"
    savemat(path, {"label": np.eye(9)})
    with pytest.raises(InputError, match=r"'label' must be \(10, N\) of 0 and 1, but is \(9, 9\)"):
        open_set("eav", tmp_path)
    savemat(path, {"label": np.zeros((10, 4))})
    with pytest.raises(InputError, match=r"every column of 'label' must hold one 1"):
        open_set("eav", tmp_path)
    path.unlink()
    with pytest.raises(InputError, match=r"_label\.mat is not there: it holds the labels of the EEG beside it"):
        open_set("eav", tmp_path)


def test_damaged_signals(tmp_path: Path) -> None:
    path = eav(tmp_path, people=1, seconds=1) / "subject1/EEG/subject1_eeg.mat"
    savemat(path, {"seg": np.zeros((500, 30, 4))})
    load = open_set("eav", tmp_path).found.parts["all"].pictures.load
    with pytest.raises(InputError, match=r"holds 4 interactions, but there is a label for number 6"):
        load(2)
    other = eav(tmp_path / "b", people=1, seconds=1)
    savemat(other / "subject1/EEG/subject1_eeg.mat", {"seg": np.zeros((500, 3, 4))})
    with pytest.raises(InputError, match=r"'seg' or 'seg1' must be \(T, 30, N\), but is \(500, 3, 4\)"):
        open_set("eav", other).found.parts["all"].pictures.load(0)
    (tmp_path / "c").mkdir()
    with pytest.raises(InputError, match=r"holds no EAV"):
        open_set("eav", tmp_path / "c")
