"""Light on matter: one pass over the pixels that show something."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vultus.research.data.world.albedo import Three, albedo, ramp, unit
from vultus.research.data.world.compiled import Real, compiled, inlined

Floats = NDArray[np.float32]

LIGHT = 24  # numbers of a light: key, fill and rim (each direction and colour), sky and ground


@inlined
def _lit(nx: Real, ny: Real, nz: Real, light: Floats, at: int, wrap: Real) -> Real:
    """Cosine of a light on a surface that light creeps around by `wrap`."""
    dot = nx * light[at] + ny * light[at + 1] + nz * light[at + 2]
    return max((dot + wrap) / (1 + wrap), np.float32(0))


@inlined
def _gloss(nx: Real, ny: Real, nz: Real, ex: Real, ey: Real, ez: Real, light: Floats, at: int, doublings: int) -> Real:
    """A mirror spot of a light; each doubling halves how wide it is in area."""
    x, y, z = ex + light[at], ey + light[at + 1], ez + light[at + 2]
    spot = max((nx * x + ny * y + nz * z) / np.sqrt(x * x + y * y + z * z + np.float32(1e-6)), np.float32(0))
    for _ in range(doublings):
        spot *= spot
    return spot


@inlined
def _arrives(x: Real, y: Real, z: Real, facing: Real, shadow: Floats, sun: Floats) -> Real:
    """The share of the key light that arrives at a point: nine looks at the map of what the lamp sees."""
    if facing <= 0:
        return np.float32(0.6)
    side = shadow.shape[0]
    sx = int(sun[0, 0] * x + sun[0, 1] * y + sun[0, 2] * z + sun[0, 3])
    sy = int(sun[1, 0] * x + sun[1, 1] * y + sun[1, 2] * z + sun[1, 3])
    near = sun[2, 0] * x + sun[2, 1] * y + sun[2, 2] * z + sun[2, 3] - np.float32(0.85) + np.float32(0.55) * facing
    sx, sy = min(max(sx, 1), side - 2), min(max(sy, 1), side - 2)
    hits = 0
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            hits += shadow[sy + dy, sx + dx] < near
    return 1 - np.float32(hits) * np.float32(1 / 9)


@inlined
def _shine(
    kind: int,
    region: int,
    u: Real,
    v: Real,
    n: Three,
    e: Three,
    look: Floats,
    light: Floats,
    grain: Floats,
    seen: Real,
    sky: Real,
) -> Real:
    """What a surface mirrors."""
    nx, ny, nz = n
    ex, ey, ez = e
    if kind == 1:
        spot = np.float32(0.15) * _gloss(nx, ny, nz, ex, ey, ez, light, 0, 4) * seen
        spot += np.float32(0.1) * _gloss(nx, ny, nz, ex, ey, ez, light, 6, 3)
        grazing = 1 - max(nx * ex + ny * ey + nz * ez, np.float32(0))
        grazing *= grazing
        much = np.float32(1.6) if region == 3 else (np.float32(0.25) if region == 4 or region == 10 else np.float32(1))
        return (look[34] * spot * much + np.float32(0.1) * grazing * grazing) * sky
    if kind == 2:
        spot = np.float32(1.5) * _gloss(nx, ny, nz, ex, ey, ez, light, 0, 8)
        return spot + np.float32(0.35) * _gloss(nx, ny, nz, ex, ey, ez, light, 6, 8) + np.float32(0.006)
    if kind == 3 or region == 7:
        return np.float32(0.1) * _gloss(nx, ny, nz, ex, ey, ez, light, 0, 5)
    if kind == 5:  # a band where strands, which hang down along the surface, are seen from half way to the lamp
        tx, ty, tz = nx * ny, ny * ny - 1, nz * ny
        hx, hy, hz = ex + light[0], ey + light[1], ez + light[2]
        long_ = np.sqrt((tx * tx + ty * ty + tz * tz) * (hx * hx + hy * hy + hz * hz) + np.float32(1e-6))
        strand = grain[int(v * 256) % 256, int(u * 256) % 256]
        along = (tx * hx + ty * hy + tz * hz) / long_ + np.float32(0.35) * strand - np.float32(0.27)
        band = max(1 - along * along, np.float32(0))
        for _ in range(4):
            band *= band
        return look[37] * np.float32(0.055) * band * (np.float32(0.3) + np.float32(0.7) * seen) * sky
    if kind == 7 or kind == 8:
        return np.float32(0.35) * _gloss(nx, ny, nz, ex, ey, ez, light, 0, 6) + np.float32(
            0.06 if kind == 8 else 0.01
        ) * (1 + ny)
    return np.float32(0)


@inlined
def _between(a: Real, b: Real, c: Real, i: int, j: int, k: int, of: Floats) -> Three:
    """A row of three at a place in a triangle."""
    return (
        a * of[i, 0] + b * of[j, 0] + c * of[k, 0],
        a * of[i, 1] + b * of[j, 1] + c * of[k, 1],
        a * of[i, 2] + b * of[j, 2] + c * of[k, 2],
    )


@inlined
def _light_up(
    kind: int,
    n: Three,
    colour: Three,
    light: Floats,
    sky: Real,
    seen: Real,
    shine: Real,
    out: Floats,
    row: int,
    column: int,
) -> None:
    """All lamps on one surface."""
    nx, ny, nz = n
    soft = np.float32(kind == 1)
    up = np.float32(0.5) + np.float32(0.5) * ny
    fill = _lit(nx, ny, nz, light, 6, np.float32(0.25)) * (np.float32(0.35) + np.float32(0.65) * sky)
    rim = _lit(nx, ny, nz, light, 12, np.float32(0)) * sky
    seen *= np.float32(0.55) + np.float32(0.45) * sky
    for d in range(3):
        # Light creeps into skin, red furthest; and what reaches its hollows has met skin before.
        wrap = soft * np.float32(0.32 if d == 0 else (0.13 if d == 1 else 0.07))
        open_ = sky * (1 - np.float32(0.11) * soft * d * (1 - sky))
        ambient = (light[21 + d] + (light[18 + d] - light[21 + d]) * up) * open_
        key = _lit(nx, ny, nz, light, 0, wrap) * light[3 + d] * seen
        all_ = ambient + key + fill * light[9 + d] + rim * light[15 + d]
        out[row, column, d] = colour[d] * all_ + shine * (np.float32(0.4) + light[3 + d] * np.float32(0.6))


@inlined
def _spared(which: NDArray[np.int32], matter: NDArray[np.uint8], row: int, column: int) -> bool:
    """Every second sample takes the colour of its neighbour where both show the same matter."""
    other = which[row, column ^ 1]
    return bool((row + column) & 1 and other >= 0 and matter[other] == matter[which[row, column]])


@compiled
def shade(
    which: NDArray[np.int32], place: Floats, triangles: NDArray[np.int32], matter: NDArray[np.uint8], points: Floats,
    normals: Floats, uv: Floats, open_: Floats, sheet: NDArray[np.uint8], grain: Floats, look: Floats, light: Floats,
    gaze: Floats, camera_z: Real, shadow: Floats, sun: Floats, out: Floats, regions: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Colour every pixel that shows something.

    Args:
        which, place: of `rasterise`.
        triangles, matter: (T, 3), (T,).
        points, normals, uv, open_: of the vertices; the last is the share of the sky they see.
        sheet, grain: of `maps`.
        look: row of the person.
        light: key direction and colour, fill and rim the same, then sky and ground.
        gaze: direction of both eyes in the frame of the head, (2, 3).
        camera_z: where the camera stands on the axis.
        shadow, sun: distances seen from the key light (S, S), and the (3, 4) matrix that leads there.
        out: linear light, (H, W, 3).
        regions: (H, W).
    """
    height, width = which.shape
    for row in range(height):
        for column in range(width):
            t = which[row, column]
            if t < 0 or _spared(which, matter, row, column):
                continue
            i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            b, c = place[row, column, 0], place[row, column, 1]
            a = 1 - b - c
            u = a * uv[i, 0] + b * uv[j, 0] + c * uv[k, 0]
            v = a * uv[i, 1] + b * uv[j, 1] + c * uv[k, 1]
            sky = a * open_[i] + b * open_[j] + c * open_[k]
            x, y, z = _between(a, b, c, i, j, k, points)
            nx, ny, nz = _between(a, b, c, i, j, k, normals)
            e = unit(-x, -y, camera_z - z)
            if nx * e[0] + ny * e[1] + nz * e[2] < 0:
                nx, ny, nz = -nx, -ny, -nz
            kind, left = int(matter[t]), 0
            if kind == 11:
                kind, left = 2, 1
            region, colour, n = albedo(kind, left, u, v, (nx, ny, nz), sheet, grain, look, gaze)
            facing = n[0] * light[0] + n[1] * light[1] + n[2] * light[2]
            seen = _arrives(x, y, z, facing, shadow, sun)
            if kind == 2:  # lids and lashes shade the eye
                sky *= 1 - np.float32(0.45) * ramp(np.float32(0), np.float32(0.55), v)
                seen *= 1 - np.float32(0.5) * ramp(np.float32(0.05), np.float32(0.5), v)
            elif kind == 3 or kind == 4:
                seen *= np.float32(0.75)
            shine = _shine(kind, region, u, v, n, e, look, light, grain, seen, sky)
            _light_up(kind, n, colour, light, sky, seen, shine, out, row, column)
            regions[row, column] = region
    for row in range(height):
        for column in range(width):
            if which[row, column] >= 0 and _spared(which, matter, row, column):
                regions[row, column] = regions[row, column ^ 1]
                for d in range(3):
                    out[row, column, d] = out[row, column ^ 1, d]
