"""Pictures of a set: decoded, cut to their middle square and scaled; in memory, or read when they are asked for."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ImageError, VideoError
from vultus.inference.image import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from vultus.research.data.sets.material import Files

_THREADS = 8
_AT_ONCE = 512  # pictures on their way: decoded ones wait for the one before them


def grey_of(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB uint8 (H, W, 3) as brightness, (H, W, 1)."""
    import cv2

    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)[..., None]


def scaled(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The middle square of a picture with `size` pixels a side.

    Args:
        picture: uint8, (H, W) or (H, W, 3).
        size: side of what comes back; 0 leaves the picture as it is.
    """
    import cv2

    height, width = picture.shape[:2]
    if size == 0 or (height, width) == (size, size):
        return picture
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = np.ascontiguousarray(picture[top : top + side, left : left + side])
    way = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(square, (size, size), interpolation=way), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """A column of pictures that are read when they are taken.

    Attributes:
        files: where they are.
        size: side in pixels.
        grey: one channel instead of three.
    """

    files: Files
    size: int
    grey: bool = False

    def __len__(self) -> int:
        return self.files.size

    @property
    def shape(self) -> tuple[int, ...]:
        """Of all of them."""
        return (len(self), self.size, self.size, 1 if self.grey else 3)

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """Of the pixels."""
        return np.dtype(np.uint8)

    def one(self, index: int) -> NDArray[np.uint8]:
        """A picture; uint8, (size, size, 3 or 1), or of its own size where `size` is 0.

        Raises:
            ImageError: it cannot be read, or its face lies outside of it.
        """
        path = self.files.paths[index]
        picture = read(path) if self.files.moment is None else still(path, self.files.moment)
        if self.files.boxes is not None:
            picture = _cut(picture, self._box(index, picture), path)
        picture = scaled(picture, self.size)
        return grey_of(picture) if self.grey else picture

    def take(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Some of them; uint8, (n, size, size, 3 or 1).

        Raises:
            ImageError: one cannot be read.
        """
        if not len(indices):
            return np.empty((0, *self.shape[1:]), np.uint8)
        return np.stack([self.one(int(index)) for index in indices])

    def each(self, tell: Callable[[], None] = lambda: None) -> Iterator[NDArray[np.uint8] | ImageError]:
        """All of them in order; in the place of one that cannot be read, why."""
        with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
            for start in range(0, len(self), _AT_ONCE):
                yield from _told(pool.map(self._tried, range(start, min(start + _AT_ONCE, len(self)))), tell)

    def _box(self, index: int, picture: NDArray[np.uint8]) -> NDArray[np.int64]:
        box = np.asarray(self.files.boxes)[index]
        if self.files.grid:
            box = box * (picture.shape[1::-1] * 2) // self.files.grid
        return np.asarray(box, np.int64)

    def _tried(self, index: int) -> NDArray[np.uint8] | ImageError:
        try:
            return self.one(index)
        except ImageError as error:
            return error


def still(path: Path, moment: float) -> NDArray[np.uint8]:
    """A picture of a film, after a share of its length; uint8, (H, W, 3).

    Raises:
        ImageError: the film cannot be read.
    """
    from vultus.inference import video

    try:
        start = moment * (video.describe(path).duration_s or 0.0)
        frames = video.frames(path, start_s=start)
        frame = next(iter(frames), None)
    except VideoError as error:
        raise ImageError(str(path), error.reason) from error
    if frame is None:
        raise ImageError(str(path), f"the film has no picture after {start:.2f} seconds")
    return frame.image


def _told(
    results: Iterable[NDArray[np.uint8] | ImageError], tell: Callable[[], None]
) -> Iterator[NDArray[np.uint8] | ImageError]:
    for result in results:
        tell()
        yield result


def _cut(picture: NDArray[np.uint8], box: NDArray[np.int64], path: Path) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    left, top, right, bottom = (int(value) for value in box)
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    if left >= right or top >= bottom:
        raise ImageError(str(path), f"its face at {box.tolist()} lies outside of its {width} x {height} pixels")
    return picture[top:bottom, left:right]
