"""Presentation attacks and digital forgeries of pictures, each with a mask of what is false."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ConfigError, UnknownNameError
from vultus.research.data.world.degrade import _bytes, _spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]

KINDS = ("print", "replay", "mask", "digital")
# Strengths of three steps per kind, at which a regression on radial spectra tells attacks from pictures with an area
# under the curve of about 0.65, 0.75 and 0.9; measured in results/world_calibration.json.
LEVELS = {
    "print": (0.296, 0.373, 0.441),
    "replay": (0.359, 0.494, 0.747),
    "mask": (0.099, 0.164, 0.291),
    "digital": (0.388, 0.527, 0.775),
}


def attack(
    images: Bytes, kind: str, rng: np.random.Generator, strength: float = 0.5, region: Mask | None = None
) -> tuple[Bytes, Mask]:
    """Turn pictures into attacks.

    Args:
        images: uint8 (N, H, W, 3).
        kind: print, replay (a screen), mask (silicone or resin over the face), digital (a face blended in).
        rng: what varies.
        strength: of the traces; 0 leaves the pictures nearly as they are, 1 is plain to see.
        region: where the attack is, (N, H, W); without, all of the picture for print and replay, and an ellipse around
            the middle for the others.

    Returns:
        The attacks, and what of them is false: (N, H, W).

    Raises:
        ConfigError: not pictures of bytes, or a strength outside 0 to 1.
        UnknownNameError: no such kind.
    """
    if kind not in KINDS:
        raise UnknownNameError("attack", kind, KINDS, f"Known: {', '.join(KINDS)}")
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 3:
        raise ConfigError(f"attacks take uint8 pictures (N, H, W, 3), not {images.dtype} {images.shape}")
    if not 0 <= strength <= 1:
        raise ConfigError(f"the strength of an attack is 0 to 1, not {strength}")
    where = _where(images.shape[:3], kind) if region is None else np.asarray(region, bool)
    false = np.empty_like(images)
    for n, image in enumerate(images):
        soft = np.clip(_spread(where[n].astype(np.float32), image.shape[0] / 90), 0, 1)[..., None]
        if where[n].all():
            soft = np.ones_like(soft)
        changed = _KINDS[kind](image.astype(np.float32), strength, where[n], rng)
        false[n] = _bytes(image * (1 - soft) + changed * soft)
    return false, where


def _where(shape: tuple[int, ...], kind: str) -> Mask:
    n, height, width = shape
    if kind in ("print", "replay"):
        return np.ones(shape, bool)
    y, x = np.mgrid[0:height, 0:width]
    inside = ((x / width - 0.5) / 0.23) ** 2 + ((y / height - 0.5) / 0.31) ** 2 < 1
    return np.repeat(inside[None], n, 0)


def _print(image: Floats, strength: float, where: Mask, rng: np.random.Generator) -> Floats:
    """Ink on paper: a smaller range of colours, dots in rows, soft edges, fibres."""
    height, width = image.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    flat = _spread(image, (0.9 * strength, 0.9 * strength, 0))
    grey = flat.mean(-1, keepdims=True)
    inked = grey + (flat - grey) * (1 - 0.35 * strength)
    inked = 128 + (inked - 128) * (1 - 0.28 * strength) + np.array([6.0, 2.0, -8.0]) * strength
    pitch = rng.uniform(2.6, 4.0)
    for c, turn in enumerate(np.radians([15, 75, 45]) + rng.uniform(-0.05, 0.05)):
        u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        dots = np.cos(2 * np.pi * u / pitch) + np.cos(2 * np.pi * v / pitch)
        inked[..., c] += 7 * strength * dots * (0.3 + 0.7 * (1 - inked[..., c] / 255))
    fibre = _spread(rng.normal(size=(height, width)), (0.6, 1.6))
    return np.asarray(inked + 6 * strength * fibre[..., None], np.float32)


def _replay(image: Floats, strength: float, where: Mask, rng: np.random.Generator) -> Floats:
    """A screen: beats between two grids of pixels, bands of refreshing, its own white, a reflection."""
    height, width = image.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    shown = 255 * (np.clip(image, 0, 255) / 255) ** (1 + 0.18 * strength * rng.uniform(-1, 1))
    shown = shown * (1 + strength * np.array([-0.05, 0.0, 0.08]))
    for _ in range(2):
        turn, step = rng.uniform(0, np.pi), rng.uniform(2.1, 3.2)
        bend = 0.0015 * (x - width / 2) * (y - height / 2)
        beat = np.cos(2 * np.pi * ((x * np.cos(turn) + y * np.sin(turn)) / step + bend))
        tint = rng.dirichlet([2, 2, 2]) * 3
        shown += 5.5 * strength * beat[..., None] * tint
    band = np.cos(2 * np.pi * (y / height * rng.uniform(1.5, 4) + rng.uniform()))
    shown *= 1 + 0.05 * strength * band[..., None]
    away = np.hypot(x / width - rng.uniform(0, 1), y / height - rng.uniform(0, 0.5))
    return np.asarray(shown + 45 * strength * np.exp(-((away / 0.25) ** 2))[..., None], np.float32)


def _mask(image: Floats, strength: float, where: Mask, rng: np.random.Generator) -> Floats:
    """Silicone: the fine structure of skin is gone, one colour, a shine, an edge."""
    height = image.shape[0]
    smooth = _spread(image, (height / 70 * (0.4 + strength), height / 70 * (0.4 + strength), 0))
    worn = image * (1 - 0.85 * strength) + smooth * 0.85 * strength
    mean = image[where].mean(0) if where.any() else image.mean((0, 1))
    worn = worn + (mean - worn) * 0.25 * strength
    bright = np.clip((smooth.mean(-1, keepdims=True) - 130) / 125, 0, 1) ** 2
    edge = np.abs(_spread(where.astype(np.float32), height / 60) - 0.5) < 0.22
    return np.asarray(worn + 60 * strength * bright - 38 * strength * edge[..., None], np.float32)


def _digital(image: Floats, strength: float, where: Mask, rng: np.random.Generator) -> Floats:
    """A generated face blended in: a chequered residue of upsampling, another white, a seam."""
    height, width = image.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    chequer = ((x % 2) ^ (y % 2)) * 2.0 - 1
    coarse = np.cos(2 * np.pi * x / 4) * np.cos(2 * np.pi * y / 4)
    texture = np.abs(_spread(rng.normal(size=(height, width)), 2.0)) * 6
    made = image * (1 + 0.06 * strength * rng.normal(size=3)) + 10 * strength * rng.normal()
    made += (7.5 * strength * chequer * np.clip(texture, 0.3, 2) + 5 * strength * coarse)[..., None]
    seam = np.abs(_spread(where.astype(np.float32), height / 80) - 0.5) < 0.3
    blurred = _spread(image, (1.2, 1.2, 0))
    return np.asarray(np.where(seam[..., None], made + (blurred - made) * 0.9 * strength, made), np.float32)


_KINDS = {"print": _print, "replay": _replay, "mask": _mask, "digital": _digital}
