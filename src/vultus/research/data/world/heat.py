"""What a camera for long-wave infrared sees: the warmth of each surface, in degrees Celsius."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vultus.research.data.world.compiled import Real, compiled, inlined

Floats = NDArray[np.float32]
Numbers = NDArray[np.int32]

ROOM = 22.0
# Warmth by region of `albedo.REGIONS`; that of skin comes from its place.
WARMTH = np.array(
    [ROOM, 34.0, 32.6, 34.4, 33.6, 34.2, 34.0, 36.0, 35.4, 28.6, 32.4, 32.0, 34.6, 27.6, 24.0, 27.0, 30.5], np.float32
)


@inlined
def _on_skin(u: Real, v: Real, clouds: Floats, own: Floats) -> Real:
    """What a place on the skin is warmer by: corners of the eyes, cheeks, a cold nose, veins of one's own."""
    side = abs(u)
    side = np.float32(side)
    canthus = np.exp(-((side - np.float32(1.7)) ** 2 + v * v) * np.float32(1.6))
    tip = np.exp(-(u * u + (v + np.float32(3.4)) ** 2) * np.float32(0.35))
    cheek = np.exp(-(((side - np.float32(4.6)) / 2) ** 2 + ((v + np.float32(3.6)) / 2) ** 2))
    brow = np.exp(-(((v - np.float32(4.0)) / 2) ** 2) - (u / 4) ** 2)
    n = clouds.shape[0]
    x, y = int((u * np.float32(0.028) + own[1]) * n) % n, int((v * np.float32(0.028) + own[2]) * n) % n
    vein = max(1 - abs(clouds[y, x] - np.float32(0.5)) * 14, np.float32(0))
    warmer = (
        np.float32(1.5) * canthus - np.float32(2.3) * tip * own[3] - np.float32(0.9) * cheek + np.float32(0.4) * brow
    )
    return warmer + np.float32(0.55) * vein


@compiled
def warm(
    which: Numbers, place: Floats, triangles: Numbers, uv: Floats, normals: Floats, regions: NDArray[np.uint8],
    table: Floats, clouds: Floats, own: Floats, noise: Real, seed: int, out: Floats,
) -> None:  # fmt: skip
    """Warmth of pixels, averaged over their samples.

    Args:
        which, place: of `raster.rasterise`.
        triangles, uv, normals: of the mesh; grazing surfaces mirror the room.
        regions: of the samples.
        table: `WARMTH`.
        clouds: noise that veins are made of.
        own: of the person: offset of the whole, place of the veins (two), how cold the nose gets.
        noise: of the camera, degrees.
        seed: of the noise.
        out: (H, W), degrees Celsius.
    """
    height, width = out.shape
    fine = which.shape[0] // height
    state = np.uint64(seed * 2 + 1) * np.uint64(2862933555777941757)
    for row in range(height):
        for column in range(width):
            total = np.float32(0)
            for y in range(row * fine, (row + 1) * fine):
                for x in range(column * fine, (column + 1) * fine):
                    t = which[y, x]
                    if t < 0:
                        n = clouds.shape[0]
                        total += (
                            table[0]
                            + clouds[(y * n // which.shape[0]) % n, (x * n // which.shape[1]) % n]
                            - np.float32(0.5)
                        )
                        continue
                    i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
                    b, c = place[y, x, 0], place[y, x, 1]
                    a = 1 - b - c
                    region = regions[y, x]
                    value = table[region]
                    if region in (1, 2, 3, 4, 10, 12):
                        u, v = a * uv[i, 0] + b * uv[j, 0] + c * uv[k, 0], a * uv[i, 1] + b * uv[j, 1] + c * uv[k, 1]
                        value = max(value, table[2]) + _on_skin(u, v, clouds, own)
                    if region != 14:
                        value += own[0]
                    facing = abs(a * normals[i, 2] + b * normals[j, 2] + c * normals[k, 2])
                    mirror = np.float32(0.02) + np.float32(0.3) * max(np.float32(0.45) - facing, np.float32(0)) * 2
                    total += value + (table[0] - value) * mirror
            state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            first = np.float32((state >> np.uint64(48)) & np.uint64(65535)) * np.float32(1 / 65536)
            second = np.float32((state >> np.uint64(32)) & np.uint64(65535)) * np.float32(1 / 65536)
            out[row, column] = total / (fine * fine) + (first + second - 1) * np.float32(2.4) * noise
