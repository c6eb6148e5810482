"""A writer of dlib's serialisation, as its documentation of `serialize()` tells, for files of any shape and damage."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def integer(value: int) -> bytes:
    size = max((abs(value).bit_length() + 7) // 8, 1)
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


def real(value: float) -> bytes:
    mantissa, exponent = math.frexp(value)
    return integer(int(mantissa * 2**24)) + integer(exponent - 24)


def text(value: str) -> bytes:
    return integer(len(value)) + value.encode("ascii")


def tensor(*shape: int, values: NDArray[np.float32] | None = None) -> bytes:
    values = np.zeros(shape, np.float32) if values is None else values
    return integer(2) + b"".join(integer(size) for size in shape) + values.astype("<f4").tobytes()


ALIAS = integer(1) + integer(0) * 4
NO_TENSOR = tensor(0, 0, 0, 0)
TAIL = b"100" + NO_TENSOR * 3  # what follows every layer: three flags and three caches


def matrix(values: NDArray[np.float64]) -> bytes:
    rows, columns = values.shape
    return integer(-rows) + integer(-columns) + b"".join(real(float(value)) for value in values.ravel())


def convolution(values: NDArray[np.float32], filters: int, rows: int = 1, columns: int = 1) -> bytes:
    sizes = b"".join(integer(size) for size in (filters, rows, columns, 2, 2, 0, 0))
    params = tensor(values.size, 1, 1, 1, values=values)
    return text("con_4") + params + sizes + ALIAS * 2 + real(1.0) * 4 + TAIL


def affine(values: NDArray[np.float32]) -> bytes:
    return text("affine_") + tensor(values.size, 1, 1, 1, values=values) + ALIAS * 2 + integer(0) + TAIL


def network(layers: list[bytes], loss: str = "loss_metric_2", source: str = "input_rgb_image_sized") -> bytes:
    out = integer(1) + text(loss) + real(0.04) + real(0.6)
    out += integer(1) * len(layers) + integer(3) + text(source) + real(122.5) + real(117.0) + real(104.0)
    out += integer(150) * 2
    for number, layer in enumerate(layers):
        out += layer + (integer(1) if number == 0 else b"")
    return out


def shape_model(
    points: int = 5, cascades: int = 2, trees: int = 3, nodes: int = 3, pixels: int = 4, ragged: bool = False
) -> bytes:
    rng = np.random.default_rng(0)
    out = integer(1) + matrix(rng.random((2 * points, 1))) + integer(cascades)
    for cascade in range(cascades):
        out += integer(trees)
        for tree in range(trees):
            count = nodes + (ragged and cascade == tree == 1)
            out += integer(count) + (integer(0) + integer(1) + real(0.5)) * count
            out += integer(nodes + 1) + b"".join(matrix(rng.random((2 * points, 1))) for _ in range(nodes + 1))
    out += integer(cascades) + (integer(pixels) + b"".join(integer(n % points) for n in range(pixels))) * cascades
    out += integer(cascades) + (integer(pixels) + (real(0.25) + real(-0.125)) * pixels) * cascades
    return out
