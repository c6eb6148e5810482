"""Presentation attack detection: is this a face, or a picture of one?

The models are classifiers of one crop around the face box (MiniFASNet and its kin, Silent-Face-Anti-Spoofing). One
frame tells little: what such a score is worth depends on camera, light and kind of attack, so a pack carries with the
threshold what it was chosen for (ISO/IEC 30107-3: APCER and BPCER at that point), or says that nobody measured it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from vultus.errors import ConfigError, UnknownNameError, WeightsError
from vultus.inference.session import open_session
from vultus.types import Liveness
from vultus.weights.liveness import rendered_model
from vultus.weights.shipped import checked

if TYPE_CHECKING:
    import onnxruntime

    from vultus.weights.manifest import LivenessSpec, Pack

Float = NDArray[np.float32]
Image = NDArray[np.uint8]

PRESENTATION_ATTACK = "presentation_attack"
RENDERED = "rendered"
Wanted = bool | Literal["rendered"] | None
_BATCH = 32


class LivenessDetector:
    """A pack's liveness model over one onnxruntime session; safe to share between threads.

    Args:
        session: of the model; input float32 (N, 3, S, S), output logits or probabilities (N, K).
        spec: what it expects.

    Raises:
        WeightsError: the model is not of that shape.
    """

    def __init__(self, session: onnxruntime.InferenceSession, spec: LivenessSpec) -> None:
        inputs, outputs = session.get_inputs(), session.get_outputs()
        shape = list(inputs[0].shape)
        fits = len(inputs) == 1 and len(shape) == 4 and shape[1] == 3
        fits = fits and all(not isinstance(side, int) or side == spec.size for side in shape[2:])
        if not fits:
            raise WeightsError(
                f"the liveness model {spec.file} must take float32 (N, 3, {spec.size}, {spec.size}), but takes {shape}"
            )
        classes = outputs[0].shape
        if len(classes) != 2 or (isinstance(classes[1], int) and spec.live_index >= classes[1]):
            raise WeightsError(
                f"the liveness model {spec.file} must give (N, K) with K above {spec.live_index}, but gives {classes}"
            )
        self._session, self._spec = session, spec
        self._input, self._output = inputs[0].name, outputs[0].name
        self._batch = shape[0] if isinstance(shape[0], int) else _BATCH

    def assess(self, image: Image, boxes: Float) -> list[Liveness]:
        """Judge each face of a picture.

        Args:
            image: RGB uint8, (H, W, 3).
            boxes: left, top, right, bottom; float32, (N, 4) px.
        """
        crops = [crop(image, box, self._spec.crop_scale, self._spec.size, self._spec.crop) for box in boxes]
        return [self._answer(score) for score in self._scores(crops)]

    def _scores(self, crops: Sequence[Image]) -> list[float]:
        """Share of the live class, 0 to 1, per crop."""
        scores: list[float] = []
        for start in range(0, len(crops), self._batch):
            part = list(crops[start : start + self._batch])
            filled = part + part[-1:] * (self._batch - len(part)) if self._batch != _BATCH else part
            pixels = np.stack(filled)
            if self._spec.colour == "BGR":
                pixels = pixels[..., ::-1]
            tensor = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), np.float32) * np.float32(self._spec.scale)
            output = self._session.run([self._output], {self._input: tensor})[0][: len(part)]
            scores += _share(output, self._spec.live_index).tolist()
        return scores

    def _answer(self, score: float) -> Liveness:
        spec = self._spec
        reason = "" if score >= spec.threshold else PRESENTATION_ATTACK
        return Liveness(score, spec.threshold, reason, spec.operating_point)


def chosen(
    pack: Pack, wanted: Wanted, open_file: Callable[[str], onnxruntime.InferenceSession], *, device: str,
    threads: int | None, licence_policy: str,
) -> LivenessDetector | None:  # fmt: skip
    """The detector an engine was asked for.

    Args:
        pack: of the engine.
        wanted: False for none; True for the pack's; None for the pack's where it has one; "rendered" for the one that
            comes with Vultus and has seen rendered attacks only.
        open_file: opens a file of the pack.
        device, threads: see `session.open_session`.
        licence_policy: see `weights.shipped.checked`.

    Raises:
        ConfigError: the pack has none, but must.
        UnknownNameError: another word is wanted.
        WeightsError: the model that comes with Vultus is damaged.
    """
    if isinstance(wanted, str):
        if wanted != RENDERED:
            raise UnknownNameError("liveness", wanted, (RENDERED,), "Known: True, False, None, 'rendered'")
        own = rendered_model()
        model = open_session(checked(own, licence_policy), device=device, threads=threads)
        return LivenessDetector(model, own.spec)
    if wanted is False or (wanted is None and pack.liveness is None):
        return None
    if pack.liveness is None:
        raise ConfigError(
            f"pack {pack.name} has no liveness model; leave liveness out, or add one to its manifest (or take "
            "liveness='rendered', which was trained on rendered attacks only)"
        )
    return LivenessDetector(open_file(pack.liveness.file), pack.liveness)


def _share(output: NDArray[np.float32], live_index: int) -> NDArray[np.float64]:
    """Softmax over the classes, unless the rows are probabilities already."""
    values = output.astype(np.float64)
    if not ((values >= 0).all() and np.allclose(values.sum(1), 1.0, atol=1e-3)):
        values = np.exp(values - values.max(1, keepdims=True))
        values /= values.sum(1, keepdims=True)
    share: NDArray[np.float64] = values[:, live_index]
    return share


def crop(image: Image, box: Float, scale: float, size: int, shape: str) -> Image:
    """Cut a face out with its surroundings.

    Args:
        image: RGB uint8, (H, W, 3).
        box: left, top, right, bottom, px.
        scale: side of the cut over the side of the box.
        size: side of the result, px.
        shape: "square" cuts a square of the longer side and pads with black; "box" keeps the shape of the box, is
            moved inside the picture and made smaller where the picture ends (as Silent-Face-Anti-Spoofing does).

    Returns:
        RGB uint8, (size, size, 3).
    """
    import cv2

    height, width = image.shape[:2]
    sides = np.maximum(np.asarray([box[2] - box[0], box[3] - box[1]], np.float64), 1.0)
    middle = np.asarray([box[0] + box[2], box[1] + box[3]], np.float64) / 2
    if shape == "square":
        sides = np.full(2, sides.max() * scale)
        start = middle - sides / 2
    else:
        limits = np.asarray([width, height], np.float64)
        sides = sides * min(scale, *(limits / sides))
        start = np.clip(middle - sides / 2, 0, np.maximum(limits - sides, 0))
    left, top = (int(value) for value in np.floor(start))
    right, bottom = (int(value) for value in np.maximum(np.rint(start + sides), [left + 1, top + 1]))
    cut = np.zeros((bottom - top, right - left, 3), np.uint8)
    inside = image[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    down, across = max(-top, 0), max(-left, 0)
    cut[down : down + inside.shape[0], across : across + inside.shape[1]] = inside
    # Bilinear without smoothing, because that is how these models were trained.
    return np.asarray(cv2.resize(cut, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)
