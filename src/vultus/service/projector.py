"""The process in which videos and streams of strangers are decoded: little memory, no rights, no secrets.

Started by `footage.py`, speaks over one socket: a request comes in, then one frame goes out each time one is asked for.
A film that crashes or hangs it costs that film alone. The address of a stream comes over the socket, so that no list
of processes shows its password.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import socket
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

LENGTH = struct.Struct("!I")
REPLY = struct.Struct("!BIIQd")  # kind, height and width or the length of a text, number of the frame, its time
FRAME, END, REFUSED, ABOUT = 0, 1, 2, 3
LONGEST_REASON = 500
MEMORY = 4 << 30  # of addresses: threads of a decoder take many without touching them
_NO_NEW_PRIVS, _DIE_WITH_PARENT, _DUMPABLE, _KILL = 38, 1, 4, 9


def main() -> None:
    """Read one source. Argument: file descriptor of the socket."""
    with socket.socket(fileno=int(sys.argv[1])) as line:
        _confine()
        (length,) = LENGTH.unpack(exactly(line, LENGTH.size))
        request = json.loads(exactly(line, length))
        from vultus.errors import VideoError

        try:
            _project(line, request)
        except VideoError as error:
            _tell(line, REFUSED, error.reason)
        except MemoryError:
            _tell(line, REFUSED, "it needs more memory than a video may take")
        except OSError:
            return  # the other side has hung up
        except Exception as error:  # a decoder may raise anything at hostile bytes
            _tell(line, REFUSED, f"it cannot be decoded ({type(error).__name__})")


def _project(line: socket.socket, request: dict[str, Any]) -> None:
    from vultus.inference.capture import describe

    source = _source(request)
    if isinstance(source, Path):
        info = describe(source)
        _tell(line, ABOUT, json.dumps({"duration_s": info.duration_s}))
    else:
        _tell(line, ABOUT, json.dumps({"duration_s": None}))
    for frame in _frames(source, request):
        height, width = frame.image.shape[:2]
        if line.recv(1) != b"n":
            return
        line.sendall(REPLY.pack(FRAME, height, width, frame.index, frame.time_s))
        line.sendall(memoryview(frame.image).cast("B"))
    line.recv(1)
    line.sendall(REPLY.pack(END, 0, 0, 0, 0.0))


def _frames(source: str | Path | int, request: dict[str, Any]) -> Iterator[Any]:
    from vultus.inference.video import frames

    return frames(
        source, fps=request["fps"], start_s=request["start_s"], end_s=request["end_s"],
        max_pixels=request["max_pixels"], reconnect=False,
    )  # fmt: skip


def _source(request: dict[str, Any]) -> str | Path | int:
    given: str = request["source"]
    return Path(given) if request["kind"] == "file" else int(given) if request["kind"] == "camera" else given


def _tell(line: socket.socket, kind: int, text: str) -> None:
    data = text.encode("utf-8", "replace")[:LONGEST_REASON]
    with contextlib.suppress(OSError):
        line.sendall(REPLY.pack(kind, 0, len(data), 0, 0.0) + data)


def exactly(line: socket.socket, length: int) -> bytes:
    """So many bytes.

    Raises:
        ConnectionError: the other side has hung up.
    """
    parts = bytearray()
    while len(parts) < length:
        part = line.recv(min(length - len(parts), 1 << 20))
        if not part:
            raise ConnectionError
        parts += part
    return bytes(parts)


def _confine() -> None:
    """Dies with the service, gains no rights, writes no file, leaves no core, and lets requests go first."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None)
            libc.prctl(_DIE_WITH_PARENT, _KILL)
            libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
            libc.prctl(_DUMPABLE, 0)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)
    with contextlib.suppress(ImportError):
        import resource

        for limit, value in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(limit, (value, value))
