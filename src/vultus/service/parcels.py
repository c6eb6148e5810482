"""Pictures and faces as bytes on a socket, equal to the last bit on the other side; no pickle."""

from __future__ import annotations

import json
import socket
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.types import Box, Embedding, Expression, Face, Liveness, Quality

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Image = NDArray[np.uint8]

_BATCH = struct.Struct("!?I")  # whether to embed, number of pictures
_SIDES = struct.Struct("!II")  # height, width
_LENGTH = struct.Struct("!Q")
_PLACE = 4 + 10  # numbers of a box and of five points


def send_pictures(line: socket.socket, pictures: Sequence[Image], *, embed: bool) -> None:
    """Pictures, RGB, uint8, (H, W, 3), and whether their faces are to be embedded.

    Raises:
        OSError: the other side has hung up.
    """
    line.sendall(_BATCH.pack(embed, len(pictures)))
    for picture in pictures:
        line.sendall(_SIDES.pack(*picture.shape[:2]))
        line.sendall(np.ascontiguousarray(picture).reshape(-1).data)


def take_pictures(line: socket.socket) -> tuple[list[Image], bool]:
    """The same on the other side.

    Raises:
        OSError: the other side has hung up.
    """
    embed, count = _BATCH.unpack(_exactly(line, _BATCH.size))
    pictures = []
    for _ in range(count):
        picture = np.empty((*_SIDES.unpack(_exactly(line, _SIDES.size)), 3), np.uint8)
        _fill(line, picture.reshape(-1).data)
        pictures.append(picture)
    return pictures, embed


def send_faces(line: socket.socket, found: Sequence[Sequence[Face]]) -> None:
    """The faces of pictures.

    Raises:
        OSError: the other side has hung up.
    """
    send_values(line, [[_values(face) for face in faces] for faces in found])
    numbers = [part for faces in found for face in faces for part in _numbers(face)]
    line.sendall(np.concatenate([np.zeros(0, np.float32), *numbers]).data)


def take_faces(line: socket.socket, contract: str) -> list[list[Face]]:
    """The same on the other side.

    Args:
        line: the socket.
        contract: of the embeddings.

    Raises:
        OSError: the other side has hung up.
    """
    told = take_values(line)
    lengths = [_PLACE + values["D"] for faces in told for values in faces]
    numbers = np.empty(sum(lengths), np.float32)
    _fill(line, numbers.view(np.uint8).data)
    parts = iter(np.split(numbers, np.cumsum(lengths[:-1]))) if lengths else iter(())
    return [[_face(values, next(parts), contract) for values in faces] for faces in told]


def send_values(line: socket.socket, values: Any) -> None:
    """JSON values.

    Raises:
        OSError: the other side has hung up.
    """
    text = json.dumps(values, default=float).encode()
    line.sendall(_LENGTH.pack(len(text)) + text)


def take_values(line: socket.socket) -> Any:
    """The same on the other side.

    Raises:
        OSError: the other side has hung up.
    """
    return json.loads(_exactly(line, *_LENGTH.unpack(_exactly(line, _LENGTH.size))))


def _values(face: Face) -> dict[str, Any]:
    quality, life = face.quality, face.liveness
    return {
        "D": 0 if face.embedding is None else len(face.embedding.vector), "score": face.score,
        "quality": (quality.score, quality.reasons, dict(quality.measures)),
        "liveness": life and (life.live_score, life.threshold, life.reason, life.operating_point),
        "expression": face.expression and dict(face.expression.scores),
    }  # fmt: skip


def _numbers(face: Face) -> list[NDArray[np.float32]]:
    place = [face.box.xyxy, face.landmarks.reshape(-1)]
    return place if face.embedding is None else [*place, face.embedding.vector]


def _face(values: dict[str, Any], numbers: NDArray[np.float32], contract: str) -> Face:
    score, reasons, measures = values["quality"]
    return Face(
        Box(numbers[:4]), numbers[4:_PLACE].reshape(5, 2), values["score"], Quality(score, tuple(reasons), measures),
        Embedding(numbers[_PLACE:], contract) if values["D"] else None,
        values["liveness"] and Liveness(*values["liveness"]), values["expression"] and Expression(values["expression"]),
    )  # fmt: skip


def _exactly(line: socket.socket, length: int) -> bytearray:
    found = bytearray(length)
    _fill(line, memoryview(found))
    return found


def _fill(line: socket.socket, into: memoryview) -> None:
    place = 0
    while place < len(into):
        count = line.recv_into(into[place:], 0, socket.MSG_WAITALL)
        if not count:
            raise ConnectionResetError("the other side has hung up")
        place += count
