"""Made-up faces for the tests of tracking: a person is a unit vector, a face of hers a noisy copy of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from vultus.types import Box, Embedding, Face, Quality

DIMENSION = 512


def person(seed: int) -> Any:
    """Unit vector of a person; two persons are nearly orthogonal."""
    vector = np.random.default_rng(seed).normal(size=DIMENSION)
    return vector / np.linalg.norm(vector)


def face(
    x: float,
    y: float = 200.0,
    *,
    size: float = 50.0,
    who: Any = None,
    quality: float = 0.9,
    reasons: tuple[str, ...] = (),
    noise: float = 0.0,
    seed: int = 0,
) -> Face:
    """A face centred at (x, y), with the embedding of `who` plus noise."""
    box = Box(np.array([x - size / 2, y - size / 2, x + size / 2, y + size / 2], np.float32))
    embedding = None
    if who is not None:
        vector = who + noise * person(seed + 1000)
        embedding = Embedding((vector / np.linalg.norm(vector)).astype(np.float32), "test:0")
    points = np.full((5, 2), (x, y), np.float32)
    return Face(box, points, 0.9, Quality(quality, reasons), embedding)
