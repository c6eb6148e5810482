"""Pictures of strangers are read in processes of their own; see `sandbox.py` for what these may not do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.gallery.photo import Photo
from vultus.service.envelope import ServiceError
from vultus.service.limits import retry_after
from vultus.service.sandbox import HEAD, LONGEST_REASON, OK, REPLY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.service.settings import Settings

_START_S = 60.0
_RECYCLE = 5_000  # pictures after which a process is replaced: codecs leak
_WAITING = 256  # pictures that may wait for a process
_ENVIRONMENT = {
    "PATH": os.defpath, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}  # fmt: skip
_START = "from vultus.service.sandbox import main; main()"


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture as it came.

    Attributes:
        index: its place in the request, from 0.
        filename: as the caller calls it; for people, never a path.
        data: the bytes of the file.
    """

    index: int
    filename: str
    data: bytes


class Decoder:
    """A few such processes, each replaced when it dies.

    Args:
        settings: number of processes, and what a picture may take.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._plain = settings.decode == "none"
        count = 0 if self._plain else settings.decoders
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        self._processes = [_Process(settings.max_pixels, settings.decode_s) for _ in range(count)]
        for process in self._processes:
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(max(count, 1), thread_name_prefix="vultus-decode")
        self._lock, self._waiting = threading.Lock(), 0
        for _ in range(count):
            self._threads.submit(self._warm)

    async def read(self, upload: Upload) -> Photo:
        """The pixels of a picture.

        Raises:
            ServiceError: it cannot be read, is too large, or too many are waiting.
        """
        most = self._settings.max_bytes
        if len(upload.data) > most:
            raise ServiceError("too_large", f"a picture may have {most:,} bytes", limit_bytes=most, index=upload.index)
        if self._plain:
            return Photo.of(np.frombuffer(upload.data, np.uint8).reshape(1, -1), upload.data, upload.filename)
        with self._lock:
            if self._waiting >= _WAITING:
                raise ServiceError("busy", "too many pictures are waiting to be read", headers=retry_after(1))
            self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            pixels = await loop.run_in_executor(self._threads, self._decode, upload)
        finally:
            with self._lock:
                self._waiting -= 1
        return Photo.of(pixels, upload.data, upload.filename)

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for process in self._processes:
            process.stop()  # whatever was being started meanwhile

    def _warm(self) -> None:
        process = self._idle.get()
        process.start()
        self._idle.put(process)

    def _decode(self, upload: Upload) -> NDArray[np.uint8]:
        process = self._idle.get()
        try:
            found = process.decode(upload.data)
        finally:
            self._idle.put(process)
        if isinstance(found, str):
            raise ServiceError(
                "unreadable_picture", f"the picture cannot be read: {found}",
                index=upload.index, filename=upload.filename, reason=found,
            )  # fmt: skip
        return found


class _Process:
    """One process; used by one thread at a time."""

    def __init__(self, max_pixels: int, seconds: float) -> None:
        self._max_pixels, self._seconds = max_pixels, seconds
        self._done = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._stopped = False

    def decode(self, data: bytes) -> NDArray[np.uint8] | str:
        """Pixels, or why there are none."""
        if self._child is None or self._child.poll() is not None or self._done >= _RECYCLE:
            self.start()
        line, self._done = self._line, self._done + 1
        if line is None:
            return "the service is being stopped"
        until = time.monotonic() + self._seconds + 1
        try:
            # What was sent while it starts up waits in the socket; the first picture pays for the start.
            line.settimeout(_START_S if self._done == 1 else self._seconds + 1)
            line.sendall(HEAD.pack(len(data), self._max_pixels))
            line.sendall(data)
            return self._answer(line, until if self._done > 1 else time.monotonic() + _START_S)
        except TimeoutError:
            self._end()
            return f"it took more than {self._seconds:g} seconds to decode"
        except OSError:
            self._end()
            return "it brought its decoder down"

    def stop(self) -> None:
        """End it for good."""
        self._stopped = True
        child = self._child
        if child is not None:
            child.kill()  # whoever waits for its answer goes on
        self._end()

    def _answer(self, line: socket.socket, until: float) -> NDArray[np.uint8] | str:
        kind, height, width = REPLY.unpack(_take(line, bytearray(REPLY.size), until))
        if kind != OK:
            # Nothing that it says is believed further than this: it may be somebody else's by now.
            text = _take(line, bytearray(min(width, LONGEST_REASON)), until).decode("utf-8", "replace")
            return "".join(letter for letter in text if letter.isprintable())
        if not 0 < height * width <= self._max_pixels:
            raise ConnectionError
        pixels = np.empty((height, width, 3), np.uint8)
        _take(line, pixels.reshape(-1).data, until)
        return pixels

    def start(self) -> None:
        """Begin anew; it needs a moment until it answers."""
        self._end()
        if self._stopped:
            return
        ours, theirs = socket.socketpair()
        with theirs:
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-c", _START, str(theirs.fileno()), str(self._max_pixels), str(self._seconds)],
                env=_ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),), cwd="/", start_new_session=True,
            )  # fmt: skip
        self._line, self._done = ours, 0

    def _end(self) -> None:
        line, self._line = self._line, None
        child, self._child = self._child, None
        if line is not None:
            line.close()
        if child is not None:
            with contextlib.suppress(OSError):
                child.kill()
            child.wait()


def _take(line: socket.socket, into: bytearray | memoryview, until: float) -> bytes:
    """Fill a buffer from the line before a moment."""
    view, place = memoryview(into), 0
    while place < len(view):
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        line.settimeout(left)
        count = line.recv_into(view[place:])
        if not count:
            raise ConnectionError
        place += count
    return bytes(into) if isinstance(into, bytearray) else b""
