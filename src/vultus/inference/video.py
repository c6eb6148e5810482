"""Video in and out: files, cameras and RTSP streams to RGB frames, and frames to a video file.

One frame at a time is in memory. A file is read to its end, and a file that ends too early says so. A live source
hands over its newest frame, so that a slow caller sees the present and not a growing queue, and is opened again
with growing pauses when it is lost.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from vultus.errors import ConfigError, VideoError
from vultus.inference.capture import RE_ENCODE, VideoInfo, describe, info_of, name_of, open_target, target_of
from vultus.inference.record import CODECS, VideoWriter

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from numpy.typing import NDArray

    Image = NDArray[np.uint8]

__all__ = [
    "CODECS",
    "Frame",
    "Retry",
    "VideoInfo",
    "VideoWriter",
    "describe",
    "frames",
    "name_of",
]

MAX_PIXELS = 40_000_000  # 8K UHD has 33 million
SEEK_MARGIN_S = 2.0
MAX_DAMAGED = 64  # frames in a row that may be unreadable before a file counts as ended


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a video.

    Attributes:
        index: counts the source's frames from 0, also those that were not handed over.
        time_s: seconds from the start of the video, or from the first frame of a live source.
        image: RGB, uint8, (H, W, 3), upright.
    """

    index: int
    time_s: float
    image: Image


@dataclass(frozen=True, slots=True)
class Retry:
    """How a lost camera or stream is opened again.

    Attributes:
        attempts: openings in a row that may fail before the source counts as lost for good.
        first_s, longest_s: first and longest pause before an attempt.
        factor: growth from one pause to the next.
    """

    attempts: int = 8
    first_s: float = 1.0
    longest_s: float = 30.0
    factor: float = 2.0

    def pause_s(self, attempt: int) -> float:
        """Pause before attempt 0, 1, 2, ..."""
        return min(self.longest_s, self.first_s * self.factor**attempt)


def frames(
    source: str | Path | int,
    *,
    fps: float | None = None,
    start_s: float = 0.0,
    end_s: float | None = None,
    max_pixels: int = MAX_PIXELS,
    reconnect: bool | Retry = True,
    newest: bool = True,
) -> Iterator[Frame]:
    """Read a video frame by frame.

    Args:
        source: a file, a camera index (0 or "0"), or an rtsp:// address.
        fps: hand over at most so many frames per second; None takes all.
        start_s, end_s: only frames with start_s <= time_s < end_s.
        max_pixels: larger frames are refused before they are decoded.
        reconnect: live sources only: open a lost source again, and how.
        newest: live sources only: skip frames that came while the caller was busy.

    Returns:
        The frames in order. The generator frees the source when it is closed.

    Raises:
        VideoError: the source cannot be opened, has no frames, or ends before its index says. The last is raised
            after all readable frames have been handed over.
        ConfigError: fps, start_s or end_s make no sense.
    """
    if fps is not None and not (math.isfinite(fps) and fps > 0):
        raise ConfigError(f"fps must be above 0, but is {fps}; leave it out to take all frames")
    if not (math.isfinite(start_s) and start_s >= 0):
        raise ConfigError(f"start_s must be 0 or more seconds, but is {start_s}")
    if end_s is not None and not end_s > start_s:
        raise ConfigError(f"end_s must be after start_s = {start_s:g}, but is {end_s:g}")
    target = target_of(source)
    window = _Window(fps, start_s, math.inf if end_s is None else end_s)
    if isinstance(target, Path):
        return _read_file(target, window, max_pixels)
    retry = Retry() if reconnect is True else (reconnect or None)
    stop = threading.Event()
    live = _read_live(target, window, max_pixels, retry, stop)
    return _newest(live, stop) if newest else live


class _Window:
    """Which frames are handed over: a span of time, thinned to a rate."""

    def __init__(self, fps: float | None, start_s: float, end_s: float) -> None:
        self.start_s, self.end_s, self._fps, self._slot = start_s, end_s, fps, -1

    def takes(self, time_s: float) -> bool:
        if not self.start_s <= time_s < self.end_s:
            return False
        if self._fps is None:
            return True
        slot = math.floor(time_s * self._fps + 1e-6)
        if slot == self._slot:
            return False
        self._slot = slot
        return True


class _Clock:
    """Times of a file's frames: its time stamps where they rise, else one frame period after the last."""

    def __init__(self, fps: float | None, index: int = 0) -> None:
        self._period = 1.0 / (fps or 25.0)
        self._last = index * self._period - self._period

    def time_s(self, stamp_ms: float) -> float:
        stamp = stamp_ms / 1000.0
        if not (math.isfinite(stamp) and stamp > self._last):
            stamp = max(self._last + self._period, 0.0)
        self._last = stamp
        return stamp


def _check_pixels(width: int, height: int, limit: int, name: str) -> None:
    if width * height > limit:
        raise VideoError(name, f"its frames have {width} x {height} pixels; at most {limit:,} pixels are read")


def _picture(capture: cv2.VideoCapture, limit: int, name: str) -> Image | None:
    """The frame grabbed last, or None where it is damaged."""
    done, bgr = capture.retrieve()
    if not done or bgr.size == 0:
        return None
    _check_pixels(bgr.shape[1], bgr.shape[0], limit, name)
    code = cv2.COLOR_GRAY2RGB if bgr.ndim == 2 or bgr.shape[2] == 1 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(bgr, code), dtype=np.uint8)


def _seek(capture: cv2.VideoCapture, path: Path, start_s: float) -> tuple[cv2.VideoCapture, int]:
    """Jump to shortly before a time; where the container cannot, start anew and read through."""
    goal_ms = 1000.0 * (start_s - SEEK_MARGIN_S)
    if goal_ms <= 0:
        return capture, 0
    if capture.set(cv2.CAP_PROP_POS_MSEC, goal_ms):
        index = round(capture.get(cv2.CAP_PROP_POS_FRAMES))
        if index > 0 and capture.get(cv2.CAP_PROP_POS_MSEC) <= 1000.0 * start_s:
            return capture, index
    capture.release()
    return open_target(path), 0


def _read_file(path: Path, window: _Window, max_pixels: int) -> Generator[Frame]:
    capture, name = open_target(path), str(path)
    info = info_of(capture, live=False)
    n_seen, n_lost, last_s = 0, 0, 0.0
    try:
        _check_pixels(info.width, info.height, max_pixels, name)
        capture, index = _seek(capture, path, window.start_s)
        clock = _Clock(info.fps, index)
        while n_lost < MAX_DAMAGED:
            if not capture.grab():
                n_lost += 1
                continue
            index, n_lost = index + n_lost, 0
            last_s = clock.time_s(capture.get(cv2.CAP_PROP_POS_MSEC))
            if last_s >= window.end_s:
                return
            n_seen += 1
            image = _picture(capture, max_pixels, name) if window.takes(last_s) else None
            if image is not None:
                yield Frame(index, last_s, image)
            index += 1
    finally:
        capture.release()
    _check_end(name, info, index if n_seen else 0, last_s, window.start_s)


def _check_end(name: str, info: VideoInfo, n_frames: int, last_s: float, start_s: float) -> None:
    """Complain of a file that ended without frames, before the span asked for, or long before its own index says."""
    promised, duration_s = info.n_frames or 0, info.duration_s or 0.0
    if last_s < start_s and duration_s <= start_s:
        raise VideoError(name, f"it ends at {max(last_s, duration_s):.1f} s, before start_s = {start_s:g}")
    if n_frames == 0:
        raise VideoError(name, f"no frame can be decoded; {RE_ENCODE}")
    # Only an index and a clock that agree prove a loss: with a variable rate the promised count is an estimate.
    if n_frames < 0.9 * promised and last_s < 0.9 * duration_s:
        raise VideoError(name, f"it ends after frame {n_frames} of {promised}: truncated or damaged; {RE_ENCODE}")


def _read_live(
    target: str | int, window: _Window, max_pixels: int, retry: Retry | None, stop: threading.Event
) -> Generator[Frame]:
    name = name_of(target)
    # The first opening is not repeated: a wrong address should be told at once.
    capture: cv2.VideoCapture | None = open_target(target)
    begin, index, failed = time.monotonic(), 0, 0
    try:
        while not stop.is_set():
            if capture is not None and capture.grab():
                index, failed = index + 1, 0
                time_s = time.monotonic() - begin
                if time_s >= window.end_s:
                    return
                image = _picture(capture, max_pixels, name) if window.takes(time_s) else None
                if image is not None:
                    yield Frame(index - 1, time_s, image)
                continue
            if capture is not None:
                capture.release()
                capture = None
            if retry is None or failed >= retry.attempts:
                raise VideoError(name, f"lost after {index} frames and {failed} attempts to open it again")
            stop.wait(retry.pause_s(failed))
            failed += 1
            capture = _reopen(target)
    finally:
        if capture is not None:
            capture.release()


def _reopen(target: str | int) -> cv2.VideoCapture | None:
    try:
        return open_target(target)
    except VideoError:
        return None


def _newest(source: Generator[Frame], stop: threading.Event) -> Generator[Frame]:
    """Run a live source in a thread and hand over only the newest frame each time."""
    ready = threading.Condition()
    box: dict[str, Any] = {}

    def pump() -> None:
        try:
            for frame in source:
                with ready:
                    box["frame"] = frame
                    ready.notify()
        except Exception as error:  # raised again in the caller's thread
            box["error"] = error
        finally:
            source.close()
            with ready:
                box["ended"] = True
                ready.notify()

    thread = threading.Thread(target=pump, name="vultus-video", daemon=True)
    thread.start()
    try:
        while True:
            with ready:
                # The limit lets Ctrl-C through where a bare wait cannot be interrupted (Windows).
                ready.wait_for(lambda: "frame" in box or "ended" in box, timeout=1.0)
                frame, ended = box.pop("frame", None), "ended" in box
            if frame is not None:
                yield frame
            elif ended:
                break
    finally:
        stop.set()
        thread.join(timeout=2.0)
    if "error" in box:
        raise box["error"]
