"""Cameras and places: what pictures of one source have in common, whoever is in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import UnknownNameError
from vultus.research.data.world.degrade import _bytes, _spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Domain:
    """A camera in a place.

    Attributes:
        white: gain of red, green and blue.
        gamma: of its curve.
        soft: blur of its lens, in heights of the picture.
        pattern: spread of its fixed pattern, of full scale; the same in all of its pictures.
        shot: spread of its noise, of full scale.
        corners: how much darker the corners are.
        shift: how far its second channel group (depth, infrared) lies beside the first, in heights of the picture.
    """

    white: tuple[float, float, float]
    gamma: float
    soft: float
    pattern: float
    shot: float
    corners: float
    shift: tuple[float, float]


DOMAINS = {
    "studio": Domain((1.0, 1.0, 1.0), 1.0, 0.0, 0.0, 0.004, 0.0, (0.0, 0.0)),
    "phone": Domain((1.04, 1.0, 0.97), 0.88, 0.002, 0.006, 0.012, 0.08, (0.01, 0.0)),
    "webcam": Domain((0.93, 1.0, 1.1), 1.12, 0.007, 0.012, 0.022, 0.16, (0.02, -0.01)),
    "street": Domain((1.1, 1.02, 0.84), 1.25, 0.005, 0.02, 0.035, 0.24, (-0.015, 0.02)),
}


def shift(images: Bytes, domain: str, rng: np.random.Generator) -> Bytes:
    """Pictures as a domain's camera would have taken them.

    Args:
        images: uint8 (N, H, W, 3) or (N, H, W).
        domain: of `DOMAINS`.
        rng: of the noise; the fixed pattern depends on the domain alone.

    Raises:
        UnknownNameError: no such domain.
    """
    if domain not in DOMAINS:
        raise UnknownNameError("domain", domain, DOMAINS, f"Known: {', '.join(DOMAINS)}")
    how = DOMAINS[domain]
    height, width = images.shape[1:3]
    y, x = np.mgrid[0:height, 0:width]
    away = np.hypot(x / width - 0.5, y / height - 0.5) / 0.707
    shade = (1 - how.corners * away**2)[..., None]
    fixed = np.random.default_rng([*domain.encode()]).normal(size=(height, width, 1)) * how.pattern
    colour = images.ndim == 4
    values: NDArray[Any] = (images if colour else images[..., None]) / 255.0
    white = np.array(how.white) if colour else np.ones(1)
    values = np.clip(values, 0, 1) ** how.gamma * white * shade
    if how.soft:
        sigma = how.soft * height
        values = _spread(values, (0, sigma, sigma, 0))
    values = values + fixed + how.shot * rng.normal(size=values.shape)
    return _bytes(values * 255) if colour else _bytes(values[..., 0] * 255)


def misaligned(channel: NDArray[np.generic], domain: str) -> NDArray[np.generic]:
    """Depth or infrared as far beside the colour picture as in this domain: (N, H, W), the same type.

    Raises:
        UnknownNameError: no such domain.
    """
    if domain not in DOMAINS:
        raise UnknownNameError("domain", domain, DOMAINS, f"Known: {', '.join(DOMAINS)}")
    height = channel.shape[1]
    right, down = (round(part * height) for part in DOMAINS[domain].shift)
    return np.roll(channel, (down, right), (1, 2))
