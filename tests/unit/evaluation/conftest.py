"""A stand-in for the engine: faces are given by picture name, embeddings are drawn around one centre per person."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from vultus.errors import ImageError
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

    def find_each(self, sources, *, embed=True, batch=16):
        self.batches.append(batch)
        for source in sources:
            found = self.faces.get(Path(source).name, [])
            yield source, ImageError(str(source), found) if isinstance(found, str) else found


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
def engine():
    return StubEngine()


@pytest.fixture
def make_face():
    return face


@pytest.fixture
def make_population():
    return population
