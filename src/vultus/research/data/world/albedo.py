"""What colour a surface has under white light, and which region of the picture it belongs to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vultus.research.data.world.compiled import Real, inlined

Floats = NDArray[np.float32]
Three = tuple[Real, Real, Real]

# Regions, as `render(..., modes=("regions",))` numbers them.
REGIONS = (
    "background",
    "skin",
    "nose",
    "lips",
    "brow",
    "eye",
    "iris",
    "mouth",
    "teeth",
    "hair",
    "beard",
    "ear",
    "neck",
    "cloth",
    "glasses",
    "hat",
    "face_mask",
)

_LEFT, _LOW, _PER_CM = np.float32(-14.0), np.float32(-18.0), np.float32(26.0)


@inlined
def ramp(low: Real, high: Real, value: Real) -> Real:
    """0 below, 1 above, with a soft step between."""
    t = min(max((value - low) / (high - low), np.float32(0)), np.float32(1))
    return t * t * (np.float32(3) - np.float32(2) * t)


@inlined
def _furrowed(sheet: NDArray[np.uint8], y: int, x: int, look: Floats) -> Three:
    """How deep in furrows a place is, and how they slope to the side and up."""
    sx, sy, dark = np.float32(0), np.float32(0), np.float32(0)
    for f in range(8):
        weight = look[42 + f]
        if weight > np.float32(0.01):
            at = 16 + 3 * f
            dark += weight * np.float32(sheet[y, x, at])
            sx += weight * (np.float32(sheet[y, x, at + 1]) - np.float32(128))
            sy += weight * (np.float32(sheet[y, x, at + 2]) - np.float32(128))
    return min(dark * np.float32(1 / 255), np.float32(1.3)), sx * np.float32(1 / 127), sy * np.float32(1 / 127)


@inlined
def _mixed(r: Real, g: Real, b: Real, look: Floats, at: int, tone: Real, share: Real) -> Three:
    """A colour with some of another one, of the person, in it."""
    r += (look[at] * tone - r) * share
    g += (look[at + 1] * tone - g) * share
    b += (look[at + 2] * tone - b) * share
    return r, g, b


@inlined
def _complexion(sheet: NDArray[np.uint8], y: int, x: int, look: Floats) -> Three:
    """Bare skin: tone, blush, freckles, rings under the eyes."""
    one = np.float32(1 / 255)
    tone = (
        1
        + look[26] * 2 * (sheet[y, x, 9] * one - np.float32(0.5))
        + np.float32(0.05) * (sheet[y, x, 10] * one - np.float32(0.5))
    )
    blush = sheet[y, x, 7] * one
    red = look[24] * blush * np.float32(0.5)
    spots = np.float32(0)
    if look[25] > np.float32(0.05):
        edge = 1 - np.float32(0.55) * look[25]
        spots = ramp(edge, edge + np.float32(0.14), sheet[y, x, 8] * one) * look[25]
        spots *= ramp(np.float32(0), np.float32(0.5), blush + np.float32(0.12)) * np.float32(0.5)
    tone *= (
        (1 - spots)
        * (1 - look[33] * sheet[y, x, 14] * one * np.float32(0.3))
        * (1 - np.float32(0.85) * sheet[y, x, 13] * one)
    )
    return look[0] * tone, look[1] * tone * (1 - np.float32(0.42) * red), look[2] * tone * (1 - np.float32(0.32) * red)


@inlined
def _grown(sheet: NDArray[np.uint8], y: int, x: int, look: Floats, colour: Three) -> tuple[int, Three]:
    """Lips, beard, brows, lashes and paint on the skin; and the region."""
    one = np.float32(1 / 255)
    r, g, b = colour
    lip, strand, bristle = sheet[y, x, 0] * one, sheet[y, x, 2] * one, sheet[y, x, 6] * one
    region = 1
    if lip > 0:
        r, g, b = _mixed(r, g, b, look, 3, np.float32(0.88) + np.float32(0.24) * strand, lip)
        region = 3 if lip > np.float32(0.5) else 1
    beard = max(look[27] * sheet[y, x, 3], max(look[28] * sheet[y, x, 4], look[29] * sheet[y, x, 5])) * one * (1 - lip)
    if beard > np.float32(0.02):
        thick = look[30]
        beard *= np.float32(0.42) + np.float32(0.58) * ramp(np.float32(0.95) - thick, np.float32(1.25) - thick, bristle)
        beard *= min(thick * np.float32(1.25), np.float32(1))
        r, g, b = _mixed(r, g, b, look, 9, np.float32(0.5) + bristle, beard * np.float32(0.93))
        region = 10 if beard > np.float32(0.45) else region
    brow = sheet[y, x, 1] * one
    if brow > 0:
        edge = 1 - np.float32(0.72) * look[31]
        dense = ramp(edge, edge + np.float32(0.16), brow + np.float32(0.16) * (strand - np.float32(0.5)))
        dense *= np.float32(0.68) + np.float32(0.32) * strand
        r, g, b = _mixed(
            r, g, b, look, 9, np.float32(0.6) + np.float32(0.6) * strand, min(dense * np.float32(1.1), np.float32(0.92))
        )
        region = 4 if dense > np.float32(0.3) else region
    dark = 1 - np.float32(0.82) * sheet[y, x, 11] * one * look[36]
    lid = sheet[y, x, 12] * one * look[32] * np.float32(0.45)
    rose = sheet[y, x, 15] * one * np.float32(0.6)
    r = r * dark * (1 - lid)
    g = g * dark * (1 - np.float32(1.3) * lid)
    b = b * dark * (1 - lid)
    return region, (
        r + (np.float32(0.5) - r) * rose,
        g + (np.float32(0.22) - g) * rose,
        b + (np.float32(0.2) - b) * rose,
    )


@inlined
def _skin(sheet: NDArray[np.uint8], u: Real, v: Real, look: Floats) -> tuple[int, Three, Real, Real]:
    """Region and albedo of skin, and how far furrows bend it to the side and up."""
    x = min(max(int((u - _LEFT) * _PER_CM), 0), sheet.shape[1] - 1)
    y = min(max(int((v - _LOW) * _PER_CM), 0), sheet.shape[0] - 1)
    region, colour = _grown(sheet, y, x, look, _complexion(sheet, y, x, look))
    dark, sx, sy = _furrowed(sheet, y, x, look)
    r, g, b = colour
    r, g, b = r * (1 - np.float32(0.24) * dark), g * (1 - np.float32(0.31) * dark), b * (1 - np.float32(0.36) * dark)
    if region == 1:
        side = abs(u)
        if side > np.float32(12.5) and abs(v - np.float32(5)) < np.float32(1e-3):
            region = 11
        elif v < np.float32(-11.6):
            region = 12
        elif np.float32(-4.6) < v < np.float32(0.6) and side < 1 + np.float32(0.75) * ramp(0, np.float32(3.4), -v):
            region = 2
    return region, (r, g, b), sx * np.float32(1.9), sy * np.float32(1.9)


@inlined
def _eye(dx: Real, dy: Real, look: Floats, gaze: Floats, left: int, grain: Floats) -> tuple[int, Three]:
    """Region and albedo of an eyeball; the direction from its middle is given."""
    dz = np.sqrt(max(1 - dx * dx - dy * dy, np.float32(0)))
    dot = dx * gaze[left, 0] + dy * gaze[left, 1] + dz * gaze[left, 2]
    ox, oy = dx - dot * gaze[left, 0], dy - dot * gaze[left, 1]
    away = np.sqrt(max(1 - dot * dot, np.float32(0))) if dot > 0 else np.float32(1)
    ring = grain[int((np.arctan2(oy, ox) + 3.15) * 40) % 256, int(away * 60) % 256]
    white = np.float32(0.66) - np.float32(0.26) * ramp(np.float32(0.4), np.float32(1), abs(dx))
    iris = 1 - ramp(np.float32(0.455), np.float32(0.495), away)
    pupil = 1 - ramp(look[35] - np.float32(0.02), look[35] + np.float32(0.02), away)
    fleck = (np.float32(0.4) + np.float32(0.75) * ring) * (
        np.float32(1.1) - np.float32(0.85) * ramp(np.float32(0.3), np.float32(0.49), away)
    )
    warm = np.float32(0.06) * (1 + look[40])
    r, g, b = _mixed(white, white * (1 - warm), white * (1 - np.float32(1.6) * warm), look, 12, fleck, iris)
    dark = np.float32(0.004) * pupil
    return (6 if iris > np.float32(0.5) else 5), (
        r * (1 - pupil) + dark,
        g * (1 - pupil) + dark,
        b * (1 - pupil) + dark,
    )


@inlined
def _matter(kind: int, u: Real, v: Real, look: Floats, grain: Floats) -> tuple[int, Three]:
    """Region and albedo of teeth, mouth, hair, and what is worn."""
    if kind == 3:
        gap = abs(u - np.floor(u))
        gap = min(gap, 1 - gap)
        gum = ramp(np.float32(0.82), np.float32(1), v + np.float32(0.35) * (np.float32(0.5) - gap) ** 2)
        line = (1 - np.float32(0.4) * (1 - ramp(np.float32(0), np.float32(0.09), gap))) * (1 - gum)
        yellow = look[40]
        return 8, (
            np.float32(0.8) * line + np.float32(0.42) * gum,
            (np.float32(0.79) - np.float32(0.07) * yellow) * line + np.float32(0.14) * gum,
            (np.float32(0.75) - np.float32(0.22) * yellow) * line + np.float32(0.14) * gum,
        )
    if kind == 4:  # tongue where u is 1, else the dark
        return 7, (
            np.float32(0.06) + np.float32(0.44) * u,
            np.float32(0.015) + np.float32(0.13) * u,
            np.float32(0.015) + np.float32(0.13) * u,
        )
    if kind == 5:
        tone = np.float32(0.55) + np.float32(0.95) * grain[int(v * 256) % 256, int(u * 256) % 256]
        return 9, (look[6] * tone, look[7] * tone, look[8] * tone)
    if kind == 6:
        wave = np.float32(0)
        if look[39] > np.float32(1.5):
            wave = np.float32(int(np.floor(v * 22)) % 2 == 0)
        elif look[39] > np.float32(0.5):
            wave = np.float32((int(np.floor(v * 16)) + int(np.floor(u * 16))) % 2 == 0)
        return 13, _mixed(look[15], look[16], look[17], look, 18, np.float32(1), wave * np.float32(0.8))
    tone = np.float32(0.9) + np.float32(0.1) * np.cos(v * np.float32(11)) if kind == 10 else np.float32(1)
    region = 16 if kind == 10 else (15 if kind == 9 else 14)
    return region, (look[21] * tone, look[22] * tone, look[23] * tone)


@inlined
def unit(x: Real, y: Real, z: Real) -> Three:
    """The same way, one long."""
    one = 1 / np.sqrt(x * x + y * y + z * z + np.float32(1e-12))
    return x * one, y * one, z * one


@inlined
def albedo(
    kind: int,
    left: int,
    u: Real,
    v: Real,
    n: Three,
    sheet: NDArray[np.uint8],
    grain: Floats,
    look: Floats,
    gaze: Floats,
) -> tuple[int, Three, Three]:
    """Region, colour under white light, and the normal that light sees."""
    nx, ny, nz = n
    if kind == 1:
        region, colour, sx, sy = _skin(sheet, u, v, look)
        level = 1 / np.sqrt(nx * nx + nz * nz + np.float32(1e-6))
        return region, colour, unit(nx - sx * nz * level, ny - sy, nz + sx * nx * level)
    if kind == 2:
        region, colour = _eye(u, v, look, gaze, left, grain)
        return region, colour, unit(nx, ny, nz)
    region, colour = _matter(kind, u, v, look, grain)
    return region, colour, unit(nx, ny, nz)
