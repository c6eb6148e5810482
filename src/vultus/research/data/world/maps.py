"""Maps of the skin: where lips, brows, beard, freckles and furrows are, on one sheet that everybody shares.

Who has how much of what is decided per person; a pixel looks up its place on the sheet. Values are bytes.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from vultus.research.data.world import head
from vultus.research.data.world.head import MOUTH_X, Array, bump, smooth
from vultus.research.data.world.parts import brow_line

# Channels; the kernels know these numbers.
(
    LIP,
    BROW,
    STRAND,
    MOUSTACHE,
    CHIN_BEARD,
    JAW_BEARD,
    BRISTLE,
    BLUSH,
    FRECKLE,
    MOTTLE,
    PORE,
    LASH,
    SHADOW,
    NOSTRIL,
    RING,
    RUBY,
) = range(16)
FURROWS = ("forehead", "frown", "nose_root", "crow", "smile", "under_eye", "chin", "mouth_side")
FIRST_FURROW = 16  # three channels each: height, and its slopes to the side and up, 128 is level

PER_CM = 26.0
LEFT, LOW, WIDE, HIGH = -14.0, -18.0, 28.0, 27.0


def noise(rng: np.random.Generator, shape: tuple[int, int], cells: tuple[float, float]) -> Array:
    """Soft noise from 0 to 1, evenly spread over its values; cells are in pixels, down and across."""
    from scipy.ndimage import gaussian_filter
    from scipy.special import ndtr

    raw = gaussian_filter(rng.normal(size=shape), [cell / 2 for cell in cells], mode="wrap")
    return np.asarray(ndtr(raw / raw.std()), np.float64)


def _plane() -> tuple[Array, Array]:
    """Height and side of each pixel of the sheet, in centimetres of the rest shape."""
    u = LEFT + (np.arange(int(WIDE * PER_CM)) + 0.5) / PER_CM
    v = LOW + (np.arange(int(HIGH * PER_CM)) + 0.5) / PER_CM
    angle = np.tile(u / head.U_PER_RADIAN, (len(v), 1))
    y = np.tile(v[:, None], (1, len(u)))
    # From angle to centimetres to the side; the nose and the mouth stand further out than the skull does.
    r = head.radius(angle, y) + 0.42 * np.exp(-((angle / 0.35) ** 2) - ((y + 6.3) / 1.6) ** 2)
    return r * np.sin(angle), y


def _furrows(side: Array, x: Array, y: Array) -> list[Array]:
    lines = sum(
        bump(y - (3.6 + 0.95 * n) - 0.12 * np.cos(x * 0.9 + n) - 0.05 * np.sin(2.6 * x + 2 * n), 0.16) for n in range(4)
    )
    forehead = -lines * (1 - smooth(3.2, 5.2, side)) * smooth(2.8, 3.4, y)
    frown = -bump(side - 0.62 - 0.12 * (y - 1.9), 0.15) * bump(y - 2.2, 0.95, 4)
    nose_root = -sum(bump(y - (0.55 - 0.5 * n) - 0.25 * side, 0.13) for n in range(3)) * bump(side, 1.1, 4)
    away, turn = np.hypot(side - 4.55, y + 0.05), np.arctan2(y + 0.05, side - 4.55)
    crow = (
        -sum(bump(turn - a, 0.11) for a in (-0.75, -0.35, 0.05, 0.45))
        * smooth(0.25, 0.6, away)
        * (1 - smooth(1.3, 2.1, away))
    )
    fold = head._fold_distance(side, y)
    smile = -bump(fold, 0.2) * smooth(-7.6, -6.4, y) * (1 - smooth(-4.2, -3.5, y))
    under = -bump(y + 0.85 + 0.12 * (side - 3.2) ** 2 * -0.5, 0.12) * bump(side - 3.1, 1.3, 4)
    chin = -bump(y + 8.1 + 0.05 * x * x, 0.2) * bump(x, 1.6, 4)
    corner = -bump(side - 3.15 - 0.25 * np.cos((y + 6.6) * 1.6), 0.17) * bump(y + 6.6, 1.1, 4)
    return [np.asarray(one, np.float64) for one in (forehead, frown, nose_root, crow, smile, under, chin, corner)]


def _marks(rng: np.random.Generator, x: Array, side: Array, y: Array) -> list[Array]:
    top, low = head.lip_edge(x)
    soft = 0.07
    inside = (
        smooth(-soft, soft, top - y) * smooth(-soft, soft, y - low) * (1 - smooth(MOUTH_X + 0.05, MOUTH_X + 0.2, side))
    )
    from_brow = np.abs(y - brow_line(side)) / (0.55 * (1 - 0.62 * smooth(2.6, 5.6, side)))
    ends = smooth(1.0, 1.6, side) * (1 - smooth(5.0, 5.8, side))
    brow = np.clip(1 - from_brow * 0.5, 0, 1) * ends
    moustache = (
        smooth(0.0, 0.25, y - top - 0.02)
        * (1 - smooth(-4.95, -4.6, y))
        * (1 - smooth(2.7, 3.4, side + 0.35 * (y + 5.2)))
    )
    moustache *= smooth(-7.4, -6.6, y)
    chin = smooth(0.1, 0.5, low - y) * (1 - smooth(1.9, 2.9, side)) * smooth(-12.4, -11.7, y)
    jaw_top = -4.6 + 0.55 * (side - 4.2) ** 2 * (side > 4.2) + 2.2 * smooth(5.2, 6.8, side)
    jaw = (
        (1 - smooth(-0.5, 0.6, y - jaw_top - -1.9)) * smooth(-12.6, -11.6, y) * smooth(1.6, 2.6, side + 0.15 * (-y - 6))
    )
    jaw *= 1 - smooth(8.6, 9.8, side * 1.0 + 0)
    shape = x.shape
    freckle = noise(rng, shape, (5, 5)) ** 1.0
    blush = 0.9 * bump(np.hypot((side - 4.1) / 1.7, (y + 3.0) / 1.3), 1.0) + 0.8 * bump(
        np.hypot(x / 1.2, (y + 3.4) / 1.0), 1.0
    )
    blush += 0.35 * bump(np.hypot(x / 1.6, (y + 9.6) / 1.0), 1.0)
    lash = bump(y - 0.03, 0.075) * smooth(1.55, 1.9, side) * (1 - smooth(4.6, 4.9, side))
    shadow = smooth(0.0, 0.2, y) * (1 - smooth(0.8, 1.25, y)) * bump(side - 3.1, 1.75, 4)
    nostril = bump(np.hypot((side - 0.72) / 0.42, (y + 4.32) / 0.22), 1.0, 3)
    ring = bump(np.hypot((side - 2.9) / 1.3, (y + 1.1) / 0.5), 1.0, 2.5)
    ruby = bump(np.hypot((side - 1.62) / 0.16, y / 0.16), 1.0)
    return [
        inside,
        brow,
        noise(rng, shape, (11, 2.2)),
        moustache,
        chin,
        jaw,
        noise(rng, shape, (6, 2)),
        np.clip(blush, 0, 1),
        freckle,
        noise(rng, shape, (26, 26)),
        noise(rng, shape, (2.2, 2.2)),
        lash,
        shadow,
        nostril,
        ring,
        ruby,
    ]


@cache
def skin() -> NDArray[np.uint8]:
    """The sheet: (rows, columns, channels) of bytes, from low to high and from the right side to the left."""
    x, y = _plane()
    side = np.abs(x)
    channels = [np.clip(one, 0, 1) * 255 for one in _marks(np.random.default_rng(7), x, side, y)]
    for height in _furrows(side, x, y):
        slopes = np.gradient(np.clip(height, -1, 0) * 0.16, 1 / PER_CM)  # centimetres deep
        channels += [
            np.clip(-height, 0, 1) * 255,
            *(128 + np.clip(slope, -1, 1) * 127 for slope in (slopes[1], slopes[0])),
        ]
    return np.ascontiguousarray(np.stack(channels, -1).round().astype(np.uint8))


@cache
def grain() -> NDArray[np.float32]:
    """Strands of hair: noise that repeats, drawn out along its first axis."""
    rng = np.random.default_rng(8)
    both = 0.6 * noise(rng, (256, 256), (60, 2.0)) + 0.4 * noise(rng, (256, 256), (18, 4.0))
    return np.asarray(both / both.max(), np.float32)


@cache
def clouds() -> NDArray[np.float32]:
    """Blots of a background out of focus: noise that repeats."""
    rng = np.random.default_rng(9)
    return np.asarray(0.7 * noise(rng, (256, 256), (70, 70)) + 0.3 * noise(rng, (256, 256), (24, 24)), np.float32)
