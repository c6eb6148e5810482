"""The public-domain portrait of scikit-image, and pictures made of it."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

# Marked by hand on a five-fold enlargement: hairline to chin, pupils, tip of the nose, corners of the mouth
FACE_XYXY = (181, 65, 268, 178)
POINTS = ((202, 101), (245, 103), (224, 128), (203, 140), (245, 140))


@cache
def portrait() -> Image:
    """512 x 512 with one large face, slightly turned."""
    from skimage.data import astronaut

    return np.ascontiguousarray(astronaut()[..., :3])


def head() -> Image:
    """300 x 300 around the head; the face is where it was, 90 pixels further left."""
    return np.ascontiguousarray(portrait()[:300, 90:390])


def scaled(image: Image, factor: float) -> Image:
    return np.ascontiguousarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))


def turned(image: Image, angle_deg: float) -> Image:
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
    return np.ascontiguousarray(cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REFLECT))


def empty(height: int = 240, width: int = 320) -> Image:
    """A smooth slope with a little noise: nobody there."""
    slope = np.linspace(40, 200, width)[None, :, None] + np.zeros((height, 1, 3))
    return (slope + np.random.default_rng(0).normal(0, 3, slope.shape)).clip(0, 255).astype(np.uint8)
