"""Who somebody is: smooth warps of space, so that skin, eyes, hair and glasses change together.

A coefficient is about normal among people; one unit is one standard deviation.
"""

from __future__ import annotations

import numpy as np

from vultus.research.data.world.head import EYE_X, MOUTH_Y, Array, bump, smooth

NAMES = (
    "face_width",
    "head_width",
    "head_depth",
    "face_length",
    "forehead_height",
    "jaw_width",
    "jaw_square",
    "chin_length",
    "chin_forward",
    "chin_width",
    "cheekbones",
    "cheek_fullness",
    "eye_spacing",
    "eye_size",
    "eye_slant",
    "eye_depth",
    "brow_height",
    "brow_ridge",
    "nose_length",
    "nose_width",
    "nose_bridge",
    "nose_tip_up",
    "nose_hump",
    "nose_forward",
    "mouth_width",
    "lip_upper",
    "lip_lower",
    "mouth_height",
    "ear_size",
    "ear_flare",
    "neck_width",
    "profile_convex",
)


def _near(
    p: Array, middle: tuple[float, float, float | None], reach: tuple[float, float, float], power: float = 2.0
) -> Array:
    """1 at both mirrored places, falling off; without a third number the depth does not matter."""
    far = ((np.abs(p[:, 0]) - middle[0]) / reach[0]) ** 2 + ((p[:, 1] - middle[1]) / reach[1]) ** 2
    if middle[2] is not None:
        far = far + ((p[:, 2] - middle[2]) / reach[2]) ** 2
    return np.asarray(np.exp(-(far ** (power / 2))), np.float64)


def _front(p: Array) -> Array:
    return smooth(0.0, 5.0, p[:, 2])


def _large(p: Array) -> dict[str, Array]:
    """Warps of the whole head."""
    x, y, z = p.T
    zero, face = np.zeros_like(x), _front(p)
    sign = np.sign(x)
    lower = 1 - smooth(-4.0, 2.0, y)
    above = smooth(-14.0, -10.0, y)
    jaw = bump(y + 8.3, 2.6) * smooth(1.5, 5.0, np.abs(x)) * above
    chin = bump(y + 9.8, 1.7) * smooth(3.0, 6.5, z)
    sink = np.clip((-y - 1.0) / 10, 0, 1.05) * above
    hollow = _near(p, (4.9, -5.4, 5.0), (2.0, 2.4, 4.0))
    return {
        "face_width": np.stack([0.045 * x * (1 - smooth(2, 8, y)) * above, zero, zero], 1),
        "head_width": np.stack([0.035 * x * smooth(-6, 3, y), zero, zero], 1),
        "head_depth": np.stack([zero, zero, 0.03 * z * smooth(-8, 0, y)], 1),
        "face_length": np.stack([zero, -0.55 * sink, zero], 1),
        "forehead_height": np.stack([zero, 0.5 * np.clip((y - 2.5) / 9, 0, 1), zero], 1),
        "jaw_width": np.stack([sign * 0.38 * jaw, zero, zero], 1),
        "jaw_square": np.stack(
            [sign * 0.3 * bump(y + 9.3, 1.3) * smooth(2, 4.2, np.abs(x)) * above, -0.12 * jaw, zero], 1
        ),
        "chin_length": np.stack([zero, -0.4 * np.clip((-y - 7.2) / 3, 0, 1) * above * smooth(0, 5, z), zero], 1),
        "chin_forward": np.stack([zero, zero, 0.4 * chin], 1),
        "chin_width": np.stack([0.14 * x * chin, zero, 0.04 * np.abs(x) * chin], 1),
        "cheekbones": np.stack([sign * 0.28, zero, zero + 0.2], 1)
        * _near(p, (5.4, -1.9, 5.0), (1.8, 1.5, 3.5))[:, None],
        "cheek_fullness": np.stack([sign * 0.34, zero, zero + 0.3], 1) * hollow[:, None],
        "neck_width": np.stack([0.07 * x, zero, 0.03 * z], 1)
        * (1 - smooth(-11.5, -8.5, y + 0.25 * z))[:, None]
        * smooth(-22, -17, y)[:, None],
        "profile_convex": np.stack(
            [zero, zero, 0.3 * face * bump(y + 4.0, 3.0) - 0.2 * face * lower * bump(y + 9, 2.0)], 1
        ),
        "ear_size": np.stack([zero, 0.09 * (y + 1.8), -0.09 * (z + 0.9)], 1)
        * _near(p, (8.0, -1.75, -1.0), (1.6, 4, 2.4), 4)[:, None],
        "ear_flare": np.stack([sign * 0.16 * np.clip(-z + 0.8, 0, 3), zero, zero], 1)
        * (smooth(6.7, 7.4, np.abs(x)) * bump(y + 1.75, 3.6, 6) * smooth(-5, -3, z))[:, None],
    }


def _small(p: Array) -> dict[str, Array]:
    """Warps of eyes, nose and mouth."""
    x, y, _ = p.T
    zero, face = np.zeros_like(x), _front(p)
    sign = np.sign(x)
    eye = _near(p, (EYE_X, 0.3, None), (2.4, 1.9, 1.0), 4) * face
    brow = _near(p, (3.4, 2.3, None), (3.2, 1.3, 1.0)) * face
    nose = _near(p, (0.0, -3.0, None), (1.9, 2.2, 1.0), 3) * face
    tip = _near(p, (0.0, -3.6, 11.0), (1.5, 1.2, 2.5)) * face
    wings = _near(p, (1.2, -3.9, None), (1.1, 1.0, 1.0)) * face
    bridge = _near(p, (0.0, -0.6, None), (1.25, 1.7, 1.0)) * face
    mouth = _near(p, (0.0, MOUTH_Y, None), (4.0, 1.5, 1.0)) * face
    half = smooth(0.0, 1.2, np.abs(x))
    slope = y - MOUTH_Y
    lip = bump(np.abs(x), 2.3, 4)
    lip = lip * smooth(0.1, 0.5, np.abs(slope))
    upper = np.stack([zero, 0.13 + zero, 0.12 + zero], 1) * (bump(slope - 0.75, 0.42) * face * lip)[:, None]
    lower = np.stack([zero, -0.16 + zero, 0.12 + zero], 1) * (bump(slope + 0.8, 0.48) * face * lip)[:, None]
    return {
        "eye_spacing": np.stack([sign * 0.2 * half * (eye + 0.4 * brow), zero, zero], 1),
        "eye_size": np.stack([0.07 * (x - sign * EYE_X), 0.13 * y, zero], 1) * eye[:, None],
        "eye_slant": np.stack([zero, 0.12 * (np.abs(x) - EYE_X), zero], 1) * eye[:, None],
        "eye_depth": np.stack([zero, zero, 0.2 * eye + 0.05 * brow], 1),
        "brow_height": np.stack([zero, 0.26 * brow, zero], 1),
        "brow_ridge": np.stack([zero, zero, 0.24 * brow * bump(y - 2.0, 1.2)], 1),
        "nose_length": np.stack([zero, -0.3 * nose, 0.04 * nose], 1),
        "nose_width": np.stack([sign * 0.24 * wings + 0.06 * x * nose, zero, zero], 1),
        "nose_bridge": np.stack([0.05 * x * bridge, zero, 0.26 * bridge], 1),
        "nose_tip_up": np.stack([zero, 0.28 * tip, zero], 1),
        "nose_hump": np.stack([zero, zero, 0.2 * _near(p, (0, -1.3, None), (1.0, 0.8, 1)) * face], 1),
        "nose_forward": np.stack([zero, zero, 0.3 * nose], 1),
        "mouth_width": np.stack([0.07 * x * mouth, zero, zero], 1),
        "lip_upper": upper,
        "lip_lower": lower,
        "mouth_height": np.stack([zero, 0.2 * mouth, zero], 1),
    }


def warps(points: Array) -> Array:
    """How each coefficient moves each point at rest: (K, V, 3)."""
    known = _large(points) | _small(points)
    return np.stack([known[name] for name in NAMES])
