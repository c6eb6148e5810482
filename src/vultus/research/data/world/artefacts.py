"""Single traces of presentation attacks, on a whole picture or on a part of the face, with exact masks and gratings.

`spoofs` makes attacks as they come, several traces at once; here each trace stands alone, so that a method can be asked
which one it saw, and where.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ConfigError, UnknownNameError
from vultus.research.data.world.degrade import _bytes, _spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]
    Wave = tuple[float, float]

KINDS = ("halftone", "moire", "paper", "grid", "gamut")
PARTS = ("whole", "eyes", "mouth", "half")
_NONE = (0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Spoofed:
    """Pictures with traces.

    Attributes:
        images: uint8 (N, H, W, 3).
        mask: what of them is false, (N, H, W).
        waves: cycles per pixel to the right and down of the strongest grating, float32 (N, 2); 0 without one.
    """

    images: Bytes
    mask: Mask
    waves: Floats


def spoof(
    images: Bytes, kind: str, rng: np.random.Generator, strength: float = 0.5, where: Mask | None = None
) -> Spoofed:
    """Put one kind of trace on pictures.

    Args:
        images: uint8 (N, H, W, 3).
        kind: halftone (dots of a printer), moire (two gratings that beat), paper (its edge, fibres and a shine), grid
            (pixels of a screen) or gamut (colours that ink cannot show).
        rng: what varies.
        strength: 0 leaves the pictures as they are, 1 is plain to see.
        where: of which pixels, (N, H, W); without, all.

    Raises:
        ConfigError: not pictures of bytes, or a strength outside 0 to 1.
        UnknownNameError: no such kind.
    """
    if kind not in KINDS:
        raise UnknownNameError("artefact", kind, KINDS, f"Known: {', '.join(KINDS)}")
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 3:
        raise ConfigError(f"artefacts take uint8 pictures (N, H, W, 3), not {images.dtype} {images.shape}")
    if not 0 <= strength <= 1:
        raise ConfigError(f"the strength of an artefact is 0 to 1, not {strength}")
    mask = np.ones(images.shape[:3], bool) if where is None else np.asarray(where, bool)
    out, waves = np.empty_like(images), np.zeros((len(images), 2), np.float32)
    for n, image in enumerate(images):
        changed, waves[n] = _KINDS[kind](image.astype(np.float32), strength, mask[n], rng)
        out[n] = _bytes(np.where(mask[n][..., None], changed, image))
    return Spoofed(out, mask, waves)


def region(part: str, landmarks: Floats, size: int, rng: np.random.Generator) -> Mask:
    """Where a partial attack lies.

    Args:
        part: whole, eyes (a band), mouth, or half (a side of the face, or what is above or below its middle).
        landmarks: right eye, left eye, nose, right and left mouth corner; (N, 5, 2) px.
        size: of the pictures.
        rng: how generously it is cut.

    Returns:
        (N, size, size).

    Raises:
        UnknownNameError: no such part.
    """
    if part not in PARTS:
        raise UnknownNameError("part", part, PARTS, f"Known: {', '.join(PARTS)}")
    y, x = np.mgrid[0:size, 0:size]
    masks = np.ones((len(landmarks), size, size), bool)
    for n, points in enumerate(np.asarray(landmarks, np.float64)):
        eyes, mouth = points[:2].mean(0), points[3:].mean(0)
        apart = max(float(np.hypot(*(points[1] - points[0]))), size / 16)
        loose = rng.uniform(0.9, 1.25)
        if part == "eyes":
            masks[n] = (abs(x - eyes[0]) < 1.05 * apart * loose) & (abs(y - eyes[1]) < 0.42 * apart * loose)
        elif part == "mouth":
            masks[n] = (abs(x - mouth[0]) < 0.72 * apart * loose) & (abs(y - mouth[1]) < 0.48 * apart * loose)
        elif part == "half":
            side = int(rng.integers(4))
            middle = points[2] + rng.normal(0, 0.06 * apart, 2)
            masks[n] = (x < middle[0], x >= middle[0], y < middle[1], y >= middle[1])[side]
    return masks


def _grating(shape: tuple[int, int], wave: Wave, rng: np.random.Generator) -> Floats:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    return np.asarray(np.cos(2 * np.pi * (x * wave[0] + y * wave[1] + rng.uniform())), np.float32)


def _turned(cycles: float, turn: float) -> Wave:
    return cycles * float(np.cos(turn)), cycles * float(np.sin(turn))


def _halftone(image: Floats, strength: float, mask: Mask, rng: np.random.Generator) -> tuple[Floats, Wave]:
    """Two crossed rows of dots, plainer where there is much ink."""
    cycles, turn = 1 / rng.uniform(2.7, 3.8), np.pi / 4 + rng.uniform(-0.2, 0.2)
    waves = _turned(cycles, turn), _turned(cycles, turn + np.pi / 2)
    dots = sum(_grating(image.shape[:2], wave, rng) for wave in waves)
    ink = 0.4 + 0.6 * (1 - image / 255)
    return np.asarray(image + 26 * strength * np.asarray(dots)[..., None] * ink, np.float32), waves[0]


def _moire(image: Floats, strength: float, mask: Mask, rng: np.random.Generator) -> tuple[Floats, Wave]:
    """Two gratings of nearly the same pitch, in two tints: they beat."""
    cycles, turn = 1 / rng.uniform(2.3, 3.4), rng.uniform(0, np.pi)
    waves = _turned(cycles, turn), _turned(cycles * rng.uniform(1.05, 1.15), turn + rng.uniform(0.05, 0.15))
    beat = sum(_grating(image.shape[:2], wave, rng)[..., None] * rng.dirichlet([3, 3, 3]) * 3 for wave in waves)
    return np.asarray(image + 17 * strength * np.asarray(beat), np.float32), waves[0]


def _paper(image: Floats, strength: float, mask: Mask, rng: np.random.Generator) -> tuple[Floats, Wave]:
    """Fibres, a band of shine across, and a bright edge where the sheet ends."""
    height, width = mask.shape
    y, x = np.mgrid[0:height, 0:width]
    turn = rng.uniform(0, np.pi)
    across = (x / width - rng.uniform(0.25, 0.75)) * np.cos(turn) + (y / height - rng.uniform(0.25, 0.75)) * np.sin(
        turn
    )
    shine = np.exp(-((across / 0.13) ** 2))
    fibre = _spread(rng.normal(size=mask.shape), (0.5, 1.2)) * 1.8
    inner = np.zeros(mask.shape, bool)
    inner[1:-1, 1:-1] = mask[1:-1, 1:-1] & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    changed = image + strength * (70 * shine + 16 * fibre + 60 * (mask & ~inner))[..., None]
    return np.asarray(changed, np.float32), _NONE


def _grid(image: Floats, strength: float, mask: Mask, rng: np.random.Generator) -> tuple[Floats, Wave]:
    """Upright stripes of red, green and blue a third of a pixel of the screen apart, and dark rows between pixels."""
    height, width = mask.shape
    y, x = np.mgrid[0:height, 0:width]
    pitch, start = rng.uniform(2.6, 3.6), rng.uniform()
    stripes = np.stack([np.cos(2 * np.pi * (x / pitch + start + c / 3)) for c in range(3)], -1)
    rows = np.cos(2 * np.pi * (y / pitch + rng.uniform()))[..., None]
    return np.asarray(image * (1 + strength * (0.16 * stripes + 0.1 * rows)), np.float32), (1 / pitch, 0.0)


def _gamut(image: Floats, strength: float, mask: Mask, rng: np.random.Generator) -> tuple[Floats, Wave]:
    """Less colour, less range, and steps where there was a ramp."""
    grey = image.mean(-1, keepdims=True)
    dull = grey + (image - grey) * (1 - 0.65 * strength)
    narrow = 128 + (dull - 128) * (1 - 0.35 * strength) + rng.uniform(-10, 10) * strength
    step = 1 + 22 * strength
    return np.asarray(np.round(narrow / step) * step, np.float32), _NONE


_KINDS = {"halftone": _halftone, "moire": _moire, "paper": _paper, "grid": _grid, "gamut": _gamut}
