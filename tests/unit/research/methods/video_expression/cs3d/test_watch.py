"""A file in, an answer and a picture out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from unit.inference.portraits import portrait
from vultus.errors import InputError
from vultus.inference.image import read
from vultus.inference.record import VideoWriter
from vultus.research.data.events import made
from vultus.research.data.sets.event_files import Recording
from vultus.research.methods.video_expression import cs3d
from vultus.research.methods.video_expression.cs3d.displays import CLASSES
from vultus.research.methods.video_expression.cs3d.watch import coloured, cut, firing

MODEL = cs3d.build(cs3d.Config.tiny())


def recording(seconds: float, n: int = 4000) -> Recording:
    rng = np.random.default_rng(0)
    t = np.sort(rng.integers(7 * 10**6, int((7 + seconds) * 10**6), n))
    return Recording(made(t, rng.integers(0, 32, n), rng.integers(0, 24, n), rng.integers(0, 2, n)), (24, 32))


@pytest.mark.parametrize(("seconds", "windows"), [(0.4, 1), (1.2, 1), (2.6, 4)])
def test_windows_overlap_by_half(seconds: float, windows: int) -> None:
    found, starts = cut(recording(seconds), 8, 12, 1.0)
    assert found.shape == (windows, 2, 8, 12, 12)
    assert starts == [0.5 * number for number in range(windows)]
    if seconds < 1:
        assert found.sum() == 4000


def test_rates_of_each_layer_over_time() -> None:
    window = np.zeros((2, 8, 12, 12), np.uint8)
    window[:, 4:] = 3
    found = firing(MODEL.network, window)
    assert [len(rates) for rates in found.values()] == [8, 8]
    assert not any(part._forward_hooks for part in MODEL.network.modules())


def test_events_are_answered_and_drawn(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    events = recording(2.2).events
    np.savez(path, t=events["t"], x=events["x"], y=events["y"], p=events["p"])
    found = cs3d.answer(MODEL, path, tmp_path)
    assert found["events"] == 4000
    assert found["side"] == 24
    assert found["in_the_middle"] == pytest.approx(3000, rel=0.1)
    assert found["simulated"] is False
    assert found["face"] is None
    assert len(found["windows"]) == 3
    for window in found["windows"]:
        assert sum(window["probabilities"].values()) == pytest.approx(1, abs=1e-3)
        assert window["label"] in CLASSES
    assert all(0 < rate < 1 for rate in found["firing_rates"].values())
    energy = found["energy"]
    assert energy["event_uj"] < energy["dense_uj"] < energy["c3d_dense_uj"]
    assert read(tmp_path / "events.png").shape == (460, 1100, 3)


def test_a_camera_that_says_nothing_in_the_middle_is_told(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[5, 0, 0, 1], [6, 90, 1, 1]]))
    with pytest.raises(InputError, match="says nothing in the middle square of its camera"):
        cs3d.answer(MODEL, tmp_path / "x.npy", None)


def test_a_film_is_seen_through_the_simulated_camera(tmp_path: Path) -> None:
    film = tmp_path / "x.avi"
    with VideoWriter(film, fps=25) as writer:
        for number in range(10):
            writer.write(np.roll(portrait(), number, axis=1))
    found = cs3d.answer(MODEL, film, None)
    assert found["simulated"] is True
    assert found["face"] is True
    assert found["side"] == 24
    assert found["events"] > 100


def test_signs_have_colours() -> None:
    counts = np.zeros((2, 2, 2), np.uint8)
    counts[0, 0, 0] = counts[1, 1, 1] = 4
    picture = coloured(counts)
    assert (picture[0, 1] == 1).all()
    assert picture[0, 0, 2] > picture[0, 0, 0]
    assert picture[1, 1, 0] > picture[1, 1, 2]


def test_training_mode_does_not_matter() -> None:
    torch.manual_seed(0)
    found, _ = cut(recording(1.0), 8, 12, 1.0)
    assert {key: rates.tolist() for key, rates in firing(MODEL.train().network, found[0]).items()} == {
        key: rates.tolist() for key, rates in firing(MODEL.eval().network, found[0]).items()
    }
