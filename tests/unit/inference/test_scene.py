"""Camera motion and cuts."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from vultus.inference.scene import Scene

WORLD = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (900, 1200, 3), np.uint8), (0, 0), 4)
WORLD = cv2.normalize(WORLD, None, 0, 255, cv2.NORM_MINMAX)


def view(x: float, y: float, size: tuple[int, int] = (640, 480), noise: float = 4.0, seed: int = 0) -> Any:
    """What a camera sees whose corner points at (x, y) of the world."""
    move = np.array([[1, 0, -x], [0, 1, -y]], float)
    seen = cv2.warpAffine(WORLD, move, size).astype(float)
    return np.clip(seen + np.random.default_rng(seed).normal(0, noise, seen.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("size", [(640, 480), (1000, 500), (200, 300)])
@pytest.mark.parametrize(("right", "down"), [(0, 0), (7, 3), (-20, 11), (2.5, -1.5), (60, 0)])
def test_the_picture_moves_against_the_camera(size: tuple[int, int], right: float, down: float) -> None:
    scene = Scene()
    assert scene.step(view(100, 100, size)).shift_px == (0.0, 0.0)
    change = scene.step(view(100 - right, 100 - down, size, seed=1))
    assert not change.cut
    grid = max(size) / 128
    assert change.shift_px == pytest.approx((right, down), abs=0.35 * grid + 0.05 * abs(right))


def test_something_that_moves_before_a_still_ground_is_no_camera_motion() -> None:
    scene = Scene()
    for step in range(3):
        picture = view(100, 100, seed=step)
        picture[150:350, 100 + 20 * step : 250 + 20 * step] = (200, 30, 60)
        assert scene.step(picture).shift_px == pytest.approx((0, 0), abs=1.0)


def test_unrelated_pictures_have_no_shift_and_different_ones_are_a_cut() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (2, 240, 320, 3), np.uint8)
    scene = Scene()
    scene.step(noise[0])
    change = scene.step(noise[1])
    assert change.shift_px == (0.0, 0.0)
    assert not change.cut
    assert scene.step(np.full((240, 320, 3), 10, np.uint8)).cut


def test_a_flat_picture_is_survived() -> None:
    scene = Scene()
    for _ in range(3):
        change = scene.step(np.full((60, 80, 3), 77, np.uint8))
    assert change.shift_px == (0.0, 0.0)
    assert not change.cut
    assert np.isfinite(scene.step(np.zeros((1, 1, 3), np.uint8)).shift_px).all()
