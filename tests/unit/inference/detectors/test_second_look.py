"""The second detector is asked about empty pictures, and about no others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vultus.inference.detect import Detections
from vultus.inference.detectors.second_look import SecondLook

if TYPE_CHECKING:
    from vultus.inference.detect import Image


class Says:
    """A detector that finds one face in pictures of one brightness and counts what it was shown."""

    def __init__(self, brightness: int, score: float) -> None:
        self.brightness, self.score, self.seen = brightness, score, 0

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        self.seen += len(images)
        return [self._face() if image[0, 0, 0] == self.brightness else Detections.none() for image in images]

    def _face(self) -> Detections:
        points = np.zeros((1, 5, 2), np.float32)
        return Detections(np.float32([[10, 10, 30, 30]]), np.float32([self.score]), points)


class Refines:
    """A finisher that grows every box by one pixel."""

    def look(self, images: Sequence[Image], owner: np.ndarray, squares: np.ndarray) -> tuple[np.ndarray, ...]:
        grown = squares + np.float32([-1, -1, 1, 1])
        return np.ones(len(squares), np.float32), grown, np.full((len(squares), 5, 2), 20, np.float32)


def _picture(brightness: int) -> Image:
    return np.full((40, 40, 3), brightness, np.uint8)


def test_only_empty_pictures_are_looked_at_again() -> None:
    first, second = Says(1, 0.9), Says(2, 0.6)
    answers = SecondLook(first, second, Refines()).detect([_picture(n) for n in (1, 2, 3)])  # type: ignore[arg-type]
    assert [len(faces) for faces in answers] == [1, 1, 0]
    assert (first.seen, second.seen) == (3, 2)
    assert answers[0].boxes.tolist() == [[10, 10, 30, 30]]
    assert answers[1].boxes.tolist() == [[9, 9, 31, 31]]
    assert answers[1].scores.tolist() == np.float32([0.6]).tolist()
    assert answers[1].landmarks[0, 0].tolist() == [20, 20]
