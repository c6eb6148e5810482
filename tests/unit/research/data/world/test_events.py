"""The event camera: by hand, and what is true of any film."""

from __future__ import annotations

from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vultus.errors import ConfigError, ShapeError
from vultus.research.data.world import clips, events
from vultus.research.data.world.events import _FLOOR, Camera, light, of_rows, simulate

PLAIN = Camera(threshold=0.2, spread=0, noise_hz=0, refractory_us=0)


def film(*logs: float) -> np.ndarray:
    """A pixel whose light has these logarithms, one per frame."""
    return (np.exp(np.array(logs, np.float64)) - _FLOOR)[:, None, None]


def seconds(frames: int) -> np.ndarray:
    return np.arange(frames) * 1e6


def test_a_steady_rise_is_told_threshold_by_threshold() -> None:
    found = simulate(film(0, 1.01), seconds(2), PLAIN, 0)
    assert np.allclose(found["t"], np.arange(1, 6) * 0.2 / 1.01 * 1e6, atol=2)
    assert found["p"].tolist() == [1] * 5


def test_up_and_down_again() -> None:
    found = simulate(film(0, 0.5, 0), seconds(3), PLAIN, 0)
    # Up at 0.2 and 0.4; down from 0.4 by 0.2 at 0.2, and at 0.0 just so.
    assert found["p"].tolist()[:3] == [1, 1, 0]
    assert np.allclose(found["t"][:3], [4e5, 8e5, 1.6e6], atol=2)


def test_changes_below_the_threshold_are_not_told_until_they_add_up() -> None:
    assert len(simulate(film(0, 0.15, 0, 0.15), seconds(4), PLAIN, 0)) == 0
    found = simulate(film(0, 0.15, 0.3), seconds(3), PLAIN, 0)
    assert np.allclose(found["t"], [1e6 + 1e6 / 3], atol=2)


def test_after_a_report_a_pixel_is_blind_and_starts_anew() -> None:
    blind = Camera(threshold=0.2, spread=0, noise_hz=0, refractory_us=1e5)
    found = simulate(film(0, 1), seconds(2), blind, 0)
    assert np.allclose(found["t"], [2e5, 5e5, 8e5], atol=2)
    over = Camera(threshold=0.2, spread=0, noise_hz=0, refractory_us=1.3e6)
    # Blind from 0.2 s to 1.5 s; then it sees 1.5 and reports 0.2 more.
    assert np.allclose(simulate(film(0, 1, 2), seconds(3), over, 0)["t"], [2e5, 1.7e6], atol=2)


def test_noise_comes_at_its_rate_and_of_both_signs() -> None:
    still = np.full((3, 40, 40), 0.5, np.float32)
    found = simulate(still, seconds(3), Camera(spread=0, noise_hz=2.0, refractory_us=0), 0)
    assert len(found) == pytest.approx(1600 * 2 * 2, rel=0.05)
    assert found["p"].mean() == pytest.approx(0.5, abs=0.03)
    per_pixel = np.bincount(found["y"].astype(int) * 40 + found["x"], minlength=1600)
    assert per_pixel.var() == pytest.approx(per_pixel.mean(), rel=0.15), "as Poisson has it"
    thrice = simulate(still, seconds(3), Camera(spread=0, noise_hz=2.0, refractory_us=0).noisier(3), 0)
    assert len(thrice) == pytest.approx(3 * len(found), rel=0.05)
    assert len(simulate(still, seconds(3), PLAIN, 0)) == 0


def test_thresholds_differ_from_pixel_to_pixel() -> None:
    rise = np.exp(np.linspace(0, 1, 2))[:, None, None] * np.ones((1, 30, 30))
    spread = simulate(rise, seconds(2), Camera(threshold=0.2, spread=0.03, noise_hz=0, refractory_us=0), 0)
    firsts = np.unique(spread["y"].astype(int) * 30 + spread["x"], return_index=True)[1]
    assert 0.02e6 < spread["t"][firsts].std() < 0.04e6
    alike = simulate(rise, seconds(2), PLAIN, 0)
    assert len(np.unique(alike["t"])) == len(alike) // 900


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 10**6),
    st.sampled_from([0.0, 700.0, 40_000.0]),
    st.sampled_from([0.0, 3.0]),
    st.floats(0.05, 0.6),
)
def test_what_is_true_of_any_film(seed: int, blind: float, noise: float, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    shown = rng.uniform(0, 1, (5, 3, 4)).astype(np.float32)
    times = np.cumsum(rng.uniform(1e4, 5e4, 5))
    camera = Camera(threshold, 0.0, noise, blind)
    found = simulate(shown, times, camera, seed)
    assert (np.diff(found["t"]) >= 0).all()
    assert ((found["t"] >= np.floor(times[0])) & (found["t"] <= times[-1])).all()
    assert (found["x"] < 4).all()
    assert (found["y"] < 3).all()
    for row in range(3):
        for column in range(4):
            own = found[(found["y"] == row) & (found["x"] == column)]
            assert (np.diff(own["t"]) >= blind - 1).all(), "nobody speaks while blind"
            if noise == 0 and blind == 0:
                logs = np.log(shown[:, row, column].astype(np.float64) + _FLOOR)
                told = logs[0] + threshold * (2.0 * own["p"] - 1).sum()
                assert abs(told - logs[-1]) < threshold + 1e-6, "what was told adds up to what happened"
    again = simulate(shown, times, camera, seed)
    assert np.array_equal(found, again)


def test_more_events_than_expected_find_room() -> None:
    found = simulate(film(*([0, 3] * 200)), seconds(400), Camera(0.01, 0, 0, 0), 0)
    assert len(found) > 100_000


def test_light_is_linear() -> None:
    grey = np.array([0, 128, 255], np.uint8)[:, None].repeat(3, 1)
    assert np.allclose(light(grey), [0, 0.21586, 1], atol=1e-4)
    assert light(np.array([[255, 0, 0]], np.uint8)).item() == pytest.approx(0.2126)


def test_clips_become_events() -> None:
    made = clips.draw(3, seed=1, frames=9, size=24)
    found = events.draw(made, 5, threshold=0.15, noise_hz=0.0)
    assert set(found.fields) == (set(made.fields) - {"video"}) | {"events"}
    rows = found["events"]
    assert rows.dtype == np.int32
    for clip, table in zip(made["video"], rows, strict=True):
        kept = of_rows(table)
        assert len(kept) == (table[:, 3] != 0).sum() > 20
        assert (table[: len(kept), 3] != 0).all(), "what fills up comes last"
        moved = clip.astype(int).max(0).max(-1) - clip.astype(int).min(0).min(-1)
        assert moved[kept["y"], kept["x"]].mean() > moved.mean(), "events are where something happens"
    assert np.array_equal(rows, events.draw(made, 5, threshold=0.15, noise_hz=0.0)["events"])
    assert events.draw(made, 5, threshold=0.15, noise_hz=50.0)["events"].shape[1] > rows.shape[1]


def test_it_is_fast() -> None:
    shown = np.random.default_rng(0).uniform(0.2, 0.6, (60, 64, 64)).astype(np.float32)
    simulate(shown[:2], seconds(2), PLAIN, 0)
    start = process_time()
    found = simulate(shown, seconds(60), Camera(), 0)
    assert len(found) / (process_time() - start) > 2e5, "events per processor second"


def test_bad_input_is_told() -> None:
    with pytest.raises(ConfigError, match="the threshold of an event camera is above 0, not 0"):
        Camera(threshold=0)
    with pytest.raises(ConfigError, match="spread, noise and refractory time of an event camera are 0 or more"):
        Camera(noise_hz=-1)
    with pytest.raises(ShapeError, match="film"):
        simulate(np.zeros((4, 4), np.float32), seconds(4), PLAIN, 0)
    with pytest.raises(ConfigError, match="events need 2 frames at least with rising times, not 1 with 1 times"):
        simulate(np.zeros((1, 4, 4), np.float32), seconds(1), PLAIN, 0)
    with pytest.raises(ConfigError, match="rising times"):
        simulate(np.zeros((2, 4, 4), np.float32), np.zeros(2), PLAIN, 0)
