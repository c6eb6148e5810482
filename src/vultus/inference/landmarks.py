"""Five landmarks by an ensemble of regression trees: dlib's model, run on arrays.

Source: Kazemi and Sullivan, "One Millisecond Face Alignment with an Ensemble of Regression Trees", CVPR 2014. The
points are both corners of both eyes and the base of the nose; all faces of a picture go down the trees together.
Single precision and the order of sums are dlib's, so that no comparison of two pixels falls the other way.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from numpy.typing import NDArray

    from vultus.inference.detect import Float, Image


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkModel:
    """The trees; shapes as in `weights.dlib_dat.ShapeModel`."""

    mean_shape: NDArray[np.float32]
    anchors: NDArray[np.int64]
    deltas: NDArray[np.float32]
    splits: NDArray[np.int64]
    limits: NDArray[np.float32]
    leaves: NDArray[np.float32]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the `.npz` that `weights.rebuild.dlib_landmarks5` made.

        Raises:
            WeightsError: the file is damaged or another one.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
                return cls(*(data[name] for name in cls.__slots__))
        except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise WeightsError(f"{path} is no five-point landmark model: {error}") from error

    def place(self, image: Image, boxes: Float) -> NDArray[np.float64]:
        """Landmarks of each face of a picture.

        Args:
            image: RGB uint8, (H, W, 3).
            boxes: squares as dlib's detectors draw them; float32, (N, 4) px.

        Returns:
            float64, (N, 5, 2) px: left eye outer and inner, right eye outer and inner corner, base of the nose (the
            subject's left).
        """
        origin = np.round(boxes[:, :2].astype(np.float64))[:, None]
        size = np.round(boxes[:, 2:].astype(np.float64))[:, None] - origin
        shape = np.repeat(self.mean_shape[None], len(boxes), axis=0)
        trees = np.arange(self.splits.shape[1])
        for stage in range(len(self.anchors)):
            points = self._probes(shape, stage)
            values = _grey(image, points * size + origin)
            first, second = self.splits[stage, ..., 0], self.splits[stage, ..., 1]
            node = np.zeros((len(boxes), len(trees)), np.int64)
            while node[0, 0] < self.splits.shape[2] if len(node) else False:
                difference = np.take_along_axis(values, first[trees, node], 1)
                difference = difference - np.take_along_axis(values, second[trees, node], 1)
                node = 2 * node + np.where(difference > self.limits[stage][trees, node], 1, 2)
            steps = self.leaves[stage][trees, node - self.splits.shape[2]]
            shape = np.add.accumulate(np.concatenate([shape[:, None], steps], axis=1), axis=1)[:, -1]
        return shape * size + origin

    def _probes(self, shape: Float, stage: int) -> Float:
        """Where to look at pixels, relative to the boxes, (N, P, 2)."""
        turn = _rotation(self.mean_shape, shape).astype(np.float32)[:, None]
        right, down = self.deltas[stage, :, :1], self.deltas[stage, :, 1:]
        return turn[..., 0] * right + turn[..., 1] * down + shape[:, self.anchors[stage]]


def _rotation(mean: Float, shapes: Float) -> NDArray[np.float64]:
    """Rotation and scale from the mean shape to each shape, (N, 2, 2)."""
    start = mean.astype(np.float64) - mean.mean(axis=0, dtype=np.float64)
    goal = shapes - shapes.mean(axis=1, keepdims=True, dtype=np.float64)
    size = (start**2).sum()
    cosine = (start * goal).sum(axis=(1, 2)) / size
    sine = (start[:, 0] * goal[..., 1] - start[:, 1] * goal[..., 0]).sum(axis=1) / size
    return np.stack([np.stack([cosine, -sine], -1), np.stack([sine, cosine], -1)], 1)


def _grey(image: Image, points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Mean of the three colours at the pixels nearest to points (N, P, 2); 0 outside the picture."""
    height, width = image.shape[:2]
    place = np.floor(points + 0.5)
    inside = (place >= 0).all(axis=-1) & (place[..., 0] < width) & (place[..., 1] < height)
    column = np.clip(place[..., 0], 0, width - 1).astype(np.int64)
    row = np.clip(place[..., 1], 0, height - 1).astype(np.int64)
    values: NDArray[np.int64] = image[row, column].sum(axis=-1, dtype=np.int64) // 3 * inside
    return values
