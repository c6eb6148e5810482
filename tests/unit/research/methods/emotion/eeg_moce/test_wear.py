"""What is told of a recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.research.methods.emotion.eeg_moce import Config, EegMoce, answer
from vultus.research.methods.emotion.eeg_moce.wear import cut

TINY = Config.tiny()


def worn(path: Path, model: EegMoce, seconds: float = 7.0, rate: float = 128.0) -> Path:
    names = [name for one in model.task.modalities for name in one.channels]
    data = np.random.default_rng(0).normal(5, 30, (len(names), round(seconds * rate)))
    np.savez(path, data=data, channels=np.array(names), rate=rate)
    return path


def test_windows_curvature_attention_and_a_picture(tmp_path: Path) -> None:
    model = EegMoce(TINY).eval()
    said = answer(model, worn(tmp_path / "x.npz", model), tmp_path / "out")
    assert said["windows"] == 4
    assert len(said["of_windows"]) == 4
    assert set(said["of_windows"]) <= set(model.task.labels)
    assert list(said["curvature"].values()) == pytest.approx([-2.0] * 3)
    assert sum(said["attention"].values()) == pytest.approx(1, abs=1e-3)
    assert len(said["classes"]) == 5
    assert said["align"] == "transductive"
    assert "median" in said["scaling"]
    assert (tmp_path / "out/windows.png").stat().st_size > 10_000
    assert answer(model, tmp_path / "x.npz", None) == said


def test_rows_are_at_the_rate_of_training_and_scaled(tmp_path: Path) -> None:
    model = EegMoce(TINY)
    rows = cut(model, worn(tmp_path / "x.npz", model))
    assert rows["eeg"].shape == (4, 8, 96)
    assert 0.5 < rows["eeg"].std() < 1.5


def test_what_cannot_be_told(tmp_path: Path) -> None:
    model = EegMoce(TINY)
    with pytest.raises(InputError, match=r"lasts 1 s, but a window 1\.5 s"):
        cut(model, worn(tmp_path / "x.npz", model, seconds=1.0))
    small = replace(TINY.recording, seconds=5.0, rate_hz=100.0)
    with pytest.raises(InputError, match="task 'eav' also needs sound and video"):
        cut(EegMoce(replace(TINY, task="eav", recording=small)), tmp_path / "x.npz")
