"""A stand-in for the engine: faces are given by picture name, embeddings are drawn around one centre per person."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from vultus.errors import ImageError
from vultus.evaluation.peer import PeerFace
from vultus.evaluation.row import Bench
from vultus.types import Box, Calibration, CalibrationPoint, Embedding, Face, Quality

CONTRACT = "stub:0123456789abcdef"
CALIBRATION = Calibration(
    "stub:0", "stub data", 100_000, 100, (CalibrationPoint(0.1, 0.2, 0.1, 0.3), CalibrationPoint(1e-4, 0.6, 0.5, 0.7))
)


def face(vector, box=(10, 10, 50, 60), score=0.99):
    vector = np.asarray(vector, dtype=np.float32)
    landmarks = [[20, 25], [40, 25], [30, 35], [22, 48], [38, 48]]
    return Face(Box(box), landmarks, score, Quality(1.0), Embedding(vector / np.linalg.norm(vector), CONTRACT))


@dataclass
class StubEngine:
    """Answers `find_each` from a table: picture name -> faces, or an error's reason."""

    faces: dict[str, list[Face] | str] = field(default_factory=dict)
    contract: str = CONTRACT
    calibration: Calibration = CALIBRATION
    batches: list[int] = field(default_factory=list)

    @property
    def pack(self):
        return SimpleNamespace(name="stub", detector=SimpleNamespace(options={"upsample": 1}))

    def find(self, images, *, embed=True):
        """By name for a path; for an array, one face that depends on its size and content alone."""
        if isinstance(images, list):
            return [self.find(image, embed=embed) for image in images]
        if isinstance(images, str | Path):
            return self.faces.get(Path(images).name, [])
        height, width = images.shape[:2]
        return [face([1.0 + images.mean(), height, width], box=(0, 0, width, height))]

    def find_each(self, sources, *, embed=True, batch=16):
        self.batches.append(batch)
        for source in sources:
            found = self.find(source)
            yield source, ImageError(str(source), found) if isinstance(found, str) else found


class StubPeer:
    """Answers like dlib: one face as large as the picture, found from content alone."""

    version = "0"

    def __init__(self):
        self.asked = []

    def embed(self, chips):
        return np.stack([2.0 * chip.reshape(-1)[:128].astype(np.float32) + 1 for chip in chips])

    def chips(self, image):
        return [np.resize(image, (150, 150, 3))]

    def detect(self, image, model="cnn", upsample=0):
        self.asked.append((model, upsample))
        height, width = image.shape[:2]
        return [PeerFace(np.array([0, 0, width, height], np.float32), 1.0)]

    def recipe(self, image, model):
        self.asked.append((model, "recipe"))
        vector = np.full(128, image.mean(), np.float32) + np.arange(128, dtype=np.float32)
        return [PeerFace(np.array([0, 0, 9, 9], np.float32), 1.0, vector)]


def unit(rows):
    rows = np.asarray(rows, dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def population(n_people, n_each, dimension=16, spread=0.6, seed=0):
    """Unit rows (N, D) around one centre per person, and the person of each row."""
    random = np.random.default_rng(seed)
    people = np.repeat(np.arange(n_people), n_each)
    centres = unit(random.normal(size=(n_people, dimension)))
    return unit(centres[people] + spread * random.normal(size=(people.size, dimension)) / np.sqrt(dimension)), people


@pytest.fixture
def bench(engine, tmp_path):
    """A quick bench with stand-ins, on a small copy of the layout of the shared data."""
    made = Bench(data=tmp_path / "data", threads=1, quick=True)
    made.engine = made.cnn_engine = engine
    made.peer = StubPeer()
    made.network = lambda chips: np.stack([chip.reshape(-1)[:128] + np.float32(0.5) for chip in chips])
    random = np.random.default_rng(0)
    for folder, names in (("lfw_view2", [f"{n:02d}" for n in range(12)]), ("detection_small", ["a", "b", "c"])):
        images = tmp_path / "data" / folder / "images"
        images.mkdir(parents=True)
        for name in names:
            cv2.imwrite(str(images / f"{name}.png"), random.integers(0, 255, (60, 80, 3), dtype=np.uint8))
    return made


@pytest.fixture
def engine():
    return StubEngine()


@pytest.fixture
def make_face():
    return face


@pytest.fixture
def make_population():
    return population
