"""MTCNN first; where it sees nobody, dlib's CNN detector looks again.

MTCNN's first network is small and misses a few plain faces (shouting mouths, babies, turned heads) that the larger
one sees; asking it only about empty pictures keeps the speed of the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.inference.detect import Detections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.inference.detect import Detector, Image
    from vultus.inference.detectors.mmod import Mmod
    from vultus.inference.detectors.mtcnn import Finisher


class SecondLook:
    """Two detectors in turn; boxes and landmarks are MTCNN's in both cases."""

    def __init__(self, first: Detector, second: Mmod, finisher: Finisher) -> None:
        self._first, self._second, self._finisher = first, second, finisher

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Find the faces of each picture (RGB uint8, (H, W, 3), any sizes)."""
        results = self._first.detect(images)
        for index, faces in enumerate(results):
            if not len(faces):
                results[index] = self._again(images[index])
        return results

    def _again(self, image: Image) -> Detections:
        (faces,) = self._second.detect([image])
        owner = np.zeros(len(faces), np.intp)
        _, boxes, landmarks = self._finisher.look([image], owner, faces.boxes)
        return Detections(boxes, faces.scores, landmarks)
