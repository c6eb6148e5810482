"""The process in which pictures of strangers are read: no keys, no files, no network, little memory, little time.

Started by `decode.py`, speaks over one socket. A picture that crashes or hangs it costs that picture alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import sys
from typing import Any

HEAD = struct.Struct("!QQ")  # bytes of the picture, pixels it may have
REPLY = struct.Struct("!BII")  # kind, then height and width, or the length of a reason
OK, REFUSED = 0, 1
LONGEST_REASON = 500
MEMORY = 256 * 1024 * 1024  # besides what a picture of the largest size takes
BYTES_PER_PIXEL = 16  # what decoders take at most, measured
_DUMPABLE, _NO_NEW_PRIVS, _DIE_WITH_PARENT, _KILL = 4, 38, 1, 9


def main() -> None:
    """Read pictures until the socket is closed. Arguments: file descriptor, largest number of pixels, seconds each."""
    descriptor, max_pixels, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    with socket.socket(fileno=descriptor) as line:
        _alone()
        from vultus.errors import VultusError
        from vultus.inference.image import read

        _warm(read)
        _confine(max_pixels)
        while head := _exactly(line, HEAD.size):
            length, pixels = HEAD.unpack(head)
            data = _exactly(line, length)
            _limit_time(seconds)
            try:
                picture = read(data, max_pixels=min(pixels, max_pixels))
            except VultusError as error:
                _refuse(line, getattr(error, "reason", str(error)))
            except MemoryError:
                _refuse(line, "it needs more memory than a picture may take")
            except Exception as error:  # a decoder may raise anything at hostile bytes
                _refuse(line, f"it cannot be decoded ({type(error).__name__})")
            else:
                line.sendall(REPLY.pack(OK, picture.shape[0], picture.shape[1]))
                line.sendall(picture.data)
                del picture
            del data


def _refuse(line: socket.socket, reason: str) -> None:
    text = reason.encode("utf-8", "replace")[:LONGEST_REASON]
    line.sendall(REPLY.pack(REFUSED, 0, len(text)) + text)


def _exactly(line: socket.socket, length: int) -> bytes:
    """So many bytes; nothing where the other side has hung up."""
    parts, missing = [], length
    while missing:
        part = line.recv(min(missing, 1 << 20))
        if not part:
            return b""
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _alone() -> None:
    """One thread per library, dies with the service, gains no rights, leaves no core."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None)
            libc.prctl(_DIE_WITH_PARENT, _KILL)
            libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
            libc.prctl(_DUMPABLE, 0)
    import cv2

    cv2.setNumThreads(1)


def _warm(read: Any) -> None:
    """Decode one picture of each kind of code path, so that nothing has to be opened later."""
    import cv2
    import numpy as np

    for kind in (".png", ".jpg", ".webp", ".bmp", ".tiff"):
        with contextlib.suppress(Exception):
            read(cv2.imencode(kind, np.zeros((8, 8, 3), np.uint8))[1].tobytes())
    with contextlib.suppress(Exception):
        read(b"no picture")


def _confine(max_pixels: int) -> None:
    """From here on: no file or socket can be opened, nothing written, no process started, little memory taken."""
    try:
        import resource
    except ImportError:  # Windows has none of it; the time limit of the parent still holds
        return
    memory = _mapped() + MEMORY + BYTES_PER_PIXEL * max_pixels
    limits = ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0),
              (resource.RLIMIT_NOFILE, 0), (resource.RLIMIT_NPROC, 0))  # fmt: skip
    for limit, value in limits:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (value, value))


def _limit_time(seconds: float) -> None:
    """The next picture may take so many seconds of the processor, whatever else runs."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime + seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _mapped() -> int:
    """Address space in use now, bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
