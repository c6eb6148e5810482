"""Small films for the tests: a bright square that moves over a grey ground, one step per frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT, FPS = 96, 64, 25.0


def picture(index: int) -> Any:
    """RGB frame whose ground has the grey `index * 4`, with a red square."""
    image = np.full((HEIGHT, WIDTH, 3), (index * 4) % 256, np.uint8)
    image[20:36, 10:26] = (250, 10, 10)
    return image


def index_of(image: Any) -> int:
    """The number of the frame, read from its ground."""
    return round((float(image[50:, 40:].mean()) + 2.0) / 4)  # the codecs darken by 0 to 3


def film(path: Path, n_frames: int = 50, codec: str = "mp4v", fps: float = FPS) -> Path:
    """A film written with OpenCV alone, so that readers are not tested against our own writer."""
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), fps, (WIDTH, HEIGHT))
    for index in range(n_frames):
        writer.write(picture(index)[:, :, ::-1].copy())
    writer.release()
    return path


class FakeCapture:
    """Stands in for cv2.VideoCapture: gives `n_frames` and then loses the connection."""

    def __init__(self, n_frames: int, *, opens: bool = True, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
        self.left, self.opens, self.size, self.released = n_frames, opens, size, False

    def isOpened(self) -> bool:
        return self.opens

    def grab(self) -> bool:
        self.left -= 1
        return self.left >= 0

    def retrieve(self) -> tuple[bool, Any]:
        return True, np.full((self.size[1], self.size[0], 3), (10, 20, 30), np.uint8)

    def get(self, what: int) -> float:
        return {cv2.CAP_PROP_FRAME_WIDTH: self.size[0], cv2.CAP_PROP_FRAME_HEIGHT: self.size[1]}.get(what, 0.0)

    def release(self) -> None:
        self.released = True
