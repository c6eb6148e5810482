"""An engine for the tests of the command line: a face is a coloured column of 100 pixels, a person is a colour."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from vultus.errors import VultusError
from vultus.inference.image import read, write
from vultus.types import Box, Calibration, CalibrationPoint, Decision, Embedding, Expression, Face, Quality

ADA, GRACE, MARIE, NOBODY = (200, 40, 40), (40, 200, 40), (40, 40, 200), (0, 0, 0)
CONTRACT = "dlib:0123456789abcdef"
POINTS = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], dtype=np.float32)
SHOWN = Expression({"angry": 0.01, "disgust": 0.0, "fear": 0.02, "happy": 0.7, "sad": 0.03, "surprise": 0.2,
                    "neutral": 0.04})  # fmt: skip
CALIBRATION = Calibration(
    "fake-calibration", "coloured columns", 10_000_000, 1000,
    tuple(CalibrationPoint(10.0**-power, at, at - 0.01, at + 0.01)
          for power, at in enumerate((0.3, 0.4, 0.5, 0.55, 0.6, 0.65), start=1)),
)  # fmt: skip


def picture(*colours: tuple[int, int, int], height: int = 120, seed: int = 0) -> np.ndarray:
    """One column per colour; the seed changes the bytes, not the people."""
    image = np.concatenate([np.full((height, 100, 3), colour, dtype=np.uint8) for colour in colours], axis=1)
    image[0, 0] = seed % 256
    return image


def save(path: Path, *colours: tuple[int, int, int], height: int = 120, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, picture(*colours, height=height, seed=seed))
    return path


class FakeEngine:
    """Pictures lower than 60 pixels give faces that the quality gate refuses."""

    provider = "cpu"
    contract = CONTRACT
    calibration = CALIBRATION
    pack = SimpleNamespace(name="dlib")

    def __init__(self) -> None:
        self.n_seen = 0

    def find(self, image: Any, *, embed: bool = True, max_faces: int | None = None) -> Any:
        if isinstance(image, list):
            return [self.find(one, embed=embed) for one in image]
        self.n_seen += 1
        pixels = read(image)
        faces = []
        for number in range(pixels.shape[1] // 100):
            colour = pixels[5:, number * 100 : number * 100 + 100].reshape(-1, 3).mean(axis=0)
            if colour.max() - colour.min() > 60:
                faces.append(self._face(number, colour, pixels.shape[0], embed))
        return faces

    def _face(self, number: int, colour: np.ndarray, height: int, embed: bool) -> Face:
        vector = (colour - colour.mean()).astype(np.float32)
        vector = np.concatenate([vector / np.linalg.norm(vector), np.zeros(5, np.float32)])
        quality = Quality(0.9, (), {"size_px": 80.0}) if height >= 60 else Quality(0.2, ("too_small",))
        left = number * 100.0 + 10
        box = Box(np.array([left, 10, left + 80, height - 10]))
        points = POINTS + np.array([number * 100.0, 0], dtype=np.float32)
        return Face(box, points, 0.99, quality, Embedding(vector, CONTRACT) if embed else None)

    def find_each(
        self, sources: Iterable[Any], *, embed: bool = True, batch: int = 16, tasks: Collection[str] = ()
    ) -> Iterator[tuple[Any, list[Face] | VultusError]]:
        for source in sources:
            try:
                faces = self.find(source, embed=embed and not tasks)
                yield source, [replace(face, expression=SHOWN) for face in faces] if "expression" in tasks else faces
            except VultusError as error:
                yield source, error

    def verify(self, a: Any, b: Any, fmr: float = 1e-3) -> Decision:
        threshold = self.calibration.threshold(fmr)
        one, other = self.find(a), self.find(b)
        if not one or not other:
            return Decision(False, None, threshold, fmr, "fake-calibration", reason="failure_to_acquire")
        similarity = one[0].embedding.similarity(other[0].embedding)
        return Decision(similarity >= threshold, similarity, threshold, fmr, "fake-calibration")


class Interrupting(FakeEngine):
    """Presses Ctrl-C at the n-th picture."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def find(self, image: Any, *, embed: bool = True, max_faces: int | None = None) -> Any:
        if not isinstance(image, list) and self.n_seen == self.after:
            raise KeyboardInterrupt
        return super().find(image, embed=embed, max_faces=max_faces)


def names(rows: Sequence[dict[str, Any]]) -> list[Any]:
    return [row["name"] for row in rows]
