"""SCRFD: a detector with landmarks whose two anchors per cell carry distances to the sides of the box.

Source: Guo, Deng, Lattas, Zafeiriou, "Sample and Computation Redistribution for Efficient Face Detection", ICLR 2022.
Input: RGB, (pixel - 127.5) / 128, (N, 3, H, W). Nine outputs, at strides 8, 16 and 32: scores (cells * 2, 1), boxes
(cells * 2, 4) as left, top, right, bottom distance in cells, landmarks (cells * 2, 10); exports with a batch axis in
front of these are run in batches. Exports name outputs by numbers, so they are told apart by shape: width tells the
kind, and the finer the stride the longer the output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vultus.errors import WeightsError
from vultus.inference.detect import Detections
from vultus.inference.detectors.letterbox import Float, GridOptions, Image, InputShape, canvases, chosen, planes

if TYPE_CHECKING:
    import onnxruntime

STRIDES = (8, 16, 32)
ANCHORS = 2
_WIDTHS = (1, 4, 10)


@dataclass(frozen=True, slots=True)
class ScrfdOptions(GridOptions):
    """Knobs of the detector, with its authors' limits."""

    score_threshold: float = 0.5
    nms_threshold: float = 0.4


class Scrfd:
    """A SCRFD export with landmarks over one onnxruntime session; safe to share between threads.

    Args:
        session: of the model.
        options: knobs of the detector.

    Raises:
        WeightsError: the model does not look like SCRFD with landmarks.
    """

    def __init__(self, session: onnxruntime.InferenceSession, options: ScrfdOptions | None = None) -> None:
        shapes = [output.shape for output in session.get_outputs()]
        ranks = {len(shape) for shape in shapes}
        if len(shapes) != len(_WIDTHS) * len(STRIDES) or len(ranks) != 1 or not ranks <= {2, 3}:
            raise WeightsError(
                f"this is no SCRFD model with landmarks: it has {len(shapes)} outputs of {sorted(ranks)} axes, "
                "expected 9 of 2, or of 3 with a batch"
            )
        shape = InputShape.read(session.get_inputs()[0].shape, "a SCRFD model")
        self._session, self._options = session, options or ScrfdOptions()
        self._input = session.get_inputs()[0].name
        self._shape = shape if ranks == {3} else replace(shape, batch=1)

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Find the faces of each picture (RGB uint8, (H, W, 3), any sizes)."""
        found = [Detections.none()] * len(images)
        options = self._options
        for canvas in canvases(images, self._shape, options.side, options.batch):
            tensor = planes(canvas.pixels, bgr=False, mean=127.5, scale=1 / 128)
            outputs = self._session.run(None, {self._input: tensor})
            size = (canvas.pixels.shape[1], canvas.pixels.shape[2])
            levels = _levels([value if value.ndim == 3 else value[None] for value in outputs], size)
            for place, (owner, scale) in enumerate(zip(canvas.owners, canvas.scales, strict=True)):
                candidates = self._decode(levels, place, size[1])
                found[owner] = chosen(
                    *candidates, scale=scale, nms_threshold=options.nms_threshold, top_k=options.top_k
                )
        return found

    def _decode(self, levels: list[tuple[Float, Float, Float]], place: int, width: int) -> tuple[Float, Float, Float]:
        """Boxes (N, 4), scores (N,) and landmarks (N, 5, 2) of one picture, in canvas pixels."""
        parts = []
        for stride, (scores, boxes, points) in zip(STRIDES, levels, strict=True):
            score = scores[place, :, 0]
            rows = np.flatnonzero(score >= self._options.score_threshold)
            parts.append((*_rows(rows, boxes[place, rows], points[place, rows], stride, width // stride), score[rows]))
        boxes, landmarks, score = (np.concatenate(part) for part in zip(*parts, strict=True))
        return boxes, score, landmarks


def _levels(outputs: list[Float], size: tuple[int, int]) -> list[tuple[Float, Float, Float]]:
    """Scores, boxes and landmarks of each stride, (B, cells * 2, 1 | 4 | 10)."""
    by_shape = {output.shape[1:]: output for output in outputs}
    levels = []
    for stride in STRIDES:
        rows = (size[0] // stride) * (size[1] // stride) * ANCHORS
        if any((rows, width) not in by_shape for width in _WIDTHS):
            raise WeightsError(
                f"this is no SCRFD model with landmarks: at stride {stride} outputs of {rows} rows and 1, 4 and 10 "
                f"columns were expected, but its outputs are {sorted(by_shape)}"
            )
        scores, boxes, points = (by_shape[rows, width] for width in _WIDTHS)
        levels.append((scores, boxes, points))
    return levels


def _rows(rows: NDArray[np.intp], distances: Float, points: Float, stride: int, columns: int) -> tuple[Float, Float]:
    """Boxes and landmarks of some anchors of one stride; the two of a cell follow each other."""
    cell = rows // ANCHORS
    centre = np.stack([cell % columns, cell // columns], axis=1).astype(np.float32) * stride
    boxes = np.concatenate([centre - distances[:, :2] * stride, centre + distances[:, 2:] * stride], axis=1)
    return boxes, centre[:, None] + points.reshape(-1, 5, 2) * stride
