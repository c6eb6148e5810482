"""Reader of arrays from a joblib file (`.lz4`, as in the `mtcnn` package) that runs none of its pickle.

joblib writes a pickle stream in which each array is described by a small object and followed by one byte of padding
length, the padding, and the raw values. The opcodes are walked with `pickletools`, which executes nothing: only the
shape, the order and the type are picked up.
"""

from __future__ import annotations

import io
import math
import pickletools
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import WeightsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_BYTES = 64 << 20


def read_arrays(data: bytes) -> list[NDArray[np.float32]]:
    """All float32 arrays of a joblib file compressed with LZ4, in the order in which they were written.

    Raises:
        WeightsError: the file is damaged or holds anything but a list of float32 arrays in C order.
    """
    stream = io.BytesIO(_decompress(data))
    arrays: list[NDArray[np.float32]] = []
    shape: list[int] = []
    words: list[Any] = []
    memo: list[Any] = []
    last: Any = None
    before = ""
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name == "MEMOIZE":
                memo.append(last)
                continue
            last = memo[int(argument or 0)] if opcode.name in ("BINGET", "LONG_BINGET") else argument
            if last == "shape":
                shape, words = [], ["shape"]
            elif words == ["shape"] and isinstance(last, int):
                shape.append(last)
            elif words and isinstance(last, str):
                words.append(last)
            elif opcode.name == "BUILD" and before == "SETITEMS":
                arrays.append(_values(stream, shape, words))
                words = []
            before = opcode.name
    except (ValueError, IndexError) as error:
        raise WeightsError(f"not a joblib file of arrays: {error}") from error
    if not arrays:
        raise WeightsError("not a joblib file of arrays: it holds none")
    return arrays


def _decompress(data: bytes) -> bytes:
    import lz4.frame

    try:
        with lz4.frame.open(io.BytesIO(data)) as file:
            raw: bytes = file.read(_MAX_BYTES + 1)
    except (RuntimeError, EOFError, OSError) as error:
        raise WeightsError(f"not an LZ4 file: {error}") from error
    if len(raw) > _MAX_BYTES:
        raise WeightsError(f"the LZ4 file holds more than {_MAX_BYTES} bytes")
    return raw


def _values(stream: io.BytesIO, shape: list[int], words: list[Any]) -> NDArray[np.float32]:
    if "C" not in words:
        raise WeightsError("joblib file has an array that is not in C order")
    size = 4 * math.prod(shape)
    padding = stream.read(1)
    stream.seek(padding[0] if padding else 0, io.SEEK_CUR)
    raw = stream.read(size)
    if len(raw) < size:
        raise WeightsError(f"joblib file ends early: {size} bytes wanted, {len(raw)} there")
    return np.frombuffer(raw, "<f4").astype(np.float32).reshape(shape)
