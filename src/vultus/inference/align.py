"""Faces turned upright and cropped, the way the embedder was trained on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from vultus.errors import ShapeError, UnknownNameError, WeightsError
from vultus.inference.landmarks import LandmarkModel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.inference.detect import Float, Image
    from vultus.weights.manifest import AlignerSpec

KINDS = ("similarity", "similarity+dlib5")


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


class Aligner(Protocol):
    """Cuts the crops that the embedder looks at: `views` of them per face."""

    views: int

    def crops(self, image: Image, boxes: Float, landmarks: Float) -> Image:
        """Crops of the faces of one picture: RGB uint8, (N, views, size, size, 3)."""
        ...


class SimilarityAligner:
    """One crop per face, by the detector's landmarks."""

    views = 1

    def __init__(self, spec: AlignerSpec) -> None:
        self._template, self._size = np.array(spec.template, np.float64), spec.size

    def crops(self, image: Image, boxes: Float, landmarks: Float) -> Image:
        """Crops of the faces of one picture: RGB uint8, (N, 1, size, size, 3)."""
        out = np.empty((len(boxes), 1, self._size, self._size, 3), np.uint8)
        for index, points in enumerate(landmarks):
            out[index, 0] = warp(image, points, self._template, self._size)
        return out


class TwoViewAligner:
    """Two crops per face: by the detector's landmarks, and by dlib's five-point model, mirrored.

    Two landmark models err independently, and a mirrored face is a second look at the same person: the mean of the
    two vectors is steadier than either.
    """

    views = 2

    def __init__(self, spec: AlignerSpec, model: LandmarkModel) -> None:
        self._first = SimilarityAligner(spec)
        if spec.template_dlib5 is None:
            raise WeightsError("aligner similarity+dlib5 needs template_dlib5, five points in pixels of the crop")
        self._template, self._size = np.array(spec.template_dlib5, np.float64), spec.size
        self._model, self._box_scale = model, spec.box_scale

    def crops(self, image: Image, boxes: Float, landmarks: Float) -> Image:
        """Crops of the faces of one picture: RGB uint8, (N, 2, size, size, 3)."""
        first = self._first.crops(image, boxes, landmarks)
        second = np.empty_like(first)
        for index, points in enumerate(self._model.place(image, dlib_boxes(boxes, self._box_scale))):
            second[index, 0] = warp(image, points, self._template, self._size)[:, ::-1]
        return np.concatenate([first, second], axis=1)


def dlib_boxes(boxes: Float, scale: float) -> Float:
    """Squares as dlib's detectors draw them, from boxes of another convention; float32, (N, 4)."""
    size = np.maximum(boxes[:, 2:] - boxes[:, :2], 1)
    half = scale / 2 * np.sqrt(size[:, :1] * size[:, 1:])
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)


def build_aligner(spec: AlignerSpec, files: Mapping[str, Path]) -> Aligner:
    """Make the aligner of a pack.

    Raises:
        UnknownNameError: no such kind.
        WeightsError: its landmark file is missing or damaged.
    """
    if spec.kind == "similarity":
        return SimilarityAligner(spec)
    if spec.kind != "similarity+dlib5":
        raise UnknownNameError("aligner", spec.kind, KINDS, f"Known: {', '.join(KINDS)}")
    if len(spec.files) != 1:
        raise WeightsError("aligner similarity+dlib5 takes one file, dlib's five-point landmark model")
    return TwoViewAligner(spec, LandmarkModel.load(files[spec.files[0]]))
