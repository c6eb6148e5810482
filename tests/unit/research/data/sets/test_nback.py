"""N-back: sessions of two devices, each cut by its own markers."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy.io import loadmat, savemat

from unit.research.data.sets.physiology import nback
from vultus.errors import InputError
from vultus.research.data.sets import open_set

CHANNELS = {"eeg": ("AFF5h",), "eog": ("HEOG",), "nirs": ("AF3Fp1 oxy", "AF7Fp1 deoxy")}


def test_sessions_of_both_devices(tmp_path: Path) -> None:
    reader = open_set("nback", nback(tmp_path))
    part = reader.found.parts["all"]
    assert part.subjects.tolist() == [1] * 3 + [2] * 3
    assert part.fields["load"].tolist() == [1, 0, 2] * 2
    assert part.pictures.names[3:5] == ("VP002, session 1", "VP002, session 2")
    found = reader.windows("all", CHANNELS, seconds=20.0, rate_hz=10.0)
    assert found["label"].tolist() == [1, 1, 0, 0, 2, 2] * 2
    assert found["eeg"].shape == (12, 1, 200)
    assert found["eeg"][2, 0, 50] == pytest.approx(1075, abs=0.2)
    assert found["eog"][2, 0, 50] == pytest.approx(3075, abs=0.2)
    assert found["nirs"][2, :, 50].tolist() == pytest.approx([1078.0, 78.0])


def test_a_check_tells_how_many_people_there_are(tmp_path: Path) -> None:
    assert "2 people, but 26 are published" in open_set("nback", nback(tmp_path)).check(decode=True).remarks


def test_what_is_damaged(tmp_path: Path) -> None:
    marks = nback(tmp_path / "a", people=1) / "VP001-NIRS/mrk_nback.mat"
    kept = loadmat(marks)["mrk_nback"]
    kept["time"][0, 0] = kept["time"][0, 0][:, :2]
    kept["y"][0, 0] = kept["y"][0, 0][:, :2]
    savemat(marks, {"mrk_nback": kept})
    with pytest.raises(InputError, match="VP001-EEG: EEG tells of 3 sessions, NIRS of 1, or of others"):
        open_set("nback", tmp_path / "a")
    savemat(marks, {"other": kept})
    with pytest.raises(InputError, match=r"mrk_nback\.mat holds no structure 'mrk_nback'"):
        open_set("nback", tmp_path / "a")
    (tmp_path / "b").mkdir()
    with pytest.raises(InputError, match="holds no N-back with EEG and NIRS"):
        open_set("nback", tmp_path / "b")
