"""Bench rows about load: memory over many pictures, and many threads on one engine."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import MissingExtraError
from vultus.evaluation.row import Bench, Row, scaled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vultus.types import Face

    Image = NDArray[np.uint8]

_LIMIT_MIB = 32.0
_THREADS = 32
_STATM = Path("/proc/self/statm")


def memory(bench: Bench) -> Iterator[Row]:
    """Resident memory over pictures of mixed sizes: growth from the second quarter to the last."""
    n = bench.count(2000, 24)
    answers = bench.engine.find_each(mixed_sizes(list(bench.photographs()), n), embed=True, batch=16)
    resident = [resident_mib() for _ in answers]
    quarter = max(n // 4, 1)
    middle, end = median(resident[quarter : 2 * quarter]), median(resident[-quarter:])
    yield Row(
        what="growth of resident memory after warm-up",
        ours=end - middle,
        unit="MiB",
        n=n,
        goal=f"flat: below {_LIMIT_MIB:g} MiB",
        met=end - middle < _LIMIT_MIB,
        reason=f"median of the last quarter ({end:.0f} MiB) against the second quarter, peak {max(resident):.0f} MiB",
    )


def threads_agree(bench: Bench) -> Iterator[Row]:
    """Many threads on one engine give bit for bit what one gives."""
    pictures = list(mixed_sizes(list(bench.photographs()), bench.count(128, 8), longest=640))
    engine = bench.engine
    serial = [engine.find(picture) for picture in pictures]
    with ThreadPoolExecutor(_THREADS) as pool:
        together = list(pool.map(engine.find, pictures))
    equal = sum(same_faces(one, other) for one, other in zip(serial, together, strict=True))
    yield Row(
        what=f"pictures on which {_THREADS} threads are bit-equal to one",
        ours=equal / len(pictures),
        unit="share",
        n=len(pictures),
        goal="1",
        met=equal == len(pictures),
        reason=f"{sum(map(len, serial))} faces; boxes, landmarks, scores and embeddings compared",
    )


def mixed_sizes(pictures: list[Image], count: int, *, longest: int = 1280, seed: int = 0) -> Iterator[Image]:
    """`count` pictures of mixed sizes and shapes, cut and scaled from the given ones; one at a time."""
    random = np.random.default_rng(seed)
    for index in range(count):
        picture = pictures[index % len(pictures)]
        height, width = picture.shape[:2]
        top, left = random.integers(height // 3 + 1), random.integers(width // 3 + 1)
        part = picture[top : height - random.integers(height // 3), left : width - random.integers(width // 3)]
        scale = int(random.integers(longest // 8, longest + 1)) / max(part.shape[:2])
        yield scaled(part, max(int(part.shape[0] * scale), 1), max(int(part.shape[1] * scale), 1))


def resident_mib() -> float:
    """Resident memory of this process.

    Raises:
        MissingExtraError: psutil is needed on this system and not installed.
    """
    try:
        return int(_STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        pass
    try:
        import psutil
    except ImportError:
        raise MissingExtraError("psutil", "bench") from None
    return float(psutil.Process().memory_info().rss) / 2**20


def same_faces(one: list[Face], other: list[Face]) -> bool:
    """Whether two answers are equal to the last bit."""
    return len(one) == len(other) and all(_bits(a) == _bits(b) for a, b in zip(one, other, strict=True))


def _bits(face: Face) -> tuple[bytes, bytes, float, bytes]:
    vector = b"" if face.embedding is None else face.embedding.vector.tobytes()
    return face.box.xyxy.tobytes(), face.landmarks.tobytes(), face.score, vector
