"""dlib's CNN face detector: one score map over an image pyramid, an 80 x 80 window at each cell.

Source: D. King, "Max-Margin Object Detection", arXiv 1502.00046. Landmarks come from MTCNN's third network, so that
they are the same five points whatever detector a pack has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vultus.inference.detect import Detections, fit_scale, suppress
from vultus.inference.detectors.tiles import paint, pyramid, windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnxruntime
    from numpy.typing import NDArray

    from vultus.inference.detect import Float, Image
    from vultus.inference.detectors.mtcnn import Finisher

_OVERLAP = 0.33827613511099558  # from the weights file
_SMALLEST_SIDE_PX = 16  # no face of 80 px is in a smaller picture, and the network's kernels do not fit into one of 4


@dataclass(frozen=True, slots=True)
class MmodOptions:
    """Knobs of the detector.

    Attributes:
        margin: what the window's score must exceed; 0 is dlib's own.
        upsample: how often the picture is doubled first; faces below 80 px need 1, below 40 px need 2.
        max_side_px: larger pictures are scaled down to this longer side, before upsampling.
    """

    margin: float = 0.0
    upsample: int = 0
    max_side_px: int = 1600


class Mmod:
    """The detector over its onnxruntime session and the one that places landmarks."""

    def __init__(self, session: onnxruntime.InferenceSession, finisher: Finisher, options: MmodOptions) -> None:
        self._session, self._finisher, self._options = session, finisher, options

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Find the faces of each picture (RGB uint8, (H, W, 3), any sizes)."""
        found = self.windows(images)
        owner = np.repeat(np.arange(len(found)), [len(margins) for _, margins in found])
        squares = np.concatenate([np.zeros((0, 4), np.float32), *(boxes for boxes, _ in found)])
        _, _, landmarks = self._finisher.look(images, owner, squares)
        results, start = [], 0
        for boxes, margins in found:
            stop = start + len(boxes)
            results.append(Detections(boxes, _score(margins), landmarks[start:stop]))
            start = stop
        return results

    def windows(self, images: Sequence[Image]) -> list[tuple[Float, Float]]:
        """Boxes (N, 4) and raw margins (N,) of each picture, best first."""
        return [self._look(image) for image in images]

    def _look(self, image: Image) -> tuple[Float, Float]:
        height, width = image.shape[:2]
        scale = fit_scale(height, width, self._options.max_side_px) * 2**self._options.upsample
        if min(height, width) * scale < _SMALLEST_SIDE_PX:
            return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
        plan = pyramid(round(height * scale), round(width * scale))
        canvas = paint(_resize(image, (round(width * scale), round(height * scale))), plan)
        ((margin,),) = self._session.run(["score"], {"image": canvas[None]})
        row, column = np.nonzero(margin > self._options.margin)
        boxes, margins = (windows(plan, row, column) / scale).astype(np.float32), margin[row, column]
        keep = suppress(boxes, margins, _OVERLAP)
        return boxes[keep], margins[keep]


def _resize(image: Image, size: tuple[int, int]) -> Image:
    if (image.shape[1], image.shape[0]) == size:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _score(margins: Float) -> NDArray[np.float32]:
    """Margins, unbounded, as scores from 0 to 1: the logistic of four times the margin."""
    return (1 / (1 + np.exp(-4 * margins))).astype(np.float32)
