"""Video out: frames to a file that appears under its name only when it is complete."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np

from vultus.errors import InputError, ShapeError, VideoError
from vultus.inference.capture import Quiet

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import NDArray

CODECS = {".mp4": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".avi": "MJPG", ".webm": "VP80"}


class VideoWriter:
    """Writes a video that appears under its name only when it is complete.

    The extension decides the codec: see `CODECS`. The wheel's FFmpeg has no H.264 encoder; .webm plays in browsers,
    .mp4 (MPEG-4 Part 2) in players. Odd sizes lose their last row or column, which the codecs ask for.
    As a context manager it publishes at the end of the block, on Ctrl-C and where the film that is read breaks off, and
    discards on any other error.

    Args:
        path: the file to be; an old one is replaced.
        fps: frames per second.

    Raises:
        InputError: no codec for the extension, no such folder, or a rate outside 0 to 1000.
    """

    def __init__(self, path: str | Path, *, fps: float) -> None:
        self.path = Path(path)
        suffix = self.path.suffix.lower()
        if suffix not in CODECS:
            raise InputError(f"cannot write video {path}: the extension must be one of {', '.join(CODECS)}")
        if not self.path.parent.is_dir():
            raise InputError(f"cannot write video {path}: there is no folder {self.path.parent}")
        if not 0 < fps <= 1000:
            raise InputError(f"cannot write video {path}: fps must be above 0 and at most 1000, but is {fps}")
        self.fps, self.n_frames = float(fps), 0
        self._part = self.path.with_name(f".{self.path.stem}.{os.getpid()}.part{suffix}")
        self._codec = cv2.VideoWriter.fourcc(*CODECS[suffix])
        self._writer: cv2.VideoWriter | None = None
        self._shape: tuple[int, ...] = ()

    def write(self, image: NDArray[np.uint8]) -> None:
        """Add a frame: RGB, uint8, (H, W, 3), all of one size.

        Raises:
            ShapeError: another shape or dtype.
            InputError: the file cannot be created.
        """
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or min(image.shape[:2]) < 2:
            raise ShapeError("frame", "RGB uint8 (H, W, 3)", f"{image.dtype} {image.shape}")
        if self._writer is None:
            self._shape = image.shape
            self._writer = self._create()
        if image.shape != self._shape:
            raise ShapeError("frame", f"{self._shape} like the first", str(image.shape))
        height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
        self._writer.write(cv2.cvtColor(image[:height, :width], cv2.COLOR_RGB2BGR))
        self.n_frames += 1

    def _create(self) -> cv2.VideoWriter:
        size = (self._shape[1] // 2 * 2, self._shape[0] // 2 * 2)
        with Quiet():
            writer = cv2.VideoWriter(str(self._part.absolute()), cv2.CAP_FFMPEG, self._codec, self.fps, size)
        if not writer.isOpened():
            self.discard()
            raise InputError(f"cannot write video {self.path}: the folder is not writable or the codec is missing")
        return writer

    def close(self) -> None:
        """Finish and publish the file.

        Raises:
            InputError: no frame was written, or the disk did not take them all.
        """
        if self._writer is None:
            raise InputError(f"cannot write video {self.path}: no frame was given")
        self._writer.release()
        self._writer = None
        if not self._complete():
            self.discard()
            raise InputError(
                f"cannot write video {self.path}: only some of {self.n_frames} frames came through; disk full?"
            )
        os.replace(self._part, self.path)

    def _complete(self) -> bool:
        """Whether the last frame can be read back: the encoder reports no write errors."""
        last = self.n_frames - 1
        with Quiet():
            capture = cv2.VideoCapture(str(self._part.absolute()), cv2.CAP_FFMPEG)
            found = capture.set(cv2.CAP_PROP_POS_FRAMES, max(last - 1, 0)) and capture.grab()
            last_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
            capture.release()
        if not found or last_s < (0.95 * last - 2) / self.fps:
            return False
        with self._part.open("rb+") as file:
            os.fsync(file.fileno())
        return True

    def discard(self) -> None:
        """Drop what was written; an old file of that name stays."""
        if self._writer is not None:
            self._writer.release()
            self._writer = None
        self._part.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or (issubclass(kind, KeyboardInterrupt | VideoError) and self.n_frames):
            self.close()
        else:
            self.discard()
