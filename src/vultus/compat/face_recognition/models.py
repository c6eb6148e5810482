"""The networks behind `face_recognition`'s functions, without dlib: detectors, five landmarks, the 128 numbers.

Weights are the ones that package uses, rebuilt from its own files, so encodings of both can be compared. Its "hog"
detector is compiled into dlib and not to be had; MTCNN finds the faces instead, and they are drawn as squares where
dlib would have drawn them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.compat.once import once
from vultus.inference.align import warp
from vultus.inference.detectors.mmod import Mmod, MmodOptions
from vultus.inference.detectors.mtcnn import Finisher
from vultus.inference.embed import Embedder
from vultus.inference.engine import FaceEngine
from vultus.inference.landmarks import LandmarkModel
from vultus.inference.session import open_session
from vultus.weights.store import resolve
from vultus.weights.table import load_pack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.inference.detect import Float, Image

# Where dlib's squares lie, by the eyes' and the mouth's middle: side over (distance of the eyes + eyes to mouth), and
# how far the centre is on the way from eyes to mouth. Fitted by tools/measure_squares.py, results/compat_squares.json.
SQUARE_SIDE, SQUARE_CENTRE = 1.134, 0.442
# dlib's own jitter of a chip: turned by up to 3 degrees, moved by up to 2 % of its side, mirrored half of the time.
_TURN_DEG, _SHIFT = 3.0, 0.02
# What dlib's detector would find: its window is 80 px wide, and 99 % of what it finds MTCNN scores at 0.9 or more.
_WINDOW_PX, _SURE_SCORE = 80, 0.9


def squares_of(landmarks: Float) -> Float:
    """Where dlib would draw faces.

    Args:
        landmarks: as of `types.Face`, float32, (N, 5, 2) px.

    Returns:
        float32, (N, 4) px: left, top, right, bottom.
    """
    points = landmarks.astype(np.float64)
    eyes, mouth = points[:, :2].mean(axis=1), points[:, 3:].mean(axis=1)
    apart = np.linalg.norm(points[:, 0] - points[:, 1], axis=1)
    half = SQUARE_SIDE * (apart + np.linalg.norm(mouth - eyes, axis=1))[:, None] / 2
    centre = eyes + SQUARE_CENTRE * (mouth - eyes)
    return np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)


class Models:
    """All of them, loaded once; safe to share between threads."""

    def __init__(self) -> None:
        self._engine = FaceEngine("dlib", liveness=False)
        pack = load_pack("dlib-mmod")
        files = resolve(pack)
        self._sessions = open_session(files["mmod.onnx"]), open_session(files["onet.onnx"])
        self._shapes = LandmarkModel.load(files["landmarks5.npz"])
        self._embedder = Embedder(open_session(files[pack.embedder.file]), pack.embedder)
        self._template = np.array(pack.aligner.template, np.float64)
        self._size = pack.aligner.size

    def squares(self, image: Image, upsample: int) -> Float:
        """Faces of a picture as dlib's "hog" detector would draw them: float32, (N, 4) px, surest first."""
        faces = [face for face in self._engine.find(image, embed=False) if face.score >= _SURE_SCORE]
        faces.sort(key=lambda face: -face.score)
        if not faces:
            return np.zeros((0, 4), np.float32)
        boxes = squares_of(np.stack([face.landmarks for face in faces]))
        large: Float = boxes[boxes[:, 2] - boxes[:, 0] >= _WINDOW_PX / 2**upsample]
        return large

    def windows(self, images: list[Image], upsample: int) -> list[Float]:
        """Faces of each picture by dlib's CNN detector: float32, (N, 4) px, surest first."""
        mmod = Mmod(self._sessions[0], Finisher(self._sessions[1]), MmodOptions(upsample=upsample))
        return [boxes for boxes, _ in mmod.windows(images)]

    def landmarks(self, image: Image, boxes: Float) -> NDArray[np.float64]:
        """Five points in each box, as `inference.landmarks` gives them: float64, (N, 5, 2) px."""
        return self._shapes.place(image, boxes)

    def encode(self, image: Image, landmarks: NDArray[np.float64], jitters: int) -> NDArray[np.float64]:
        """dlib's descriptors, not made unit; with jitter, means over changed copies: float64, (N, 128)."""
        if not len(landmarks):
            return np.zeros((0, 128), np.float64)
        random = np.random.default_rng(0)  # the same answer for the same picture, unlike dlib's
        chips = [self._chip(image, points, random if jitters > 1 else None)
                 for points in landmarks for _ in range(max(jitters, 1))]  # fmt: skip
        found = self._embedder.descriptors(np.stack(chips)).astype(np.float64)
        means: NDArray[np.float64] = found.reshape(len(landmarks), -1, found.shape[1]).mean(axis=1)
        return means

    def _chip(self, image: Image, points: NDArray[np.float64], random: np.random.Generator | None) -> Image:
        if random is None:
            return warp(image, points, self._template, self._size)
        angle = np.deg2rad(random.uniform(-_TURN_DEG, _TURN_DEG))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        middle = self._size / 2
        moved = (self._template - middle) @ turn.T + middle + random.uniform(-_SHIFT, _SHIFT, 2) * self._size
        chip = warp(image, points, moved, self._size)
        return np.ascontiguousarray(chip[:, ::-1]) if random.random() < 0.5 else chip


@once
def models() -> Models:
    """The models, loaded at the first call.

    Raises:
        WeightsError: a model file is missing or damaged.
    """
    return Models()
