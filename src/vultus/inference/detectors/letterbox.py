"""Pictures of any size on canvases of few sizes, so that a network sees the same shapes again and again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vultus.errors import WeightsError
from vultus.inference.detect import Detections, fit_scale, suppress

Float = NDArray[np.float32]
Image = NDArray[np.uint8]

_STEP = 64  # canvas sides are multiples of this, which is a multiple of the coarsest stride


@dataclass(frozen=True, slots=True)
class GridOptions:
    """Knobs that detectors with a score per grid cell share.

    Attributes:
        score_threshold: faces below are dropped.
        nms_threshold: of two boxes that overlap more than this (intersection over union) the better one stays.
        side: larger pictures are scaled down to this longer side, px.
        top_k: most candidates looked at per picture.
        batch: most pictures per run, where the model leaves that free.
    """

    score_threshold: float
    nms_threshold: float
    side: int = 640
    top_k: int = 5000
    batch: int = 8


@dataclass(frozen=True, slots=True)
class InputShape:
    """What a network accepts.

    Attributes:
        batch: pictures per run, None when free.
        height, width: px, None when free.
    """

    batch: int | None
    height: int | None
    width: int | None

    @staticmethod
    def read(shape: Sequence[int | str | None], what: str) -> InputShape:
        """From the shape an ONNX input declares, (N, 3, H, W).

        Raises:
            WeightsError: the shape is another one.
        """
        if len(shape) != 4 or shape[1] != 3:
            raise WeightsError(f"{what} must take float32 (N, 3, H, W), but takes {list(shape)}")
        batch, height, width = (shape[axis] if isinstance(shape[axis], int) else None for axis in (0, 2, 3))
        return InputShape(batch, height, width)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """Pictures of one run.

    Attributes:
        owners: index of each picture among all.
        pixels: RGB uint8, (B, H, W, 3); each picture lies in the top left corner, the rest is black.
        scales: canvas pixels per picture pixel, at most 1.
    """

    owners: tuple[int, ...]
    pixels: Image
    scales: tuple[float, ...]


def canvases(images: Sequence[Image], shape: InputShape, side: int, batch: int) -> Iterator[Canvas]:
    """Put pictures on canvases, those of one canvas size together.

    Args:
        images: RGB uint8, (H, W, 3) each.
        shape: what the network accepts; free sizes become the smallest multiple of 64 that holds the picture.
        side: longest side of a picture on the canvas, px; larger pictures are scaled down, smaller ones left alone.
        batch: most pictures of one run, where the network leaves that free.
    """
    places: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
    for index, image in enumerate(images):
        high, wide = image.shape[:2]
        scale = fit_scale(high, wide, side)
        scale = min(scale, (shape.height or side) / high, (shape.width or side) / wide)
        size = (shape.height or _ceil(high * scale), shape.width or _ceil(wide * scale))
        places[size].append((index, scale))
    step = batch if shape.batch is None else 1
    for (height, width), members in places.items():
        for start in range(0, len(members), step):
            part = members[start : start + step]
            pixels = np.zeros((len(part), height, width, 3), np.uint8)
            for place, (index, scale) in zip(pixels, part, strict=True):
                _paste(place, images[index], scale)
            owners, scales = zip(*part, strict=True)
            yield Canvas(owners, pixels, scales)


def _ceil(length: float) -> int:
    return -(-max(round(length), 1) // _STEP) * _STEP


def _paste(canvas: Image, image: Image, scale: float) -> None:
    import cv2

    height = min(max(round(image.shape[0] * scale), 1), canvas.shape[0])
    width = min(max(round(image.shape[1] * scale), 1), canvas.shape[1])
    if scale != 1.0:
        image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    canvas[:height, :width] = image


def planes(pixels: Image, *, bgr: bool, mean: float = 0.0, scale: float = 1.0) -> Float:
    """Network input: `(pixel - mean) * scale` as contiguous float32, (B, 3, H, W)."""
    if bgr:
        pixels = pixels[..., ::-1]
    tensor = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), dtype=np.float32)
    if mean:
        tensor -= np.float32(mean)
    if scale != 1.0:
        tensor *= np.float32(scale)
    return tensor


def chosen(
    boxes: Float, scores: Float, landmarks: Float, *, scale: float, nms_threshold: float, top_k: int
) -> Detections:
    """Candidates above the threshold, in canvas pixels, made to detections of the picture."""
    if scores.size == 0:
        return Detections.none()
    best = np.argsort(-scores, kind="stable")[:top_k]
    found = Detections(
        np.ascontiguousarray(boxes[best] / np.float32(scale), np.float32),
        np.ascontiguousarray(np.clip(scores[best], 0.0, 1.0), np.float32),
        np.ascontiguousarray(landmarks[best] / np.float32(scale), np.float32),
    )
    return found.take(suppress(found.boxes, found.scores, nms_threshold))
