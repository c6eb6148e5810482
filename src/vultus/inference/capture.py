"""Where video comes from: a file, an RTSP stream or a camera, checked and opened."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path

import cv2

from vultus.errors import VideoError

# FFmpeg's own notes on stderr would bury the one line an error deserves. Read once, when OpenCV first uses FFmpeg;
# a user's setting wins.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

LIVE_TIMEOUT_MS = 10_000
RE_ENCODE = "re-encode it: ffmpeg -i IN -c:v libx264 -pix_fmt yuv420p OUT.mp4"
_SCHEMES = ("rtsp://", "rtsps://")
_STILLS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG": "PNG", b"BM": "BMP", b"II*\x00": "TIFF", b"MM\x00*": "TIFF"}

Target = Path | str | int  # file, stream, camera


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video says about itself; None where it does not say.

    Attributes:
        width, height: pixels.
        fps: frames per second.
        n_frames: frames the index promises; an estimate in some containers.
        live: a camera or a stream, which has no end.
    """

    width: int
    height: int
    fps: float | None
    n_frames: int | None
    live: bool

    @property
    def duration_s(self) -> float | None:
        return self.n_frames / self.fps if self.n_frames and self.fps else None


def describe(source: str | Path | int) -> VideoInfo:
    """Open a video, read its header and close it.

    Raises:
        VideoError: the source cannot be opened.
    """
    target = target_of(source)
    capture = open_target(target)
    try:
        return info_of(capture, live=not isinstance(target, Path))
    finally:
        capture.release()


def name_of(source: str | Path | int) -> str:
    """A name for messages, without the password a stream address may carry."""
    if isinstance(source, int):
        return f"camera {source}"
    return re.sub(r"(?<=://)[^/\s]*@", "***@", str(source))


def target_of(source: str | Path | int) -> Target:
    """Sort a source into file (Path), stream (str) and camera (int)."""
    if isinstance(source, Path):
        return source
    if isinstance(source, int) or (source.isascii() and source.isdigit()):
        return int(source)
    if source.lower().startswith(_SCHEMES):
        return source
    if "://" in source:
        raise VideoError(name_of(source), "only files, camera indices and rtsp:// or rtsps:// addresses are read")
    return Path(source)


def _check_file(path: Path) -> None:
    """Refuse what FFmpeg would misread: text (playlists may name other files and hosts) and single pictures."""
    name = str(path)
    if path.is_dir():
        raise VideoError(name, "it is a folder; name one video in it")
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except FileNotFoundError:
        raise VideoError(name, "there is no such file") from None
    except OSError as error:
        raise VideoError(name, f"it cannot be opened ({error.strerror})") from error
    if not head:
        raise VideoError(name, "the file is empty")
    kind = next((kind for magic, kind in _STILLS.items() if head.startswith(magic)), None)
    if kind:
        raise VideoError(name, f"it is a single {kind} picture, not a video; use the commands for images")
    control = any(byte < 32 and byte not in b"\t\n\r\f" for byte in head)
    if not control and not head.startswith(b"YUV4MPEG2"):
        raise VideoError(name, "it is text, not a video")


def open_target(target: Target) -> cv2.VideoCapture:
    """Open a source, or say why it cannot be opened.

    Raises:
        VideoError: the source is missing, refused, or cannot be decoded.
    """
    if isinstance(target, Path):
        _check_file(target)
        # An absolute path: FFmpeg takes "concat:..." and the like for protocols.
        capture = capture_file(str(target.absolute()))
        why = f"it is not a video, its index is broken or its codec is missing; {RE_ENCODE}"
    elif isinstance(target, str):
        capture = capture_stream(target)
        why = "the stream does not answer; check address, password and network"
    else:
        capture = capture_camera(target)
        why = "no such camera, or another program holds it"
    if not capture.isOpened():
        capture.release()
        raise VideoError(name_of(target if isinstance(target, int) else str(target)), why)
    return capture


def capture_file(path: str) -> cv2.VideoCapture:
    """Open a file with FFmpeg."""
    with Quiet():
        return cv2.VideoCapture(path, cv2.CAP_FFMPEG)


def capture_stream(address: str) -> cv2.VideoCapture:
    """Open a stream with FFmpeg; opening and each read give up after `LIVE_TIMEOUT_MS`."""
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, LIVE_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, LIVE_TIMEOUT_MS]
    with Quiet():
        return cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)


def capture_camera(index: int) -> cv2.VideoCapture:
    """Open a camera."""
    with Quiet():
        return cv2.VideoCapture(index)


class Quiet:
    """Keeps OpenCV's own warnings off stderr while a source is opened; our error says it better."""

    def __enter__(self) -> None:
        self._level = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

    def __exit__(self, *_: object) -> None:
        cv2.utils.logging.setLogLevel(self._level)


def info_of(capture: cv2.VideoCapture, *, live: bool) -> VideoInfo:
    """What an open source says about itself."""
    fps = capture.get(cv2.CAP_PROP_FPS)
    count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    return VideoInfo(
        width=int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
        height=int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        fps=fps if math.isfinite(fps) and 0 < fps < 1000 else None,
        n_frames=int(count) if not live and math.isfinite(count) and 0 < count < 1e10 else None,
        live=live,
    )
