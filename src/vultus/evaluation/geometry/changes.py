"""Attributes of pictures that can be turned up and down: what is done to a crop of a face, step by step.

Steps are given as levels. Brightness, contrast, saturation, rotation and zoom go to either side of the picture as it
is (levels -1, 0, 1); blur, size, compression and noise only away from it (0, 1, 2). A crop is worked on after it was
cut out, so that a step means the same in small and large pictures, and the detector has no part in the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.inference.image import jpeg, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Crop = NDArray[np.uint8]
    Real = NDArray[np.float64]

_EITHER, _AWAY = (-1.0, 0.0, 1.0), (0.0, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute.

    Attributes:
        name: of it.
        levels: of steps 0, 1 and 2.
        does: what a level does, in words.
        apply: takes a crop, a level and a seed; RGB uint8 (S, S, 3) in and out.
    """

    name: str
    levels: tuple[float, float, float]
    does: str
    apply: Callable[[Crop, float, int], Crop]


def brightness(crop: Crop, level: float, seed: int = 0) -> Crop:
    """Every pixel times 1.25 per level."""
    return _whole(crop * 1.25**level)


def contrast(crop: Crop, level: float, seed: int = 0) -> Crop:
    """Distances from the mean grey times 1.3 per level."""
    middle = crop.mean()
    return _whole((crop - middle) * 1.3**level + middle)


def saturation(crop: Crop, level: float, seed: int = 0) -> Crop:
    """Distances of the colours from grey times 1.5 per level."""
    grey = crop.mean(axis=2, keepdims=True)
    return _whole((crop - grey) * 1.5**level + grey)


def blur(crop: Crop, level: float, seed: int = 0) -> Crop:
    """A Gaussian of 1 % of the crop's side per level."""
    if level <= 0:
        return crop
    spread = 0.01 * len(crop) * level
    reach = int(np.ceil(3 * spread))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / spread) ** 2)
    blurred = _row_by_row(crop.astype(np.float64), weights / weights.sum())
    return _whole(_row_by_row(blurred.transpose(1, 0, 2), weights / weights.sum()).transpose(1, 0, 2))


def size(crop: Crop, level: float, seed: int = 0) -> Crop:
    """Shrunk to half of the side per level, and enlarged again."""
    if level <= 0:
        return crop
    small = max(round(len(crop) * 0.5**level), 2)
    down, up = _averages(len(crop), small), _between(small, len(crop))
    both = up @ down
    return _whole(np.einsum("ij,jkc,lk->ilc", both, crop.astype(np.float64), both, optimize=True))


def compression(crop: Crop, level: float, seed: int = 0) -> Crop:
    """Written as JPEG of quality 40 at level 1, 15 at level 2."""
    if level <= 0:
        return crop
    return read(jpeg(crop, max(round(40 * (15 / 40) ** (level - 1)), 1)))


def noise(crop: Crop, level: float, seed: int = 0) -> Crop:
    """Gaussian noise of 8 grey levels per level; the same pattern at each level, another for each picture."""
    if level <= 0:
        return crop
    return _whole(crop + 8.0 * level * np.random.default_rng(seed).normal(size=crop.shape))


def rotation(crop: Crop, level: float, seed: int = 0) -> Crop:
    """Turned by 4 degrees per level."""
    angle = np.deg2rad(4.0 * level)
    return _moved(crop, np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]))


def zoom(crop: Crop, level: float, seed: int = 0) -> Crop:
    """Enlarged by 4 % per level."""
    return _moved(crop, np.eye(2) / 1.04**level)


CHANGES = (
    Change("brightness", _EITHER, "pixels times 1.25", brightness),
    Change("contrast", _EITHER, "distance from the mean grey times 1.3", contrast),
    Change("saturation", _EITHER, "distance from grey times 1.5", saturation),
    Change("rotation", _EITHER, "turned by 4 degrees", rotation),
    Change("zoom", _EITHER, "enlarged by 4 %", zoom),
    Change("blur", _AWAY, "Gaussian of 1 % of the side", blur),
    Change("size", _AWAY, "shrunk to half", size),
    Change("compression", _AWAY, "JPEG of quality 40, then 15", compression),
    Change("noise", _AWAY, "noise of 8 grey levels", noise),
)


def varied(crop: Crop, seed: int) -> Crop:
    """The same face as another picture might have it: up to half a level of whatever goes to either side."""
    random = np.random.default_rng(seed)
    for change in (brightness, contrast, saturation, rotation, zoom):
        crop = change(crop, float(random.uniform(-0.5, 0.5)))
    return crop


def _whole(pixels: Real) -> Crop:
    return np.asarray(np.clip(np.rint(pixels), 0, 255), np.uint8)


def _row_by_row(pixels: Real, weights: Real) -> Real:
    """Convolve along the first axis; the edge goes on beyond itself."""
    reach = len(weights) // 2
    padded = np.pad(pixels, ((reach, reach), (0, 0), (0, 0)), mode="edge")
    return np.asarray(sum(weight * padded[n : n + len(pixels)] for n, weight in enumerate(weights)), np.float64)


def _averages(many: int, few: int) -> Real:
    """Weights by which `few` pixels are means of the `many` below them, (few, many)."""
    edges = np.arange(few + 1) * many / few
    left, right = edges[:-1, None], edges[1:, None]
    cover = np.minimum(right, np.arange(1, many + 1)) - np.maximum(left, np.arange(many))
    return np.asarray(np.clip(cover, 0, None) * few / many, np.float64)


def _between(few: int, many: int) -> Real:
    """Weights by which `many` pixels lie on lines between `few`, (many, few)."""
    place = np.clip((np.arange(many) + 0.5) * few / many - 0.5, 0, few - 1)
    return np.asarray(np.clip(1 - np.abs(place[:, None] - np.arange(few)), 0, None), np.float64)


def _moved(crop: Crop, matrix: Real) -> Crop:
    """Sample at matrix times the place, both from the middle; the edge goes on beyond itself."""
    side, middle = len(crop), (len(crop) - 1) / 2
    grid = np.stack(np.meshgrid(np.arange(side) - middle, np.arange(side) - middle), axis=-1)
    place = np.clip(grid @ matrix.T + middle, 0, side - 1)
    low = np.minimum(place.astype(np.int64), side - 2)
    part = (place - low)[..., None]
    x, y = low[..., 0], low[..., 1]
    upper = crop[y, x] * (1 - part[..., 0, :]) + crop[y, x + 1] * part[..., 0, :]
    lower = crop[y + 1, x] * (1 - part[..., 0, :]) + crop[y + 1, x + 1] * part[..., 0, :]
    return _whole(upper * (1 - part[..., 1, :]) + lower * part[..., 1, :])
