"""DREAMER.mat as MATLAB writes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from unit.research.data.sets.physiology import dreamer
from vultus.errors import InputError
from vultus.research.data.sets import open_set


def test_clips_of_people(tmp_path: Path) -> None:
    reader = open_set("dreamer", dreamer(tmp_path))
    part = reader.found.parts["all"]
    assert part.subjects.tolist() == [1, 1, 1, 2, 2, 2]
    assert part.fields["valence"][:3].tolist() == [2, 3, 4]
    assert part.fields["quadrant"][:3].tolist() == [1, 1, 3]
    one = part.pictures.load(4)
    assert one.signals["eeg"].values.shape == (14, 640)
    assert one.signals["ecg"].values.shape == (2, 1280)
    assert one.signals["eeg"].values[:, 0].tolist() == [1.0 + channel for channel in range(14)]
    assert "all: 6 trials, but 414 are published" in reader.check(decode=True).problems
    found = reader.windows("all", {"eeg": ("F3", "AF4"), "ecg": ("ECG2",)}, seconds=2.0, rate_hz=64.0)
    assert found["eeg"].shape == (12, 2, 128)
    assert found["ecg"].shape == (12, 1, 128)


def test_another_file_or_a_damaged_one(tmp_path: Path) -> None:
    savemat(tmp_path / "DREAMER.mat", {"x": 1})
    with pytest.raises(InputError, match=r"must hold the structure DREAMER"):
        open_set("dreamer", tmp_path)
    savemat(tmp_path / "DREAMER.mat", {"DREAMER": {"Other": 1.0}})
    other = tmp_path / "b"
    other.mkdir()
    (tmp_path / "DREAMER.mat").rename(other / "DREAMER.mat")
    with pytest.raises(InputError, match=r"must have the field Data, but has: Other"):
        open_set("dreamer", other)


def test_signals_and_ratings_of_the_wrong_size(tmp_path: Path) -> None:
    path = dreamer(tmp_path, clips=2) / "DREAMER.mat"
    whole = loadmat(path, struct_as_record=False)["DREAMER"]
    first = whole[0, 0].Data[0, 0][0, 0]
    first.EEG[0, 0].stimuli[1, 0] = np.zeros((5, 3))
    other = tmp_path / "b"
    other.mkdir()
    savemat(other / "DREAMER.mat", {"DREAMER": whole[0, 0]})
    with pytest.raises(InputError, match=r"EEG of clip 2 must be \(T, 14\), but is \(5, 3\)"):
        open_set("dreamer", other).found.parts["all"].pictures.load(1)
    first.ScoreArousal = np.ones((1, 1))
    third = tmp_path / "c"
    third.mkdir()
    savemat(third / "DREAMER.mat", {"DREAMER": whole[0, 0]})
    with pytest.raises(InputError, match=r"every clip needs a rating of valence, arousal and dominance"):
        open_set("dreamer", third)
