"""Frames of videos, cameras and streams, decoded in a process of their own; see `projector.py`.

One frame is in flight: the next is asked for when the last one is done with. Of a live source it is the newest then.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import VideoError
from vultus.inference.video import Frame
from vultus.service.projector import ABOUT, END, FRAME, LENGTH, LONGEST_REASON, REPLY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIRST_S = 120.0  # until the first frame: start, and reading through to where it begins
NEXT_S = 30.0
_LOOK_S = 0.25  # how often it is seen to whether anybody still wants the frame
_START = "from vultus.service.projector import main; main()"
_ENVIRONMENT = {
    "PATH": os.defpath, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}  # fmt: skip
_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_FILES = "protocol_whitelist;file"  # a film must not send us elsewhere
_STREAMS = "protocol_whitelist;rtsp,rtsps,rtp,srtp,udp,tcp,tls,crypto|rtsp_transport;tcp"


@dataclass(frozen=True, slots=True)
class Reel:
    """What is to be read.

    Attributes:
        source: file, number of a camera, or address of a stream.
        fps: frames per second that are handed over, at most.
        start_s, end_s: part of a file.
        max_pixels: larger frames are refused.
    """

    source: str | Path | int
    fps: float
    start_s: float = 0.0
    end_s: float | None = None
    max_pixels: int = 40_000_000

    @property
    def live(self) -> bool:
        """A camera or a stream, which has no end."""
        return not isinstance(self.source, Path)


class Footage:
    """A source that is open; made by `projected`.

    Attributes:
        duration_s: of a file, where it says so.
    """

    def __init__(self, reel: Reel, halt: Callable[[], None]) -> None:
        self._reel, self._halt = reel, halt
        self._name = str(reel.source) if isinstance(reel.source, Path) else "the source"
        ours, theirs = socket.socketpair()
        options = _STREAMS if reel.live else _FILES
        with theirs:
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-c", _START, str(theirs.fileno())],
                env={**_ENVIRONMENT, _OPTIONS: options}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, pass_fds=(theirs.fileno(),), cwd="/", start_new_session=True,
            )  # fmt: skip
        self._line = ours
        self._until = time.monotonic() + FIRST_S
        kind = "file" if isinstance(reel.source, Path) else "camera" if isinstance(reel.source, int) else "stream"
        request = json.dumps({
            "kind": kind, "source": str(reel.source), "fps": reel.fps, "start_s": reel.start_s, "end_s": reel.end_s,
            "max_pixels": reel.max_pixels,
        }).encode()  # fmt: skip
        try:
            ours.sendall(LENGTH.pack(len(request)) + request)
            found = self._reply()
        except BaseException:
            self.close()
            raise
        self.duration_s: float | None = found.get("duration_s") if isinstance(found, dict) else None

    def frames(self) -> Iterator[Frame]:
        """All of them, in order.

        Raises:
            VideoError: the source cannot be opened, breaks off, or takes too long.
        """
        while True:
            with self._hung_up():
                self._line.sendall(b"n")
            found = self._reply()
            if found is None:
                return
            if isinstance(found, Frame):
                yield found
            self._until = time.monotonic() + NEXT_S

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self._child.kill()
        self._child.wait()
        self._line.close()

    def _reply(self) -> Any:
        kind, height, width, index, time_s = REPLY.unpack(self._take(REPLY.size))
        if kind == END:
            return None
        if kind == FRAME:
            # Nothing that it says is believed further than this: it may be somebody else's by now.
            if not 0 < height * width <= self._reel.max_pixels or not 0 <= time_s < 1e9:
                raise VideoError(self._name, "its decoder answers nonsense")
            pixels = np.frombuffer(self._take(height * width * 3), np.uint8).reshape(height, width, 3)
            return Frame(index, time_s, pixels)
        text = self._take(min(width, LONGEST_REASON)).decode("utf-8", "replace")
        if kind == ABOUT:
            return json.loads(text)
        raise VideoError(self._name, "".join(letter for letter in text if letter.isprintable()))

    def _take(self, length: int) -> bytearray:
        data = bytearray(length)
        view, place = memoryview(data), 0
        with self._hung_up():
            while place < length:
                self._halt()
                if time.monotonic() > self._until:
                    raise VideoError(self._name, "it takes too long to decode, or does not answer")
                ready, _, _ = select.select([self._line], [], [], _LOOK_S)
                if ready:
                    count = self._line.recv_into(view[place:])
                    if not count:
                        raise ConnectionError
                    place += count
        return data

    @contextlib.contextmanager
    def _hung_up(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            raise VideoError(self._name, "it brought its decoder down") from None


@contextlib.contextmanager
def projected(reel: Reel, halt: Callable[[], None]) -> Iterator[Footage]:
    """Open a source; its process ends with the block.

    Args:
        reel: what is to be read.
        halt: called often while there is nothing to do but wait; raises where nobody wants more.

    Raises:
        VideoError: the source cannot be opened.
    """
    footage = Footage(reel, halt)
    try:
        yield footage
    finally:
        footage.close()
