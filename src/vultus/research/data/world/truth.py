"""What is known about each pixel: depth, normal, region; and where it goes until the next picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vultus.research.data.world.compiled import compiled, inlined

Floats = NDArray[np.float32]
Numbers = NDArray[np.int32]


@inlined
def _nearest(depth: Floats, row: int, column: int, fine: int) -> tuple[int, int]:
    """The fine sample of a pixel that is closest to the camera."""
    top, left = row * fine, column * fine
    best_row, best_column = top, left
    for y in range(top, top + fine):
        for x in range(left, left + fine):
            if depth[y, x] < depth[best_row, best_column]:
                best_row, best_column = y, x
    return best_row, best_column


@compiled
def gathered(
    which: Numbers, place: Floats, depth: Floats, triangles: Numbers, normals: Floats, fine_regions: NDArray[np.uint8],
    far: Floats, faced: Floats, regions: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Depth, normals and regions of pixels, from the nearest of their samples; 0 where there is nothing.

    Args:
        which, place, depth: of `raster.rasterise`.
        triangles, normals: of the mesh.
        fine_regions: of `shade.shade`.
        far, faced, regions: to be filled: (H, W), (H, W, 3), (H, W).
    """
    height, width = far.shape
    fine = depth.shape[0] // height
    for row in range(height):
        for column in range(width):
            y, x = _nearest(depth, row, column, fine)
            t = which[y, x]
            if t < 0:
                continue
            far[row, column] = depth[y, x]
            regions[row, column] = fine_regions[y, x]
            b, c = place[y, x, 0], place[y, x, 1]
            length = np.float32(1e-12)
            for d in range(3):
                value = (1 - b - c) * normals[triangles[t, 0], d]
                value += b * normals[triangles[t, 1], d] + c * normals[triangles[t, 2], d]
                faced[row, column, d] = value
                length += value * value
            length = np.sqrt(length)
            if faced[row, column, 2] < 0:
                length = -length  # the inner side of a sheet
            for d in range(3):
                faced[row, column, d] /= length


@compiled
def moved(
    which: Numbers, place: Floats, depth: Floats, triangles: Numbers, screen: Floats, later: Floats, flow: Floats,
    seen: NDArray[np.bool_],
) -> None:  # fmt: skip
    """How far the thing in each pixel is from there in the second picture, and whether it can be seen in it.

    Args:
        which, place, depth: of the first picture.
        triangles: (T, 3).
        screen: of the second picture, in samples.
        later: depth of the second picture.
        flow, seen: to be filled, in pixels to the right and down: (H, W, 2), (H, W).
    """
    height, width = seen.shape
    fine = depth.shape[0] // height
    for row in range(height):
        for column in range(width):
            y, x = _nearest(depth, row, column, fine)
            t = which[y, x]
            if t < 0:  # the room stands still
                seen[row, column] = later[y, x] > 1e8
                continue
            i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            b, c = place[y, x, 0], place[y, x, 1]
            a = 1 - b - c
            to_x = a * screen[i, 0] + b * screen[j, 0] + c * screen[k, 0]
            to_y = a * screen[i, 1] + b * screen[j, 1] + c * screen[k, 1]
            far = a * screen[i, 2] + b * screen[j, 2] + c * screen[k, 2]
            flow[row, column, 0] = (to_x - x - np.float32(0.5)) / fine
            flow[row, column, 1] = (to_y - y - np.float32(0.5)) / fine
            qx, qy = int(to_x), int(to_y)
            if 0 <= qx < later.shape[1] and 0 <= qy < later.shape[0]:
                seen[row, column] = abs(later[qy, qx] - far) < np.float32(0.4)
