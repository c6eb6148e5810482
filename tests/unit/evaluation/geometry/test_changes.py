"""Changes of crops: what they do, worked out by hand or by OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vultus.evaluation.geometry import changes


def crop(seed: int = 0, side: int = 60) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (side // 6, side // 6, 3)).astype(np.uint8)
    return cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


@pytest.mark.parametrize("change", changes.CHANGES, ids=[one.name for one in changes.CHANGES])
def test_level_zero_changes_nothing_and_more_changes_more(change: changes.Change) -> None:
    base = crop()
    away = [level for level in change.levels if level]
    changed = [change.apply(base, level, 3) for level in away]
    assert difference(change.apply(base, 0.0, 3), base) < 0.01
    assert all(one.dtype == np.uint8 and one.shape == base.shape for one in changed)
    assert all(difference(one, base) > 0.5 for one in changed)
    if change.levels[0] == 0:
        assert difference(changed[1], base) > difference(changed[0], base)
    assert np.array_equal(change.apply(base, away[0], 3), changed[0])


def test_light_by_hand() -> None:
    flat = np.full((8, 8, 3), 100, np.uint8)
    assert changes.brightness(flat, 1)[0, 0].tolist() == [125] * 3
    assert changes.brightness(flat, -1)[0, 0].tolist() == [80] * 3
    half = flat.copy()
    half[:, 4:] = 200
    assert changes.contrast(half, 1)[0, [0, 7], 0].tolist() == [85, 215]
    red = np.tile(np.array([160, 100, 100], np.uint8), (4, 4, 1))
    assert changes.saturation(red, 1)[0, 0].tolist() == [180, 90, 90]
    assert np.array_equal(changes.saturation(flat, 1), flat)


def test_blur_and_size_beside_opencv() -> None:
    base = crop(1)
    theirs = cv2.GaussianBlur(base, (0, 0), 1.2, borderType=cv2.BORDER_REPLICATE)
    assert difference(changes.blur(base, 2), theirs) < 0.6
    small = cv2.resize(base, (30, 30), interpolation=cv2.INTER_AREA)
    assert difference(changes.size(base, 1), cv2.resize(small, (60, 60), interpolation=cv2.INTER_LINEAR)) < 0.6


def test_turning_and_zooming_beside_opencv() -> None:
    base = crop(2)
    for turned, matrix in (
        (changes.rotation(base, 1), cv2.getRotationMatrix2D((29.5, 29.5), 4.0, 1.0)),
        (changes.zoom(base, 1), cv2.getRotationMatrix2D((29.5, 29.5), 0.0, 1.04)),
    ):
        theirs = cv2.warpAffine(base, matrix, (60, 60), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        assert difference(turned, theirs) < 1.0


def test_noise_is_of_the_seed() -> None:
    base = np.full((40, 40, 3), 128, np.uint8)
    assert np.std(changes.noise(base, 1, 5).astype(float)) == pytest.approx(8, rel=0.05)
    assert not np.array_equal(changes.noise(base, 1, 5), changes.noise(base, 1, 6))


def test_a_variant_is_near_and_of_the_seed() -> None:
    base = crop(3)
    assert 0.5 < difference(changes.varied(base, 1), base) < 40
    assert np.array_equal(changes.varied(base, 1), changes.varied(base, 1))
    assert not np.array_equal(changes.varied(base, 1), changes.varied(base, 2))
