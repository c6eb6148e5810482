"""What each action unit does to the skin: fields of displacement in centimetres at full strength."""

from __future__ import annotations

from functools import cache

import numpy as np

from vultus.research.data.world import head
from vultus.research.data.world.actions import NAMES
from vultus.research.data.world.head import MOUTH_X, MOUTH_Y, Array, Opening, Skin, bump, smooth

JAW_DEG = 13.0  # of AU26 at full strength
HINGE = np.array([0.0, -2.0, 0.5])


def _at(side: Array, y: Array, x0: float, y0: float, rx: float, ry: float, power: float = 2.0) -> Array:
    return np.asarray(np.exp(-((((side - x0) / rx) ** 2 + ((y - y0) / ry) ** 2) ** (power / 2))), np.float64)


def jaw_turn(points: Array, degrees: float) -> Array:
    """How points move that turn with the jaw."""
    a = np.radians(degrees)
    y, z = points[:, 1] - HINGE[1], points[:, 2] - HINGE[2]
    return np.stack([np.zeros_like(y), np.cos(a) * y - np.sin(a) * z - y, np.sin(a) * y + np.cos(a) * z - z], 1)


def jaw_share(skin: Skin, points: Array) -> Array:
    """How much of the jaw's turn each vertex of the skin follows."""
    side, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    spread = 0.04 + 1.15 * np.maximum(side - 1.9, 0)
    below = np.clip(0.5 + (MOUTH_Y - skin.row) / (2 * spread), 0, 1)
    below = below * below * (3 - 2 * below)
    seam = (np.abs(skin.row - MOUTH_Y) < 1e-6) & (side < MOUTH_X + 0.6)
    below = np.where(seam & (side < 1.8), np.where(skin.lip > 0, 0.0, 1.0), below)
    curl = np.where((skin.lip < 0) & (side < MOUTH_X), np.maximum(below, 1 - smooth(1.7, 2.7, side)), below)
    curl = np.where((skin.lip > 0) & (side < MOUTH_X), np.minimum(curl, smooth(1.7, 2.9, side) * 0.5), curl)
    front = smooth(0.3, 4.0, z)
    throat = smooth(-14.5, -11.2, y)
    return np.asarray(curl * front * throat, np.float64)


def _eyes(skin: Skin, fineness: int, points: Array) -> dict[str, Array]:
    def moved(opening: Opening) -> Array:
        return head.shape(fineness, opening) - points

    return {
        "AU5": moved(Opening(0.98, 0.54)),
        "AU7": moved(Opening(0.46, 0.18)),
        "AU43": moved(Opening(-0.37, 0.41)),
    }


def _upper(skin: Skin, p: Array) -> dict[str, Array]:
    """Brows, cheeks and nose."""
    x = p[:, 0]
    side, sign = np.abs(x), np.tanh(x / 0.3)
    zero, face = np.zeros_like(x), smooth(0.5, 3.5, p[:, 2])
    row = skin.row

    def field(dx: Array, dy: Array, dz: Array) -> Array:
        return np.stack([dx, dy, dz], 1) * face[:, None]

    inner, outer = _at(side, row, 1.6, 2.2, 1.45, 1.35), _at(side, row, 4.5, 2.3, 1.7, 1.35)
    above = _at(side, row, 2.0, 4.4, 2.6, 1.6)
    frown = _at(side, row, 2.1, 1.9, 2.1, 1.05)
    apple, under = _at(side, row, 4.1, -2.9, 1.8, 1.35), _at(side, row, 3.4, -0.95, 1.7, 0.55)
    wing, root = _at(side, row, 1.3, -3.7, 1.0, 1.0), _at(side, row, 1.0, 0.4, 1.0, 1.0)
    lip = np.where(skin.lip > 0, _at(side, row, 1.2, -6.1, 1.3, 0.8), 0.0)
    return {
        "AU1": field(-0.12 * sign * inner, 0.85 * inner + 0.2 * above, 0.06 * inner),
        "AU2": field(zero, 0.85 * outer + 0.15 * above, 0.05 * outer),
        "AU4": field(
            -0.42 * sign * frown * smooth(0.0, 1.0, side),
            -0.62 * frown + 0.1 * outer,
            0.12 * _at(side, row, 1.1, 1.7, 0.7, 0.8),
        ),
        "AU6": field(0.1 * sign * apple, 0.55 * apple + 0.24 * under * (skin.lid < 0), 0.38 * apple + 0.12 * under),
        "AU9": field(
            0.1 * sign * wing,
            0.5 * wing + 0.35 * lip - 0.38 * frown + 0.3 * _at(side, row, 1.6, -1.7, 0.9, 0.9),
            0.2 * _at(side, row, 1.5, -0.6, 0.6, 0.8) + 0.1 * root + 0.1 * wing,
        ),
        "AU10": field(
            0.08 * sign * lip,
            0.75 * lip + 0.18 * wing + 0.2 * _at(side, row, 2.6, -4.6, 0.9, 0.9),
            0.18 * _at(side, row, 2.9, -4.3, 0.8, 0.9) + 0.12 * lip,
        ),
    }


def _mouth(skin: Skin, p: Array) -> dict[str, Array]:
    """Lips, corners and chin."""
    x, row = p[:, 0], skin.row
    side, sign = np.abs(x), np.tanh(x / 0.3)
    zero, face = np.zeros_like(x), smooth(0.5, 3.5, p[:, 2])
    corner = _at(side, row, MOUTH_X + 0.15, MOUTH_Y, 1.05, 1.15)
    wide = (
        np.clip(side / MOUTH_X, 0, 1) ** 1.5
        * _at(np.zeros_like(side), row, 0, MOUTH_Y, 1, 1.2)
        * (side < 6)
        * bump(np.maximum(side - MOUTH_X, 0), 1.3)
    )
    up, low = np.where(skin.lip > 0, 1.0, 0.0), np.where(skin.lip < 0, 1.0, 0.0)
    upper, lower = up * _at(side, row, 0, MOUTH_Y, 2.0, 0.85), low * _at(side, row, 0, MOUTH_Y, 1.9, 1.1)
    chin, apple = _at(side, row, 0, -9.2, 1.9, 1.3), _at(side, row, 3.9, -4.1, 1.5, 1.5)
    around, tight = _at(side, row, 0, MOUTH_Y, 2.6, 1.5), bump(row - MOUTH_Y, 1.05) * bump(side, MOUTH_X + 0.1, 4)
    toward = np.tanh((MOUTH_Y - row) / 0.5)
    fold = _at(side, row, 3.6, -6.0, 0.8, 1.2)

    def field(dx: Array, dy: Array, dz: Array) -> Array:
        return np.stack([dx, dy, dz], 1) * face[:, None]

    return {
        "AU12": field(
            0.95 * sign * wide + 0.1 * sign * apple,
            1.2 * wide * smooth(0.7, 2.5, side) + 0.4 * apple - 0.08 * upper - 0.1 * lower,
            -0.55 * wide + 0.36 * apple + 0.14 * fold - 0.12 * (upper + lower),
        ),
        "AU14": field(0.28 * sign * corner, 0.1 * corner, -0.42 * corner + 0.12 * fold),
        "AU15": field(0.06 * sign * corner, -0.8 * corner * smooth(1.0, 2.4, side) + 0.06 * lower, -0.1 * corner),
        "AU16": field(zero, -0.55 * lower, 0.08 * lower),
        "AU17": field(zero, 0.42 * chin + 0.3 * lower + 0.16 * upper - 0.12 * corner, 0.12 * chin + 0.3 * lower),
        "AU18": field(-0.42 * x * around, zero, 0.75 * around),
        "AU20": field(0.8 * sign * wide, -0.28 * wide * smooth(1.0, 2.5, side), -0.35 * wide - 0.1 * (upper + lower)),
        "AU22": field(-0.3 * x * around, 0.3 * upper - 0.35 * lower, 0.6 * around),
        "AU23": field(-0.06 * x * around, 0.3 * toward * tight * (np.abs(row - MOUTH_Y) > 1e-6), -0.2 * tight),
        "AU24": field(zero, 0.28 * toward * tight * (np.abs(row - MOUTH_Y) > 1e-6), -0.12 * tight + 0.1 * fold),
        "AU25": field(zero, 0.2 * upper - 0.45 * lower, 0.04 * (upper + lower)),
    }


@cache
def fields(fineness: int) -> Array:
    """Displacements of the skin, right half of the face and left half: (2, A, V, 3)."""
    skin, p = head.grid(fineness), head.shape(fineness)
    known = _upper(skin, p) | _mouth(skin, p) | _eyes(skin, fineness, p)
    share = jaw_share(skin, p)[:, None]
    corner = _at(np.abs(p[:, 0]), skin.row, MOUTH_X, MOUTH_Y, 1.2, 1.3)[:, None] * np.stack(
        [-np.sign(p[:, 0]), np.zeros(len(p)), np.zeros(len(p))], 1
    )
    corner = corner * smooth(0.5, 3.5, p[:, 2])[:, None]
    known["AU26"] = jaw_turn(p, JAW_DEG) * share + 0.12 * corner
    known["AU27"] = jaw_turn(p, 1.6 * JAW_DEG) * share + 0.35 * corner
    whole = np.stack([known[name] for name in NAMES])
    left = smooth(-0.7, 0.7, p[:, 0])[None, :, None]
    jaw = np.array([name in ("AU26", "AU27") for name in NAMES])[:, None, None]
    left = np.where(jaw, 0.5, left)
    return np.stack([whole * (1 - left), whole * left])
