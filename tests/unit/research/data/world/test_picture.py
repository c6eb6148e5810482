from __future__ import annotations

import numpy as np

from vultus.research.data.world import picture


def _developed(level: float, noise: float = 0.0, seed: int = 1, fine: int = 2) -> np.ndarray:
    out = np.empty((16, 16, 3), np.uint8)
    light = np.full((16 * fine, 16 * fine, 3), level, np.float32)
    picture.develop(light, 1.0, noise, seed, picture.curve(), out)
    return out


def test_light_becomes_bytes_as_screens_expect() -> None:
    assert _developed(0.0).max() == 0
    assert abs(int(_developed(0.2).mean()) - 124) <= 2  # 255 * (1.055 * 0.2 ** (1 / 2.4) - 0.055)
    levels = [_developed(level).mean() for level in (0.1, 0.4, 0.8, 1.6, 2.4)]
    assert levels == sorted(levels)
    assert levels[-1] <= 255


def test_noise_has_a_seed_and_no_bias() -> None:
    noisy, again, other = _developed(0.3, 0.05, 1), _developed(0.3, 0.05, 1), _developed(0.3, 0.05, 2)
    assert np.array_equal(noisy, again)
    assert not np.array_equal(noisy, other)
    assert noisy.std() > 2
    assert abs(float(noisy.mean()) - float(_developed(0.3).mean())) < 2


def test_a_backdrop_fills_what_is_empty_only() -> None:
    which = np.full((8, 8), -1, np.int32)
    which[2:4] = 5
    out = np.zeros((8, 8, 3), np.float32)
    picture.backdrop(
        which, np.array([1, 0, 0, 0, 0, 1, 0.5, 0.1, 0.2], np.float32), np.full((4, 4), 0.5, np.float32), out
    )
    assert out[2:4].max() == 0
    assert out[:2].min(axis=(0, 1))[0] > 0.3
    assert out[-1, 0, 2] > out[0, 0, 2]
