"""From light to bytes: background, exposure, the curve of a camera, and its noise."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from vultus.research.data.world.compiled import Real, compiled

Floats = NDArray[np.float32]


@compiled
def backdrop(which: NDArray[np.int32], colours: Floats, clouds: Floats, out: Floats) -> None:
    """Fill what shows nothing: two colours mixed by height and by blots."""
    height, width = which.shape
    side = clouds.shape[0]
    for row in range(height):
        for column in range(width):
            if which[row, column] >= 0:
                continue
            cy = int((row / height * 0.55 + colours[7]) * side) % side
            cx = int((column / width * 0.55 + colours[8]) * side) % side
            t = min(max(0.25 + 0.5 * row / height + (clouds[cy, cx] - 0.5) * 1.6 * colours[6], 0.0), 1.0)
            for c in range(3):
                out[row, column, c] = colours[c] * (1 - t) + colours[3 + c] * t


@compiled
def develop(
    light: Floats, gain: Real, noise: Real, seed: int, encoded: NDArray[np.uint8], out: NDArray[np.uint8]
) -> None:
    """Average the fine pixels, expose, bend highlights, add noise that grows with light, and encode for a screen.

    Args:
        light: linear, (f H, f W, 3).
        gain: of the exposure.
        noise: spread at full light.
        seed: of the noise.
        encoded: bytes for light from 0 to 1, see `curve`.
        out: (H, W, 3).
    """
    height, width = out.shape[0], out.shape[1]
    fine, last = light.shape[0] // height, np.float32(encoded.shape[0] - 1)
    share, strong = np.float32(gain / (fine * fine)), np.float32(noise * 1.6)
    state = np.uint64(seed * 2 + 1) * np.uint64(2862933555777941757)
    for row in range(height):
        for column in range(width):
            for c in range(3):
                value = np.float32(0)
                for y in range(fine):
                    for x in range(fine):
                        value += light[row * fine + y, column * fine + x, c]
                value = value * share
                state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
                first = np.float32((state >> np.uint64(48)) & np.uint64(65535)) * np.float32(1 / 65536)
                second = np.float32((state >> np.uint64(32)) & np.uint64(65535)) * np.float32(1 / 65536)
                value += (first + second - np.float32(1)) * strong * (np.float32(0.25) + np.sqrt(value))
                value = min(max(value * np.float32(0.4), np.float32(0)), np.float32(1))
                out[row, column, c] = encoded[int(value * last)]


@cache
def curve() -> NDArray[np.uint8]:
    """Bytes for light from 0 to 2.5: straight at first, highlights bent, then as screens expect it."""
    light = np.linspace(0, 2.5, 8192)
    bent = np.where(light > 0.6, 0.6 + 0.40 * (1 - np.exp(-(light - 0.6) / 0.40)), light)
    shown = np.where(bent < 0.0031308, 12.92 * bent, 1.055 * np.maximum(bent, 1e-9) ** (1 / 2.4) - 0.055)
    return np.asarray(np.clip(shown * 255 + 0.5, 0, 255), np.uint8)
