"""The skin of the head: a grid around the vertical axis with slits for mouth and eyes, and its neutral shape.

Lengths are centimetres, x to the subject's left, y up, z to the front. The origin lies between the ears at the height
of the eyes. A vertex is known by its angle and its row; the features of the face are modelled on top of a smooth skull.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Where things are, from the proportions of drawing books.
EYE_X, EYE_Y, EYE_Z, EYE_RADIUS, LID_RADIUS = 3.15, 0.0, 6.78, 1.22, 1.36
INNER, OUTER = 1.62, 4.62  # corners of the eye, to the side
MOUTH_Y, MOUTH_X = -6.5, 2.5
U_PER_RADIAN = 8.5

_FRONT = [
    (12.0, 0.02),
    (11.85, 2.2),
    (11.3, 4.3),
    (10.0, 6.7),
    (8.2, 8.3),
    (6.0, 9.2),
    (4.0, 9.5),
    (2.5, 9.45),
    (1.2, 9.1),
    (0.0, 8.8),
    (-2.0, 8.72),
    (-4.3, 8.72),
    (-5.5, 8.78),
    (-6.5, 8.72),
    (-8.0, 8.35),
    (-9.4, 8.45),
    (-10.2, 8.2),
    (-10.8, 7.3),
    (-11.3, 5.6),
    (-11.8, 3.0),
    (-12.5, 1.0),
    (-18.0, 1.0),
]
_SIDE = [
    (12.0, 0.02),
    (11.85, 2.0),
    (11.3, 3.8),
    (10.0, 5.6),
    (8.0, 6.85),
    (5.0, 7.6),
    (2.0, 7.4),
    (0.0, 7.15),
    (-2.0, 6.95),
    (-4.0, 6.65),
    (-6.0, 6.15),
    (-7.5, 5.6),
    (-8.6, 5.0),
    (-9.6, 4.15),
    (-10.4, 3.2),
    (-11.0, 2.2),
    (-11.6, 1.2),
    (-12.5, 0.8),
    (-18.0, 0.8),
]
_BACK = [
    (12.0, 0.02),
    (11.7, 3.0),
    (11.0, 4.9),
    (9.5, 7.3),
    (8.0, 8.7),
    (5.0, 9.7),
    (2.0, 9.8),
    (0.0, 9.4),
    (-2.0, 8.7),
    (-4.0, 7.6),
    (-6.0, 6.4),
    (-8.0, 5.4),
    (-12.0, 4.0),
    (-18.0, 3.0),
]
_NOSE = [
    (1.6, 0.0),
    (1.0, 0.22),
    (0.4, 0.5),
    (-0.5, 0.98),
    (-1.5, 1.56),
    (-2.5, 2.08),
    (-3.0, 2.28),
    (-3.4, 2.3),
    (-3.75, 2.12),
    (-4.1, 1.62),
    (-4.4, 0.95),
    (-4.7, 0.4),
    (-5.0, 0.1),
    (-5.4, 0.0),
]


def curve(points: list[tuple[float, float]], at: Array) -> Array:
    """A smooth line through points (monotone pieces, so that it does not swing), read at places."""
    from scipy.interpolate import PchipInterpolator

    ordered = sorted(points)
    x, y = (np.array(column) for column in zip(*ordered, strict=True))
    places, back = np.unique(np.clip(at, x[0], x[-1]), return_inverse=True)
    return np.asarray(PchipInterpolator(x, y)(places)[back].reshape(np.shape(at)), np.float64)


def bump(distance: Array | Any, width: float, power: float = 2.0) -> Array:
    """1 in the middle, 0 far away."""
    return np.asarray(np.exp(-(np.abs(np.asarray(distance) / width) ** power)), np.float64)


def smooth(low: float, high: float, value: Array) -> Array:
    """0 below, 1 above, with a soft step between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float64)


def _larger(a: Array, b: Array, softness: float) -> Array:
    """The larger one, with the edge between both rounded."""
    return np.asarray(0.5 * (a + b + np.sqrt((a - b) ** 2 + softness**2)), np.float64)


def radius(angle: Array, y: Array) -> Array:
    """How far the skull, jaw and neck reach from the vertical axis, without features."""
    sine, cosine = np.abs(np.sin(angle)), np.cos(angle)
    side = curve(_SIDE, y)
    depth = np.where(cosine >= 0, curve(_FRONT, y), np.maximum(curve(_BACK, y), 0.02))
    power = np.where(cosine >= 0, 2.25, 2.1)
    head = ((sine / side) ** power + (np.abs(cosine) / depth) ** power) ** (-1 / power)
    flare = 1 + 0.05 * np.clip(-(y + 12) / 6, 0, 1)
    neck_side, neck_front, neck_back = 5.0 * flare, 3.6 * flare, 6.2 * flare
    neck = ((sine / neck_side) ** 2 + (cosine / np.where(cosine >= 0, neck_front, neck_back)) ** 2) ** -0.5
    neck = neck * (1 - smooth(-5.0, 1.0, y))
    return _larger(head, neck, 0.5) - 0.03


def mirrored(half: Array) -> Array:
    """Angles of both sides from those of one."""
    return np.concatenate([-half[:0:-1], half])


def _ease(low: float, high: float, count: int, at_low: float = 1.0, at_high: float = 1.0) -> Array:
    """So many places from low up to, not including, high; below 1 they lie closer at that end."""
    t = np.linspace(0, 1, count + 1)
    weight = at_low + (at_high - at_low) * t
    weight = np.minimum(weight, 1) + 0.6 * np.sin(np.pi * t)
    steps = np.concatenate([[0], np.cumsum((weight[1:] + weight[:-1]) / 2)])
    return np.asarray(low + (high - low) * steps / steps[-1], np.float64)[:-1]


@dataclass(frozen=True)
class Skin:
    """The grid: one entry per vertex where nothing else is said.

    Attributes:
        angle, row: the parameters; radians from the front to the subject's left, and centimetres.
        lid: 1 on the upper side of an eye slit, -1 on the lower; 0 elsewhere.
        lip: 1 above the mouth slit in all rows of the face, -1 below it.
        triangles: (T, 3).
        rough: a quarter of them, to throw shadows.
        ends: angles of the inner corner, the outer corner, and the corner of the mouth.
    """

    angle: Array
    row: Array
    lid: Array
    lip: Array
    triangles: NDArray[np.int32]
    rough: NDArray[np.int32]
    ends: tuple[float, float, float]

    @property
    def uv(self) -> Array:
        """Centimetres along the front, for the maps: (V, 2)."""
        return np.stack([self.angle * U_PER_RADIAN, self.row], 1)


@cache
def grid(fineness: int) -> Skin:
    """The grid at fineness 1 (about 2,500 vertices) or 2 (about 9,500)."""
    f = fineness
    half = np.concatenate(
        [np.radians(np.arange(0, 20 * f) * (2.05 / f)), _ease(np.radians(41), np.pi, 10 * f, 0.25, 1)]
    )
    angles = np.concatenate([mirrored(half), [np.pi]])
    rows = np.concatenate([_ease(-18, -11.9, 5 * f), _ease(-11.9, MOUTH_Y, 11 * f, 0.8, 0.25),
                           _ease(MOUTH_Y, EYE_Y, 16 * f, 0.25, 0.3), _ease(EYE_Y, 3.4, 9 * f, 0.3, 1),
                           _ease(3.4, 12, 9 * f), [12.0]])  # fmt: skip
    ends = tuple(float(half[np.argmin(np.abs(half - np.radians(at)))]) for at in (12.3, 33.8, 18.2))
    n, m = len(rows), len(angles)
    index = np.arange(n * m).reshape(n, m)
    angle, row = np.tile(angles, n), np.repeat(rows, m)
    below = index.copy()  # what the quads under a row use
    extra: list[int] = []
    for y, inside in ((MOUTH_Y, np.abs(angles) < ends[2] - 1e-9),
                      (EYE_Y, (np.abs(angles) > ends[0] + 1e-9) & (np.abs(angles) < ends[1] - 1e-9))):  # fmt: skip
        at = int(np.argmin(np.abs(rows - y)))
        for column in np.flatnonzero(inside):
            below[at, column] = n * m + len(extra)
            extra.append(index[at, column])
    angle, row = np.concatenate([angle, angle[extra]]), np.concatenate([row, row[extra]])
    copy = np.arange(len(angle)) >= n * m
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], below[1:, 1:], below[1:, :-1]
    triangles = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    slit = (np.abs(row) < 1e-9) & (np.abs(angle) > ends[0] + 1e-9) & (np.abs(angle) < ends[1] - 1e-9)
    lid = np.where(copy & slit, -1.0, np.where(row > -1e-9, 1.0, -1.0))
    lip = np.where((row < MOUTH_Y - 1e-9) | (copy & ~slit), -1.0, 1.0)
    some = index[::2][:, ::2]
    a, b, c, d = some[:-1, :-1], some[:-1, 1:], some[1:, 1:], some[1:, :-1]
    rough = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    return Skin(angle, row, lid, lip, triangles.astype(np.int32), rough.astype(np.int32), (ends[0], ends[1], ends[2]))


@dataclass(frozen=True)
class Opening:
    """How far the lids stand from the line between the corners, at their highest and lowest."""

    upper: float = 0.64
    lower: float = 0.46


def _along(skin: Skin) -> Array:
    """0 at the inner, 1 at the outer corner of the eye of this side."""
    return (np.abs(skin.angle) - skin.ends[0]) / (skin.ends[1] - skin.ends[0])


def lid_shift(skin: Skin, opening: Opening) -> Array:
    """How much higher than its row each vertex stands, from the lids."""
    t = np.clip(_along(skin), 0, 1)
    upper = np.sin(np.pi * t**0.88) ** 0.72 * opening.upper
    lower = -(np.sin(np.pi * t**1.25) ** 0.85) * opening.lower
    slant = (0.2 * _along(skin) - 0.1) * bump(skin.row, 1.3) * bump(_along(skin) - 0.5, 1.1, 4)
    fade_up = np.clip(1 - skin.row / 1.7, 0, 1) ** 1.25
    fade_down = np.clip(1 + skin.row / 1.6, 0, 1) ** 1.25
    return slant + np.where(skin.lid > 0, upper * fade_up * (skin.row >= -1e-9), lower * fade_down * (skin.row <= 1e-9))


def _mouth_line(x: Array) -> Array:
    """Height of the closed mouth over the middle of its slit."""
    return 0.08 * bump(x, 0.35) - 0.05 * bump(np.abs(x) - 0.7, 0.4) - 0.02 * smooth(1.6, 2.6, np.abs(x))


def lip_edge(x: Array) -> tuple[Array, Array]:
    """Rows of the upper and of the lower edge of the red of the lips."""
    across = np.clip(1 - (np.abs(x) / (MOUTH_X + 0.08)) ** 2, 0, 1)
    bow = 0.78 + 0.14 * bump(np.abs(x) - 0.55, 0.4) - 0.10 * bump(x, 0.3)
    return MOUTH_Y + bow * across**0.85, MOUTH_Y - 1.0 * across**0.62


def shape(fineness: int, opening: Opening | None = None) -> Array:
    """The neutral face of the mean person: (V, 3)."""
    skin = grid(fineness)
    y = skin.row + lid_shift(skin, opening or Opening())
    r = radius(skin.angle, skin.row)
    x, z = r * np.sin(skin.angle), r * np.cos(skin.angle)
    front = smooth(0.5, 3.5, z)
    side = np.abs(x)
    y = y + front * _mouth_line(x) * bump(skin.row - MOUTH_Y, 0.9)
    y = y - np.where(np.abs(skin.row - MOUTH_Y) < 1e-6, 0.045 * skin.lip, 0.0) * front  # lips press a little
    z = z + front * (_relief(x, skin.row, side) + _lips(x, skin.row, side))
    x, y, z = _nose(x, y, z, skin.row, front)
    z = _sockets(x, y, z, skin)
    return np.stack([x, y, z], 1)


def _relief(x: Array, y: Array, side: Array) -> Array:
    """Bones and soft parts: brows, cheeks, chin, folds."""
    ridge = 1.95 + 0.25 * bump(side - 3.6, 1.8)
    relief = 0.42 * bump(y - ridge, 0.75) * smooth(0.6, 2.2, side) * (1 - smooth(4.6, 6.0, side))
    relief += 0.10 * bump(np.hypot(x, y - 1.9), 0.9)  # glabella
    relief += 0.55 * bump(np.hypot((side - 4.7) / 1.9, (y + 2.2) / 1.25), 1.0)  # cheekbone
    relief += 0.30 * bump(np.hypot((side - 3.5) / 1.6, (y + 3.9) / 1.7), 1.0)  # apple of the cheek
    relief -= 0.42 * bump(np.hypot((side - 5.0) / 1.5, (y + 5.8) / 1.7), 1.0)  # hollow
    relief -= 0.35 * bump(np.hypot((side - 6.6) / 1.2, (y - 2.4) / 1.8), 1.0)  # temple
    relief += 0.55 * bump(np.hypot(x / 1.9, (y + 9.6) / 1.0), 1.0, 2.2)  # chin
    relief -= 0.42 * bump(y + 8.15, 0.5) * bump(x, 2.0)  # fold above the chin
    relief += 0.42 * bump(np.hypot(x / 3.0, (y + 6.3) / 1.6), 1.0)  # the mouth stands forward
    relief -= 0.16 * bump(_fold_distance(side, y), 0.22) * smooth(-7.4, -6.6, y) * (1 - smooth(-4.1, -3.4, y))
    relief -= 0.12 * bump(np.hypot((side - 2.5) / 0.9, (y + 1.35) / 0.35), 1.0)  # tear trough
    return np.asarray(relief, np.float64)


def _fold_distance(side: Array, y: Array) -> Array:
    """From the fold between nose and corner of the mouth, in centimetres to the side."""
    return side - (1.95 + 0.42 * (-3.6 - y) + 0.02 * (-3.6 - y) ** 2)


def _lips(x: Array, y: Array, side: Array) -> Array:
    across = np.clip(1 - (side / (MOUTH_X + 0.35)) ** 2, 0, 1)
    top, low = lip_edge(x)
    upper = 0.5 * bump(y - (0.45 * top + 0.55 * MOUTH_Y), 0.36) * across**0.6
    lower = 0.62 * bump(y - (0.5 * low + 0.5 * MOUTH_Y), 0.42) * across**0.8
    seam = -0.62 * bump(y - MOUTH_Y, 0.17, 1.6) * np.clip(1 - (side / (MOUTH_X + 0.1)) ** 4, 0, 1)
    groove = -0.15 * bump(x, 0.3) + 0.08 * bump(side - 0.52, 0.22)
    philtrum = groove * smooth(-6.0, -5.4, y) * (1 - smooth(-4.9, -4.5, y))
    corner = -0.32 * bump(np.hypot((side - MOUTH_X - 0.1) / 0.45, (y - MOUTH_Y) / 0.4), 1.0)
    edge = 0.06 * bump(y - top - 0.03, 0.1) * across
    return np.asarray(upper + lower + seam + philtrum + corner + edge, np.float64)


def _nose(x: Array, y: Array, z: Array, row: Array, front: Array) -> tuple[Array, Array, Array]:
    side = np.abs(x)
    height = curve(_NOSE, row)
    wide = 0.78 + 0.42 * smooth(0.0, 3.4, -row)
    ridge = height * np.exp(-((side / wide) ** 2.2))
    flank = 0.42 * height * np.exp(-((side / (1.75 * wide)) ** 2))
    tip = 0.5 * bump(np.hypot(x / 0.95, (row + 3.4) / 0.85), 1.0)
    wing = 0.8 * bump(np.hypot((side - 1.25) / 0.6, (row + 3.78) / 0.6), 1.0, 2.2)
    crease = -0.18 * bump(np.hypot((side - 1.95) / 0.3, (row + 3.75) / 0.6), 1.0)
    hole = -0.4 * bump(np.hypot((side - 0.68) / 0.36, (row + 4.3) / 0.22), 1.0, 2.4)
    z = z + front * np.maximum(ridge * 0.74 + flank * 0.62 + tip, 0) + front * (wing + crease + hole)
    # The underside hangs back, so that nostrils can be seen a little from the front.
    lift = 0.24 * bump(np.hypot((side - 0.7) / 0.6, (row + 4.25) / 0.4), 1.0) * front
    return x, y + lift, z


def _sockets(x: Array, y: Array, z: Array, skin: Skin) -> Array:
    side, row = np.abs(x), skin.row
    far = ((side - 2.95) / 1.95) ** 2 + ((row - 0.12) / 1.25) ** 2
    z = z - 1.15 * np.exp(-(far**1.4)) * (skin_front := smooth(0.5, 3.5, z))
    t = np.clip(_along(skin), 0, 1)
    z = z - 0.10 * bump(row - 0.72, 0.16) * np.sin(np.pi * t) ** 0.5 * skin_front  # crease of the lid
    ball = LID_RADIUS**2 - (side - EYE_X) ** 2 - (y - EYE_Y) ** 2
    lid = EYE_Z + np.sqrt(np.maximum(ball, 0))
    near = (ball > 0) & (z > 3)
    return np.where(near, _larger(z, np.where(near, lid, z - 1), 0.12), z)
