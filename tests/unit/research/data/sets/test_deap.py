"""DEAP in its published layout, and its pickles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from unit.research.data.sets.physiology import deap
from vultus.errors import InputError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.deap import BODY, EEG, FACE


def test_trials_without_their_baseline(tmp_path: Path) -> None:
    reader = open_set("deap", deap(tmp_path))
    part = reader.found.parts["all"]
    assert part.pictures.size == 80
    assert part.subjects.tolist() == [1] * 40 + [2] * 40
    assert part.fields["quadrant"][:4].tolist() == [3, 0, 1, 0]
    assert part.fields["video"][40] == 0
    one = part.pictures.load(43)
    assert {kind: signal.values.shape for kind, signal in one.signals.items()} == {
        "eeg": (32, 768), "face": (4, 768), "body": (4, 768),
    }  # fmt: skip
    assert one.signals["eeg"].values.min() >= 0, "the first three seconds are rest"
    assert one.signals["body"].values[0, 0] == 3 + 100 * 36, "video 4, channel 37"
    assert (EEG[0], EEG[16], FACE[0], BODY[0]) == ("Fp1", "Fp2", "hEOG", "GSR")


def test_windows_and_published_totals(tmp_path: Path) -> None:
    reader = open_set("deap", deap(tmp_path))
    channels = {"eeg": ("F3", "O2"), "body": ("GSR",)}
    found = reader.windows("all", channels, seconds=2.0, rate_hz=64.0, rows=[0, 41])
    assert found["eeg"].shape == (6, 2, 128)
    assert found["label"].tolist() == [3] * 3 + [2] * 3
    manifest = reader.check(decode=True)
    assert "all: 80 trials, but 1,280 are published" in manifest.problems
    assert "2 people, but 32 are published" in manifest.remarks


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "data_preprocessed_python").mkdir()
    (tmp_path / "data_preprocessed_python/s01.dat").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(InputError, match="pickles, which run as programs when they are read"):
        open_set("deap", tmp_path)
    with pytest.raises(InputError, match="holds no DEAP"):
        open_set("deap", tmp_path.parent)


def test_damaged_files(tmp_path: Path) -> None:
    savemat(tmp_path / "s01.mat", {"data": np.zeros((40, 40, 10)), "labels": np.zeros((39, 4))})
    with pytest.raises(InputError, match=r"'labels' must be \(40, 4\) \(None is any\), but is \(39, 4\)"):
        open_set("deap", tmp_path)
    savemat(tmp_path / "s01.mat", {"labels": np.zeros((40, 4))})
    with pytest.raises(InputError, match=r"'data' must be \(40, 40, None\) \(None is any\), but is nothing"):
        open_set("deap", tmp_path).found.parts["all"].pictures.load(0)
