from __future__ import annotations

import numpy as np

from vultus.research.data.world import albedo, maps


def _texel(u: float, v: float) -> np.ndarray:
    return maps.skin()[int((v - maps.LOW) * maps.PER_CM), int((u - maps.LEFT) * maps.PER_CM)]


def test_marks_lie_where_faces_have_them() -> None:
    assert maps.skin().dtype == np.uint8
    assert maps.skin().shape[2] == maps.FIRST_FURROW + 3 * len(maps.FURROWS)
    assert _texel(0, -6.9)[maps.LIP] > 200
    assert _texel(0, -3)[maps.LIP] == 0
    assert _texel(2.8, 2.2)[maps.BROW] > 200
    assert _texel(4, -3)[maps.BLUSH] > 100
    assert _texel(0.3, -5.3)[maps.MOUSTACHE] > 100
    assert _texel(0, 5)[maps.JAW_BEARD] == 0


def test_furrows_have_slopes() -> None:
    sheet = maps.skin()
    for number, name in enumerate(maps.FURROWS):
        at = maps.FIRST_FURROW + 3 * number
        assert sheet[..., at].max() > 128, name
        assert np.ptp(sheet[..., at + 1].astype(int)) + np.ptp(sheet[..., at + 2].astype(int)) > 60, name


def test_the_kernels_know_where_the_sheet_begins() -> None:
    assert (albedo._LEFT, albedo._LOW, albedo._PER_CM) == (maps.LEFT, maps.LOW, maps.PER_CM)


def test_noise_is_even() -> None:
    found = maps.noise(np.random.default_rng(0), (64, 64), (6, 6))
    assert np.histogram(found, 4, (0, 1))[0].std() < 300
    for picture in (maps.grain(), maps.clouds()):
        assert 0 <= picture.min() < picture.max() <= 1
