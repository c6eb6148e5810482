"""ISRUC-Sleep, subgroup 3: extracted channels, and the stages of the first expert."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from unit.research.data.sets.physiology import isruc
from vultus.errors import InputError
from vultus.research.data.sets import isruc as reader_of
from vultus.research.data.sets import open_set

CHANNELS = {"eeg": ("F3_A2", "O2_A1"), "eog": ("ROC_A1",), "emg": ("X1",)}


@pytest.mark.parametrize("home", ["RawData/{}", "{}", "subject {}", "."])
def test_epochs_of_a_night(tmp_path: Path, home: str) -> None:
    reader = open_set("isruc", isruc(tmp_path, home=home))
    part = reader.found.parts["all"]
    assert part.subjects.tolist() == [1, 2]
    assert part.fields["epochs"].tolist() == [6, 7]
    found = reader.windows("all", CHANNELS, seconds=30.0, rate_hz=200.0)
    assert found["label"].tolist() == [0, 1, 2, 3, 4, 0, 0, 1, 2, 3, 4, 0, 0]
    assert found["eeg"].shape == (13, 2, 6000)
    assert found["eeg"][3].mean(axis=1).tolist() == pytest.approx([3.0, 3.5])
    assert found["eog"][3].mean() == pytest.approx(3.7)
    assert found["emg"][3].mean() == pytest.approx(3.8)


def test_counts_are_held_to_the_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = open_set("isruc", isruc(tmp_path))
    assert reader.check().problems == ("all: 2 trials, but 10 are published",)
    assert "13 epochs are scored" in reader.check().remarks
    monkeypatch.setattr(reader_of, "PEOPLE", 2)
    remarks = open_set("isruc", tmp_path).check(decode=True).remarks
    assert "13 epochs are scored, but work on this set tells of 8,589" in remarks


def test_what_is_damaged(tmp_path: Path) -> None:
    path = isruc(tmp_path, people=1) / "ExtractedChannels/subject1.mat"
    values = {key: value for key, value in loadmat(path).items() if key[:2] != "__"}
    savemat(path, {**values, "X1": np.zeros((5, 6000))})
    with pytest.raises(InputError, match=r"subject1\.mat: X1 must be \(6, 6000\), but is \(5, 6000\)"):
        open_set("isruc", tmp_path).found.parts["all"].pictures.load(0)
    scored = tmp_path / "RawData/1/1_1.txt"
    scored.write_text("0\n4\n", "utf-8")
    with pytest.raises(InputError, match=r"1_1\.txt: stages are 0, 1, 2, 3 and 5, but it holds 4"):
        open_set("isruc", tmp_path)
    scored.write_text("0\n" * 30, "utf-8")
    with pytest.raises(InputError, match=r"1_1\.txt holds 30 stages, but the last 30 have no signals"):
        open_set("isruc", tmp_path)
    scored.unlink()
    with pytest.raises(InputError, match=r"nothing scored for person 1: RawData/1/1_1\.txt is not there"):
        open_set("isruc", tmp_path)
    (tmp_path / "b").mkdir()
    with pytest.raises(InputError, match=r"holds no ISRUC-Sleep, subgroup 3"):
        open_set("isruc", tmp_path / "b")
