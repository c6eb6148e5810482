"""SEED's sessions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from unit.research.data.sets.physiology import seed
from vultus.errors import InputError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.seed import EEG


def test_sessions_follow_their_dates(tmp_path: Path) -> None:
    assert len(set(EEG)) == 62
    reader = open_set("seed", seed(tmp_path))
    part = reader.found.parts["all"]
    assert part.subjects.tolist() == [1] * 8 + [2] * 4
    assert part.fields["session"].tolist() == [1] * 4 + [2] * 4 + [1] * 4
    assert part.fields["emotion"][:4].tolist() == [2, 1, 0, 0]
    assert (part.pictures.load(6).signals["eeg"].values == 3).all()
    problems = reader.check().problems
    assert "all: 12 trials, but 675 are published" in problems
    assert "all, negative: 6 trials, but 225 are published" in problems
    found = reader.windows("all", {"eeg": ("FP1", "Oz")}, seconds=2.0, rate_hz=100.0)
    assert found["eeg"].shape == (24, 2, 200)


def test_labels_must_be_there_and_whole(tmp_path: Path) -> None:
    home = seed(tmp_path) / "Preprocessed_EEG"
    savemat(home / "label.mat", {"label": np.array([[1, 4]])})
    with pytest.raises(InputError, match=r"'label' must hold -1, 0 or 1 for each clip, but holds \[1, 4\]"):
        open_set("seed", tmp_path)
    (home / "label.mat").unlink()
    with pytest.raises(InputError, match=r"label\.mat is not there: it holds the labels of SEED's clips"):
        open_set("seed", tmp_path)


def test_a_clip_that_is_not_there(tmp_path: Path) -> None:
    home = seed(tmp_path) / "Preprocessed_EEG"
    savemat(home / "label.mat", {"label": np.array([[1, 0, -1, -1, 1]])})
    with pytest.raises(InputError, match=r"clip 5 must be \(62, T\), but is \(0,\)"):
        open_set("seed", tmp_path).found.parts["all"].pictures.load(4)
