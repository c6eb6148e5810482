"""YuNet: a network of 75 thousand weights that gives boxes and five landmarks, for faces of about 10 to 300 px.

Source: Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 2023.
Input: BGR 0 to 255, (N, 3, H, W). Outputs, at strides 8, 16 and 32: `cls_*` and `obj_*` (N, cells, 1), `bbox_*`
(N, cells, 4) as shift of the centre and logarithm of the size, `kps_*` (N, cells, 10); all in cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vultus.errors import WeightsError
from vultus.inference.detect import Detections
from vultus.inference.detectors.letterbox import Float, GridOptions, Image, InputShape, canvases, chosen, planes

if TYPE_CHECKING:
    import onnxruntime

STRIDES = (8, 16, 32)
_OUTPUTS = tuple(f"{part}_{stride}" for stride in STRIDES for part in ("cls", "obj", "bbox", "kps"))


@dataclass(frozen=True, slots=True)
class YunetOptions(GridOptions):
    """Knobs of the detector, with its authors' limits."""

    score_threshold: float = 0.6
    nms_threshold: float = 0.3


class Yunet:
    """A YuNet export over one onnxruntime session; safe to share between threads.

    Args:
        session: of the model.
        options: knobs of the detector.

    Raises:
        WeightsError: the model does not look like YuNet.
    """

    def __init__(self, session: onnxruntime.InferenceSession, options: YunetOptions | None = None) -> None:
        missing = sorted(set(_OUTPUTS) - {output.name for output in session.get_outputs()})
        if missing:
            raise WeightsError(f"this is no YuNet model: it lacks the outputs {', '.join(missing)}")
        self._session, self._options = session, options or YunetOptions()
        self._input = session.get_inputs()[0].name
        self._shape = InputShape.read(session.get_inputs()[0].shape, "a YuNet model")

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Find the faces of each picture (RGB uint8, (H, W, 3), any sizes)."""
        found = [Detections.none()] * len(images)
        options = self._options
        for canvas in canvases(images, self._shape, options.side, options.batch):
            values = self._session.run(list(_OUTPUTS), {self._input: planes(canvas.pixels, bgr=True)})
            outputs = dict(zip(_OUTPUTS, values, strict=True))
            for place, (owner, scale) in enumerate(zip(canvas.owners, canvas.scales, strict=True)):
                candidates = self._decode(outputs, place, canvas.pixels.shape[2])
                found[owner] = chosen(
                    *candidates, scale=scale, nms_threshold=options.nms_threshold, top_k=options.top_k
                )
        return found

    def _decode(self, outputs: dict[str, Float], place: int, width: int) -> tuple[Float, Float, Float]:
        """Boxes (N, 4), scores (N,) and landmarks (N, 5, 2) of one picture, in canvas pixels."""
        parts = []
        for stride in STRIDES:
            cls, obj, bbox, kps = (outputs[f"{part}_{stride}"][place] for part in ("cls", "obj", "bbox", "kps"))
            scores = np.sqrt(np.clip(cls[:, 0], 0, 1) * np.clip(obj[:, 0], 0, 1))
            cells = np.flatnonzero(scores >= self._options.score_threshold)
            parts.append((*_cells(cells, bbox[cells], kps[cells], stride, width // stride), scores[cells]))
        boxes, landmarks, scores = (np.concatenate(part) for part in zip(*parts, strict=True))
        return boxes, scores, landmarks


def _cells(cells: NDArray[np.intp], bbox: Float, kps: Float, stride: int, columns: int) -> tuple[Float, Float]:
    """Boxes and landmarks of some cells of one stride, counted along the rows."""
    corner = np.stack([cells % columns, cells // columns], axis=1).astype(np.float32)
    centre = (corner + bbox[:, :2]) * stride
    half = np.exp(bbox[:, 2:]) * (stride / 2)
    landmarks = (corner[:, None] + kps.reshape(-1, 5, 2)) * stride
    return np.concatenate([centre - half, centre + half], axis=1), landmarks
