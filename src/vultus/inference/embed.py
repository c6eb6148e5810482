"""Crops to unit vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ShapeError, WeightsError

if TYPE_CHECKING:
    import onnxruntime

    from vultus.inference.detect import Float, Image
    from vultus.weights.manifest import EmbedderSpec

BATCH = 32  # crops per run: beyond it only memory grows


class Embedder:
    """The embedding network of a pack over one onnxruntime session; safe to share between threads.

    Args:
        session: of the model; one picture input, one vector output.
        spec: what it expects.

    Raises:
        WeightsError: its output has another dimension than the manifest says.
    """

    def __init__(self, session: onnxruntime.InferenceSession, spec: EmbedderSpec) -> None:
        self._session, self._spec = session, spec
        source = session.get_inputs()[0]
        self._input, self._raw = source.name, source.type == "tensor(uint8)"
        self._output = session.get_outputs()[0].name
        self._fixed = source.shape[0] if isinstance(source.shape[0], int) else None
        dimension = session.get_outputs()[0].shape[-1]
        if isinstance(dimension, int):
            self._check(dimension)

    def embed(self, crops: Image) -> Float:
        """Embed one crop per face.

        Args:
            crops: RGB uint8, (B, S, S, 3).

        Returns:
            float32, (B, D), rows of unit length.

        Raises:
            ShapeError: crops have another shape.
        """
        return self.embed_views(crops[:, None] if crops.ndim == 4 else crops)

    def embed_views(self, crops: Image) -> Float:
        """Embed several crops per face into one vector each: the network's outputs are added, then made unit.

        Args:
            crops: RGB uint8, (B, V, S, S, 3).

        Returns:
            float32, (B, D), rows of unit length.

        Raises:
            ShapeError: crops have another shape.
        """
        size = self._spec.size
        if crops.ndim != 5 or crops.shape[2:] != (size, size, 3) or crops.dtype != np.uint8:
            raise ShapeError("crops", f"uint8 (B, V, {size}, {size}, 3)", f"{crops.dtype} {crops.shape}")
        faces, views = crops.shape[:2]
        flat = crops.reshape(-1, size, size, 3)
        total = self.descriptors(flat)
        if self._spec.flip:
            total = total + self.descriptors(flat[:, :, ::-1])
        vectors = _unit(total.reshape(faces, views, self._spec.dimension).sum(axis=1))
        if self._spec.centre is not None:
            vectors = _unit(vectors - np.array(self._spec.centre, np.float32))
        return vectors

    def descriptors(self, crops: Image) -> Float:
        """What the network itself gives, neither averaged nor normalised: float32, (B, D).

        Args:
            crops: RGB uint8, (B, S, S, 3).

        Raises:
            WeightsError: it gives another dimension than the manifest says.
        """
        out = np.empty((len(crops), self._spec.dimension), np.float32)
        step = self._fixed or BATCH
        for start in range(0, len(crops), step):
            part = crops[start : start + step]
            count = len(part)
            if self._fixed and count < step:
                part = np.concatenate([part, np.repeat(part[-1:], step - count, axis=0)])
            (values,) = self._session.run([self._output], {self._input: self._prepare(part)})
            rows = values.reshape(len(part), -1)
            self._check(rows.shape[1])  # a model may leave its dimension open
            out[start : start + count] = rows[:count]
        return out

    def _check(self, dimension: int) -> None:
        name, wanted = self._spec.file, self._spec.dimension
        if dimension != wanted:
            raise WeightsError(f"the embedder {name} gives {dimension} numbers, the manifest says {wanted}")

    def _prepare(self, crops: Image) -> Image | Float:
        spec = self._spec
        pixels = crops[..., ::-1] if spec.colour == "BGR" else crops
        if self._raw:
            return np.ascontiguousarray(pixels if spec.layout == "NHWC" else pixels.transpose(0, 3, 1, 2))
        tensor = (pixels - np.array(spec.mean, np.float32)) * np.float32(spec.scale)
        if spec.layout == "NCHW":
            tensor = tensor.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(tensor, np.float32)


def _unit(vectors: Float) -> Float:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9), np.float32)
