"""What weather and cameras do to pictures, in three steps each; `calibrate` measures what a step costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float32]

SEVERITIES = (1, 2, 3)
# What each step does, per kind; how much that costs is measured in results/world_calibration.json.
STEPS: dict[str, tuple[float, float, float]] = {
    "rain": (0.25, 0.6, 1.4),  # streaks per hundred pixels, as a share
    "fog": (0.18, 0.4, 0.85),  # optical thickness at the face
    "snow": (0.04, 0.12, 0.35),  # flakes, as a share
    "blur": (0.008, 0.015, 0.03),  # spread, in heights of the picture
    "motion": (0.04, 0.08, 0.15),  # path, in heights of the picture
    "noise": (0.03, 0.06, 0.12),  # spread, of full scale
    "jpeg": (35, 15, 6),  # quality
    "small": (0.5, 0.33, 0.2),  # size it was shrunk to
    "dark": (0.45, 0.22, 0.1),  # light that is left
}
KINDS = tuple(STEPS)


def apply(images: Bytes, kind: str, severity: int, rng: np.random.Generator) -> Bytes:
    """Degrade pictures, each in its own way.

    Args:
        images: uint8 (N, H, W, 3).
        kind: of `KINDS`.
        severity: 1 can be seen, 3 hurts.
        rng: where drops fall and what is noise.

    Raises:
        ConfigError: not pictures of bytes, or a severity that is none.
        UnknownNameError: no such kind.
    """
    if kind not in STEPS:
        raise UnknownNameError("degradation", kind, KINDS, f"Known: {', '.join(KINDS)}")
    if severity not in SEVERITIES:
        raise ConfigError(f"a degradation has severity 1, 2 or 3, not {severity}")
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 3:
        raise ConfigError(f"degradations take uint8 pictures (N, H, W, 3), not {images.dtype} {images.shape}")
    much = STEPS[kind][severity - 1]
    return np.stack([_KINDS[kind](image, much, rng) for image in images]) if len(images) else images.copy()


def _bytes(values: NDArray[np.floating]) -> Bytes:
    return np.asarray(np.clip(values + 0.5, 0, 255), np.uint8)


def _spread(image: NDArray[Any], sigma: float | tuple[float, ...]) -> Floats:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(np.asarray(image, np.float32), sigma, mode="nearest"), np.float32)


def _line(length: float, turn: float) -> Floats:
    """A kernel that smears along a line; its sum is 1."""
    side = 2 * int(np.ceil(length / 2)) + 1
    kernel = np.zeros((side, side), np.float32)
    for step in np.linspace(-length / 2, length / 2, 4 * side):
        kernel[round(side // 2 + step * np.cos(turn)), round(side // 2 + step * np.sin(turn))] += 1
    return np.asarray(kernel / kernel.sum(), np.float32)


def _smeared(layer: NDArray[Any], kernel: Floats) -> Floats:
    from scipy.ndimage import convolve

    return np.asarray(convolve(np.asarray(layer, np.float32), kernel, mode="nearest"), np.float32)


def _rain(image: Bytes, much: float, rng: np.random.Generator) -> Bytes:
    height, width = image.shape[:2]
    drops = (rng.uniform(size=(height, width)) < 0.012 * much).astype(np.float32) * rng.uniform(0.4, 1, (height, width))
    streaks = _smeared(drops, _line(height * rng.uniform(0.1, 0.16), rng.normal(0, 0.15)))
    streaks = np.clip(streaks * height * 0.09, 0, 1)[..., None]
    return _bytes((image * (1 - 0.12 * much)) * (1 - 0.75 * streaks) + 225 * 0.75 * streaks + 10 * much)


def _fog(image: Bytes, much: float, rng: np.random.Generator) -> Bytes:
    height, width = image.shape[:2]
    cloud = _spread(rng.normal(size=(height, width)), height / 6)
    cloud = cloud / (np.abs(cloud).max() + 1e-9)
    left = np.exp(-much * (1 + 0.35 * cloud))[..., None]
    return _bytes(image * left + rng.uniform(185, 225) * (1 - left))


def _snow(image: Bytes, much: float, rng: np.random.Generator) -> Bytes:
    height, width = image.shape[:2]
    layer = np.zeros((height, width), np.float32)
    for scale, share in ((0.008, 0.012), (0.016, 0.004), (0.03, 0.0012)):
        flakes = (rng.uniform(size=(height, width)) < share * much).astype(np.float32)
        soft = _spread(flakes, max(height * scale, 0.4))
        peak = 1 / (2 * np.pi * max(height * scale, 0.4) ** 2)  # of a single flake
        layer = np.maximum(layer, np.clip(soft / peak, 0, 1) * rng.uniform(0.7, 1))
    layer = _smeared(layer, _line(max(height * 0.02, 1), rng.normal(0, 0.4)))[..., None]
    return _bytes(image * (1 - layer) + 245 * layer + 6 * much)


def _blur(image: Bytes, much: float, rng: np.random.Generator) -> Bytes:
    sigma = much * image.shape[0] * rng.uniform(0.85, 1.15)
    return _bytes(_spread(image, (sigma, sigma, 0)))


def _motion(image: Bytes, much: float, rng: np.random.Generator) -> Bytes:
    kernel = _line(max(much * image.shape[0], 2), rng.uniform(0, np.pi))
    return _bytes(np.stack([_smeared(image[..., c], kernel) for c in range(3)], -1))


def _noise(image: Bytes, much: float, rng: np.random.Generator) -> Bytes:
    light = image / 255.0
    shot = rng.normal(size=image.shape) * np.sqrt(0.3 + light)
    return _bytes((light + much * shot) * 255)


def _jpeg(image: Bytes, much: float, rng: np.random.Generator) -> Bytes:
    import cv2

    _, code = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(much)])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])


def _small(image: Bytes, much: float, rng: np.random.Generator) -> Bytes:
    import cv2

    height, width = image.shape[:2]
    tiny = cv2.resize(image, (max(int(width * much), 4), max(int(height * much), 4)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(tiny, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _dark(image: Bytes, much: float, rng: np.random.Generator) -> Bytes:
    light = (image / 255.0) ** 2.2 * much
    light = np.clip(light + rng.normal(size=image.shape) * 0.018 * np.sqrt(light + 0.02), 0, 1)
    return _bytes(light ** (1 / 2.2) * 255)


_KINDS = {"rain": _rain, "fog": _fog, "snow": _snow, "blur": _blur, "motion": _motion, "noise": _noise, "jpeg": _jpeg,
          "small": _small, "dark": _dark}  # fmt: skip
