"""Triangles to pixels: which triangle each one shows, where in it, and how far away; and normals of a mesh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vultus.research.data.world.compiled import Real, compiled, inlined

Floats = NDArray[np.float32]
Numbers = NDArray[np.int32]

FAR = np.float32(1e9)


@compiled
def normals(points: Floats, triangles: Numbers, out: Floats) -> None:
    """Normals of unit length at the vertices, weighted by area: `out` is (V, 3), zeros at first."""
    for t in range(triangles.shape[0]):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, az = points[j, 0] - points[i, 0], points[j, 1] - points[i, 1], points[j, 2] - points[i, 2]
        bx, by, bz = points[k, 0] - points[i, 0], points[k, 1] - points[i, 1], points[k, 2] - points[i, 2]
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        for v in (i, j, k):
            out[v, 0] += nx
            out[v, 1] += ny
            out[v, 2] += nz
    for v in range(out.shape[0]):
        length = np.sqrt(out[v, 0] ** 2 + out[v, 1] ** 2 + out[v, 2] ** 2) + np.float32(1e-12)
        out[v, 0] /= length
        out[v, 1] /= length
        out[v, 2] /= length


@compiled
def displaced(rest: Floats, moves: Floats, coefficients: Floats, out: Floats) -> None:
    """Points at rest, (M,), plus the moves of each face, (K, M), times its coefficients, (N, K); most are 0."""
    for n in range(coefficients.shape[0]):
        out[n, :] = rest
        for k in range(moves.shape[0]):
            much = coefficients[n, k]
            if much != 0:
                for m in range(rest.shape[0]):
                    out[n, m] += much * moves[k, m]


@inlined
def _first(a: Real, b: Real, c: Real) -> int:
    """The first pixel whose middle is not before any of three places."""
    return max(0, int(np.ceil(min(a, min(b, c)) - np.float32(0.5))))


@inlined
def _last(a: Real, b: Real, c: Real, count: int) -> int:
    return min(count - 1, int(np.floor(max(a, max(b, c)) - np.float32(0.5))))


@inlined
def _hole(a: Real, b: Real, c: Real, i: int, j: int, k: int, cover: Floats, uv: Floats, grain: Floats) -> bool:
    """Whether thin matter has a hole here."""
    dense = a * cover[i] + b * cover[j] + c * cover[k]
    side = grain.shape[0]
    x = int((a * uv[i, 0] + b * uv[j, 0] + c * uv[k, 0]) * side) % side
    y = int((a * uv[i, 1] + b * uv[j, 1] + c * uv[k, 1]) * side) % side
    return bool(grain[y, x] >= dense)


@inlined
def _fill(
    t: int,
    i: int,
    j: int,
    k: int,
    area: Real,
    screen: Floats,
    cover: Floats,
    uv: Floats,
    grain: Floats,
    depth: Floats,
    which: Numbers,
    place: Floats,
) -> None:
    """One triangle."""
    x0, y0, z0 = screen[i, 0], screen[i, 1], screen[i, 2]
    x1, y1, z1 = screen[j, 0], screen[j, 1], screen[j, 2]
    x2, y2, z2 = screen[k, 0], screen[k, 1], screen[k, 2]
    left, right = _first(x0, x1, x2), _last(x0, x1, x2, depth.shape[1])
    top, low = _first(y0, y1, y2), _last(y0, y1, y2, depth.shape[0])
    if left > right or top > low or min(z0, min(z1, z2)) <= 1:
        return
    one = np.float32(1) / area
    holes = cover[i] < 1 or cover[j] < 1 or cover[k] < 1
    bx, by, cx, cy = (y2 - y0) * one, (x2 - x0) * one, (y1 - y0) * one, (x1 - x0) * one
    for row in range(top, low + 1):
        y = np.float32(row) + np.float32(0.5) - y0
        for column in range(left, right + 1):
            x = np.float32(column) + np.float32(0.5) - x0
            b, c = x * bx - by * y, cx * -x + cy * y
            a = 1 - b - c
            if a < 0 or b < 0 or c < 0:
                continue
            z = a * z0 + b * z1 + c * z2
            if z >= depth[row, column] or (holes and _hole(a, b, c, i, j, k, cover, uv, grain)):
                continue
            depth[row, column] = z
            which[row, column] = t
            place[row, column, 0] = b
            place[row, column, 1] = c


@compiled
def rasterise(
    screen: Floats,
    triangles: Numbers,
    closed: int,
    cover: Floats,
    uv: Floats,
    grain: Floats,
    depth: Floats,
    which: Numbers,
    place: Floats,
) -> None:
    """The nearest triangle at each pixel.

    Args:
        screen: x and y in pixels, and the distance from the camera: (V, 3).
        triangles: (T, 3).
        closed: so many triangles at the beginning are of closed surfaces, of which the inner side is never seen.
        cover: how dense the matter is, 0 to 1, per vertex: below 1 holes open where `grain` is higher.
        uv: where on the grain a vertex lies, (V, 2).
        grain: noise from 0 to 1, repeated: (G, G).
        depth: (H, W), `FAR` at first.
        which: (H, W), the number of the triangle, -1 at first.
        place: (H, W, 2), the shares of the second and third corner.
    """
    for t in range(triangles.shape[0]):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        area = (screen[j, 0] - screen[i, 0]) * (screen[k, 1] - screen[i, 1]) - (screen[k, 0] - screen[i, 0]) * (
            screen[j, 1] - screen[i, 1]
        )
        if np.abs(area) < np.float32(1e-6) or (area > 0 and t < closed):
            continue
        _fill(t, i, j, k, area, screen, cover, uv, grain, depth, which, place)
