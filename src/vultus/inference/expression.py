"""Faces to expressions: how a face looks, in seven words. It says nothing certain about what somebody feels."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import WeightsError
from vultus.inference.align import warp
from vultus.inference.session import open_session
from vultus.types import Expression
from vultus.weights.expression import expression_spec
from vultus.weights.shipped import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnxruntime
    from numpy.typing import NDArray

    from vultus.inference.detect import Float, Image
    from vultus.weights.expression import ExpressionSpec

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_BATCH = 64


class ExpressionReader:
    """The expression model over one onnxruntime session; safe to share between threads.

    Args:
        session: of the model.
        spec: what it expects.

    Raises:
        WeightsError: the model is not of that shape.
    """

    def __init__(self, session: onnxruntime.InferenceSession, spec: ExpressionSpec) -> None:
        given, made = session.get_inputs()[0], session.get_outputs()[0]
        if list(given.shape[1:]) != [1, spec.size, spec.size] or list(made.shape[1:]) != [len(spec.labels)]:
            raise WeightsError(
                f"the model {spec.name} must take (N, 1, {spec.size}, {spec.size}) and give (N, {len(spec.labels)}), "
                f"but takes {given.shape} and gives {made.shape}"
            )
        self._session, self._spec = session, spec
        self._input, self._output = given.name, made.name
        self._template = np.array(spec.template, np.float64)

    def crops(self, image: Image, landmarks: Float) -> NDArray[np.float32]:
        """What the model looks at.

        Args:
            image: RGB uint8, (H, W, 3).
            landmarks: as in `Face.landmarks`; float32, (N, 5, 2) px.

        Returns:
            Grey, 0 to 255; float32, (N, 1, S, S).
        """
        size = self._spec.size
        out = np.empty((len(landmarks), 1, size, size), np.float32)
        for crop, points in zip(out, landmarks, strict=True):
            crop[0] = warp(image, points, self._template, size) @ _LUMA
        return out

    def read(self, crops: NDArray[np.float32]) -> list[Expression]:
        """Scores of every word for each crop."""
        words = self._spec.labels
        found: list[Expression] = []
        for start in range(0, len(crops), _BATCH):
            scores = self._session.run([self._output], {self._input: crops[start : start + _BATCH]})[0]
            found += [Expression(dict(zip(words, row.tolist(), strict=True))) for row in scores]
        return found


class Expressions:
    """The model that comes with Vultus, opened when it is needed first.

    Args:
        device, threads: see `session.open_session`.
        licence_policy: "commercial" refuses the model.
    """

    def __init__(self, device: str, threads: int | None, licence_policy: str) -> None:
        self._device, self._threads, self._policy = device, threads, licence_policy
        self._reader: ExpressionReader | None = None
        self._lock = Lock()

    def read(self, images: Sequence[Image], landmarks: Sequence[Float]) -> list[Expression]:
        """What all faces show, in order.

        Args:
            images: RGB uint8, (H, W, 3) each.
            landmarks: of each picture's faces; float32, (N, 5, 2) px.

        Raises:
            LicenceError: the licence policy forbids the model.
            WeightsError: its file is damaged.
        """
        reader = self._opened()
        crops = [reader.crops(image, points) for image, points in zip(images, landmarks, strict=True)]
        return reader.read(np.concatenate(crops)) if crops else []

    def _opened(self) -> ExpressionReader:
        with self._lock:
            if self._reader is None:
                spec = expression_spec()
                model = open_session(checked(spec, self._policy), device=self._device, threads=self._threads)
                self._reader = ExpressionReader(model, spec)
            return self._reader
