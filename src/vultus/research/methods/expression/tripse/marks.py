"""The mechanism task: how bright is the marked blob beside its own picture?

A picture is noise with four blobs, all of it multiplied by a gain of its own; a second plane marks one blob. The class
is the marked blob's height over the picture's own noise, on four levels. Whoever solves it must bring the picture to
one gain, which is a matter of channels, and pick the marked place, which is a matter of rows and columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE, BLOBS, LEVELS = 28, 4, 4
GAIN = 2.0  # spread of the logarithm, to both sides
NOISE = 0.5
HIGHEST = 8.0  # the lowest blob is 1 high
WIDTH_PX = 1.5
_BAND = (0.15, 0.85)  # the part of a level that is used
_DOUBT = 0.1  # noise of the marking plane


def draw(count: int, seed: Any) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
    """Pictures and their levels.

    Args:
        count: N.
        seed: for `numpy.random.default_rng`.

    Returns:
        float16, (N, 2, 28, 28), and 0 to 3, (N,).
    """
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, LEVELS, (count, BLOBS))
    heights = np.exp(np.log(HIGHEST) / LEVELS * (levels + rng.uniform(*_BAND, (count, BLOBS)))).astype(np.float32)
    cell = SIDE / 2
    middles = np.array([(cell * (blob // 2) + cell / 2, cell * (blob % 2) + cell / 2) for blob in range(BLOBS)])
    places = (middles + rng.uniform(3 - cell / 2, cell / 2 - 3, (count, BLOBS, 2))).astype(np.float32)
    axis = np.arange(SIDE, dtype=np.float32)
    # a Gaussian in the plane is the product of two along the axes
    along = np.exp(-((axis - places[..., None]) ** 2) / (2 * WIDTH_PX**2))
    marked = rng.integers(0, BLOBS, count)
    every = np.arange(count)
    out = np.empty((count, 2, SIDE, SIDE), np.float32)
    out[:, 0] = np.einsum("nb,nbi,nbj->nij", heights, along[:, :, 0], along[:, :, 1], optimize=True)
    out[:, 0] += NOISE * rng.standard_normal((count, SIDE, SIDE), np.float32)
    out[:, 0] *= np.exp(rng.uniform(-GAIN, GAIN, count)).astype(np.float32)[:, None, None]
    out[:, 1] = np.einsum("ni,nj->nij", along[every, marked, 0], along[every, marked, 1])
    out[:, 1] += _DOUBT * rng.standard_normal((count, SIDE, SIDE), np.float32)
    return out.astype(np.float16), levels[every, marked]
