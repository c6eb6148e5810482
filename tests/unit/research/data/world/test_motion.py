from __future__ import annotations

import numpy as np
import pytest

from vultus.research.data.world import motion
from vultus.research.data.world.actions import number


def test_an_envelope_is_zero_one_zero() -> None:
    found = motion.envelope(40, 5, 15, 30)
    assert found[:6].max() == 0
    assert found[15] == 1
    assert found[30:].max() == 0
    assert (np.diff(found[5:15]) >= 0).all()


def test_blinks_shut_and_open_again() -> None:
    closed, shut = motion.blinks(600, np.random.default_rng(0), 0.5)
    assert 4 <= len(shut) <= 20
    assert closed[shut].min() > 0.7
    assert np.median(closed) == 0
    assert len(motion.blinks(600, np.random.default_rng(0), 0.0)[1]) == 0


def test_speech_moves_the_jaw_at_the_pace_of_syllables() -> None:
    rows = motion.speech(300, np.random.default_rng(0), 60, 240)
    jaw = rows[:, number("AU26")]
    assert jaw[:60].max() == jaw[240:].max() == 0
    power = np.abs(np.fft.rfft(jaw[60:240] - jaw[60:240].mean())) ** 2
    assert 2.5 < np.fft.rfftfreq(180, 1 / motion.FPS)[power.argmax()] < 6
    assert motion.speech(10, np.random.default_rng(0), 5, 5).max() == 0


def test_heads_wander_slowly_and_turn_now_and_then() -> None:
    path = motion.wander(3000, np.random.default_rng(0), 2, 3.0)
    assert path.std() == pytest.approx(3, rel=0.3)
    assert np.abs(np.diff(path, axis=0)).mean() < 1
    yaw = motion.turns(3000, np.random.default_rng(0))
    assert 5 < np.abs(yaw).max() <= 56
    assert (yaw == 0).mean() > 0.2
