from __future__ import annotations

import numpy as np
import pytest

from vultus.research.data.world import calibrate, degrade, spoofs


def _pictures(n: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return degrade._bytes(128 + 60 * degrade._spread(rng.normal(size=(n, 32, 32, 3)), (0, 2, 2, 0)) * 4)


def test_decibels_by_hand() -> None:
    one = np.zeros((1, 4, 4, 3), np.uint8)
    assert calibrate.psnr(one, one + 5)[0] == pytest.approx(20 * np.log10(255 / 5))


def test_a_wave_is_in_its_ring() -> None:
    x = np.arange(64)
    wave = np.broadcast_to((128 + 60 * np.cos(2 * np.pi * x * 16 / 64))[None, None, :, None], (1, 64, 64, 3))
    assert calibrate.spectrum(degrade._bytes(wave)).argmax() == 12  # a quarter of the samples, of 24 rings up to a half


def test_noise_is_separable_and_nothing_is_not() -> None:
    real = _pictures(60)
    false = degrade.apply(real, "noise", 3, np.random.default_rng(0))
    people = np.arange(60)
    assert calibrate.separable(real, false, people) > 0.95
    assert calibrate.separable(real, real, people) == pytest.approx(0.5, abs=0.01)


def test_tables_have_every_row() -> None:
    real = _pictures(16)
    rows = calibrate.degradations(real[:2], 1, lambda images: {"found": 1.0})
    assert len(rows) == len(degrade.KINDS) * 3
    assert rows[0]["found"] == 1
    table = calibrate.attacks(real, np.arange(16), 1)
    assert len(table) == len(spoofs.KINDS) * (len(calibrate.STRENGTHS) + 3)
