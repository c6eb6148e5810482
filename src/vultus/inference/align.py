"""Faces turned upright and cropped, the way the embedder was trained on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from vultus.errors import ShapeError, UnknownNameError
from vultus.inference.landmarks import LandmarkModel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.inference.detect import Float, Image
    from vultus.weights.manifest import AlignerSpec

KINDS = ("similarity", "dlib5")


def similarity(points: NDArray[np.floating], template: NDArray[np.floating]) -> NDArray[np.float64]:
    """Rotation, uniform scale and shift that bring points to a template.

    The error is least in the picture, not in the crop: this is how dlib cuts its chips.

    Args:
        points: in the picture, (L, 2) px.
        template: where they go in the crop, (L, 2) px.

    Returns:
        Affine matrix from picture to crop, float64, (2, 3).
    Source: Umeyama, "Least-squares estimation of transformation parameters", PAMI 1991; in the plane it is closed-form.
    """
    start, goal = np.asarray(template, np.float64), np.asarray(points, np.float64)
    middle, target = start.mean(axis=0), goal.mean(axis=0)
    start, goal = start - middle, goal - target
    size = max(float((start**2).sum()), 1e-9)
    cosine = float((start * goal).sum()) / size
    sine = float((start[:, 0] * goal[:, 1] - start[:, 1] * goal[:, 0]).sum()) / size
    square = max(cosine**2 + sine**2, 1e-9)
    inverse = np.array([[cosine, sine], [-sine, cosine]]) / square
    return np.column_stack([inverse, middle - inverse @ target])


def warp(image: Image, landmarks: NDArray[np.floating], template: NDArray[np.floating], size: int) -> Image:
    """Turn a face upright and crop it; what lies outside the picture is black.

    Args:
        image: RGB, uint8, (H, W, 3).
        landmarks: points in pixels, (L, 2).
        template: where they go in the crop, (L, 2) px.
        size: side of the square result, pixels.

    Returns:
        RGB, uint8, (size, size, 3).

    Raises:
        ShapeError: landmarks and template are not (L, 2) of one length.
    """
    landmarks, template = np.asarray(landmarks), np.asarray(template)
    if landmarks.shape != template.shape or landmarks.ndim != 2 or landmarks.shape[1] != 2:
        raise ShapeError("landmarks", f"(L, 2) like the template {template.shape}", str(landmarks.shape))
    matrix = similarity(landmarks, template)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.5:  # a large face: average pixels before sampling, or detail turns into noise
        image, matrix = _reduce(image, landmarks, matrix, scale)
    return np.asarray(cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR), np.uint8)


def _reduce(
    image: Image, landmarks: NDArray[np.floating], matrix: NDArray[np.float64], scale: float
) -> tuple[Image, NDArray[np.float64]]:
    """Cut the surroundings of a large face and shrink them to the size of the crop."""
    centre, reach = landmarks.mean(axis=0), np.ptp(landmarks, axis=0).max() * 3
    low = np.clip(np.floor(centre - reach), 0, (image.shape[1], image.shape[0])).astype(int)
    high = np.clip(np.ceil(centre + reach), 0, (image.shape[1], image.shape[0])).astype(int)
    part = image[low[1] : high[1], low[0] : high[0]]
    if part.size == 0:
        return image, matrix
    size = np.maximum(np.round((high - low) * scale), 1).astype(int)
    small = np.asarray(cv2.resize(part, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA), np.uint8)
    step = (high - low) / size
    # pixel centres: x in the picture is (x_small + 0.5) * step - 0.5 + low
    back = np.column_stack([np.diag(step), low + 0.5 * step - 0.5])
    return small, matrix @ np.vstack([back, [0, 0, 1]])


class Aligner:
    """Cuts the crops that the embedder looks at.

    Args:
        spec: template, size and views.
        model: places dlib's five points; None takes the detector's landmarks.
    """

    def __init__(self, spec: AlignerSpec, model: LandmarkModel | None = None) -> None:
        middle = spec.size / 2
        template = np.array(spec.template, np.float64)
        self._views = [((template - middle) * view.zoom + middle, view.mirror) for view in spec.views]
        self._size, self._model = spec.size, model

    def crops(self, image: Image, boxes: Float, landmarks: Float) -> Image:
        """Crops of the faces of one picture.

        Args:
            image: RGB uint8, (H, W, 3).
            boxes: float32, (N, 4) px.
            landmarks: the detector's, float32, (N, 5, 2) px.

        Returns:
            RGB uint8, (N, views, size, size, 3).
        """
        out = np.empty((len(boxes), len(self._views), self._size, self._size, 3), np.uint8)
        placed = landmarks if self._model is None else self._model.place(image, boxes)
        for face, points in zip(out, placed, strict=True):
            for crop, (template, mirror) in zip(face, self._views, strict=True):
                upright = warp(image, points, template, self._size)
                crop[:] = cv2.flip(upright, 1) if mirror else upright
        return out


def build_aligner(spec: AlignerSpec, files: Mapping[str, Path]) -> Aligner:
    """Make the aligner of a pack.

    Raises:
        UnknownNameError: no such kind.
        WeightsError: its landmark file is missing or damaged.
    """
    if spec.kind not in KINDS:
        raise UnknownNameError("aligner", spec.kind, KINDS, f"Known: {', '.join(KINDS)}")
    return Aligner(spec, LandmarkModel.load(files[spec.files[0]]) if spec.kind == "dlib5" else None)
