"""dlib's CNN face detector: one score map over an image pyramid, an 80 x 80 window at each cell.

Source: D. King, "Max-Margin Object Detection", arXiv 1502.00046. Landmarks come from MTCNN's third network, so that
they are the same five points whatever detector a pack has.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vultus.inference.detect import Detections, fit_scale, suppress

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnxruntime
    from numpy.typing import NDArray

    from vultus.inference.detect import Float, Image
    from vultus.inference.detectors.mtcnn import Finisher

_WINDOW = 80  # px
_STRIDE, _OFFSET = 8, 14  # cell (r, c) looks at the pixel (8 c + 14, 8 r + 14)
_BORDER = 11  # black frame around each level, as dlib puts between its tiles
_OVERLAP = 0.33827613511099558  # from the weights file
_RATIO = 5 / 6  # dlib's pyramid_down<6>


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
        owner = np.concatenate([np.full(len(boxes), index) for index, (boxes, _) in enumerate(found)] or [[]])
        squares = np.concatenate([boxes for boxes, _ in found] or [np.zeros((0, 4), np.float32)])
        _, _, landmarks = self._finisher.look(images, owner.astype(np.intp), squares)
        results, start = [], 0
        for boxes, margins in found:
            stop = start + len(boxes)
            results.append(Detections(boxes, _score(margins), landmarks[start:stop]))
            start = stop
        return results

    def windows(self, images: Sequence[Image]) -> list[tuple[Float, Float]]:
        """Boxes (N, 4) and raw margins (N,) of each picture, best first."""
        parts: list[list[tuple[Float, Float]]] = [[] for _ in images]
        groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for index, image in enumerate(images):
            groups[image.shape[:2]].append(index)
        for shape, members in groups.items():
            scale = fit_scale(*shape[:2], self._options.max_side_px) * 2**self._options.upsample
            levels = [images[index] for index in members]
            while min(shape) * scale >= _WINDOW / 2:
                size = (round(shape[1] * scale), round(shape[0] * scale))
                levels = [_resize(level, size) for level in levels]
                for index, part in zip(members, self._level(np.stack(levels), scale), strict=True):
                    parts[index].append(part)
                scale *= _RATIO
        return [_best(part) for part in parts]

    def _level(self, stack: Image, scale: float) -> list[tuple[Float, Float]]:
        frame = ((0, 0), (_BORDER, _BORDER), (_BORDER, _BORDER), (0, 0))
        (margins,) = self._session.run(["score"], {"image": np.pad(stack, frame)})
        found = []
        for margin in margins:
            row, column = np.nonzero(margin > self._options.margin)
            centre = np.stack([column, row], axis=1) * _STRIDE + (_OFFSET - _BORDER + 0.5)
            boxes = np.concatenate([centre - _WINDOW / 2, centre + _WINDOW / 2], axis=1) / scale
            found.append((boxes.astype(np.float32), margin[row, column]))
        return found


def _resize(image: Image, size: tuple[int, int]) -> Image:
    if (image.shape[1], image.shape[0]) == size:
        return image
    out: Image = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    return out


def _best(parts: Sequence[tuple[Float, Float]]) -> tuple[Float, Float]:
    if not parts:
        return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
    boxes = np.concatenate([part[0] for part in parts])
    margins = np.concatenate([part[1] for part in parts])
    keep = suppress(boxes, margins, _OVERLAP)
    return boxes[keep], margins[keep]


def _score(margins: Float) -> NDArray[np.float32]:
    """Margins, unbounded, as scores from 0 to 1: the logistic of four times the margin."""
    return (1 / (1 + np.exp(-4 * margins))).astype(np.float32)
