"""Writer of small ONNX graphs, so that the core needs neither the `onnx` package nor a compiler.

ONNX files are protocol buffers (https://onnx.ai/onnx/repo-docs/IR.html); the wire format is a list of (field number,
type, value). Only what our networks use is here: float and integer tensors, node attributes, typed inputs and outputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Attribute = int | float | str | Sequence[int] | Sequence[float]

OPSET = 17
IR_VERSION = 8
_TYPES = {
    np.dtype(np.float32): 1, np.dtype(np.uint8): 2, np.dtype(np.int8): 3, np.dtype(np.int32): 6, np.dtype(np.int64): 7
}  # fmt: skip


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(tag: int, value: int) -> bytes:
    return _varint(tag << 3) + _varint(value)


def _bytes(tag: int, value: bytes) -> bytes:
    return _varint(tag << 3 | 2) + _varint(len(value)) + value


def _text(tag: int, value: str) -> bytes:
    return _bytes(tag, value.encode())


def _real(tag: int, value: float) -> bytes:
    return _varint(tag << 3 | 5) + np.float32(value).tobytes()


def _tensor(name: str, array: NDArray[np.generic]) -> bytes:
    dims = b"".join(_number(1, size) for size in array.shape)
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    return dims + _number(2, _TYPES[array.dtype]) + _text(8, name) + _bytes(9, little.tobytes())


def _value_info(name: str, dtype: type, shape: Sequence[int | str]) -> bytes:
    dims = b"".join(_bytes(1, _number(1, s) if isinstance(s, int) else _text(2, s)) for s in shape)
    tensor_type = _number(1, _TYPES[np.dtype(dtype)]) + _bytes(2, dims)
    return _text(1, name) + _bytes(2, _bytes(1, tensor_type))


def _attribute(name: str, value: Attribute) -> bytes:
    head = _text(1, name)
    if isinstance(value, int):
        return head + _number(3, value) + _number(20, 2)
    if isinstance(value, float):
        return head + _real(2, value) + _number(20, 1)
    if isinstance(value, str):
        return head + _text(4, value) + _number(20, 3)
    if all(isinstance(item, int) for item in value):
        return head + b"".join(_number(8, int(item)) for item in value) + _number(20, 7)
    return head + b"".join(_real(7, item) for item in value) + _number(20, 6)


@dataclass(slots=True)
class Graph:
    """A graph under construction; `node` returns the name of its output, to feed the next one.

    Example:
        >>> graph = Graph("double")
        >>> x = graph.input("x", np.float32, ("N", 2))
        >>> graph.output(graph.node("Mul", x, graph.constant(np.float32([2]))), np.float32, ("N", 2), "y")
        >>> data = graph.save()
    """

    name: str
    _nodes: list[bytes] = field(default_factory=list)
    _constants: list[bytes] = field(default_factory=list)
    _inputs: list[bytes] = field(default_factory=list)
    _outputs: list[bytes] = field(default_factory=list)

    def input(self, name: str, dtype: type, shape: Sequence[int | str]) -> str:
        """Declare an input; a text in the shape stands for a free size."""
        self._inputs.append(_bytes(11, _value_info(name, dtype, shape)))
        return name

    def constant(self, array: NDArray[np.generic]) -> str:
        """Store an array of float32, uint8, int8, int32 or int64."""
        name = f"c{len(self._constants)}"
        self._constants.append(_bytes(5, _tensor(name, np.asarray(array))))
        return name

    def outside(self, name: str, dtype: type, shape: Sequence[int]) -> str:
        """Declare a constant that is handed over when the graph is opened; it must be, nothing is stored here."""
        dims = b"".join(_number(1, size) for size in shape)
        place = _bytes(13, _text(1, "location") + _text(2, name)) + _number(14, 1)
        self._constants.append(_bytes(5, dims + _number(2, _TYPES[np.dtype(dtype)]) + _text(8, name) + place))
        return name

    def node(self, op: str, *inputs: str, name: str | None = None, **attributes: Attribute) -> str:
        """Add an operator of the default ONNX domain."""
        return self.nodes(op, *inputs, outputs=(name or f"t{len(self._nodes)}",), **attributes)[0]

    def nodes(self, op: str, *inputs: str, outputs: Sequence[str], **attributes: Attribute) -> tuple[str, ...]:
        """Add an operator with several outputs."""
        body = b"".join(_text(1, item) for item in inputs) + b"".join(_text(2, item) for item in outputs)
        body += _text(4, op) + b"".join(_bytes(5, _attribute(key, value)) for key, value in attributes.items())
        self._nodes.append(_bytes(1, body))
        return tuple(outputs)

    def output(self, value: str, dtype: type, shape: Sequence[int | str], name: str) -> None:
        """Declare an output; a value that has this name already costs no copy."""
        if value != name:
            self._nodes.append(_bytes(1, _text(1, value) + _text(2, name) + _text(4, "Identity")))
        self._outputs.append(_bytes(12, _value_info(name, dtype, shape)))

    def save(self) -> bytes:
        """The model file."""
        graph = b"".join((*self._nodes, _text(2, self.name), *self._constants, *self._inputs, *self._outputs))
        opset = _bytes(8, _text(1, "") + _number(2, OPSET))
        return _number(1, IR_VERSION) + _text(2, "vultus") + _bytes(7, graph) + opset
