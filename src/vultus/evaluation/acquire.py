"""One embedding per picture, and who could not be acquired: the step that every protocol begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from vultus.errors import ConfigError, VultusError
from vultus.types import prominent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.types import Calibration, Face


class Engine(Protocol):
    """What the protocols need of an engine; `vultus.inference.engine.FaceEngine` has it."""

    @property
    def contract(self) -> str:
        """Digest of everything that shapes an embedding."""

    @property
    def calibration(self) -> Calibration:
        """Thresholds of the pack."""

    def find_each(
        self, sources: Iterable[Path | bytes], *, embed: bool = True, batch: int = 16
    ) -> Iterator[tuple[Path | bytes, list[Face] | VultusError]]:
        """Faces of many pictures, in order; a bad picture yields its error."""


NO_FACE, NOT_EMBEDDED = "no face found", "face not embedded"


@dataclass(frozen=True, slots=True, eq=False)
class Acquired:
    """Embeddings of a list of pictures.

    Attributes:
        vectors: unit rows, NaN where no face was acquired; float32, (N, D).
        acquired: whether a face was found and embedded; bool, (N,).
        reasons: why not, by index of the picture.
        quality: score of the acquired face, NaN where there is none; float64, (N,).
    """

    vectors: NDArray[np.float32]
    acquired: NDArray[np.bool_]
    reasons: dict[int, str]
    quality: NDArray[np.float64] | None = None

    @property
    def fta(self) -> float:
        """Failure to acquire rate, share of the pictures."""
        return 1.0 - float(self.acquired.mean()) if self.acquired.size else 0.0

    def similarity(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float32]:
        """Cosine of pictures a[i] and b[i], minus infinity when either was not acquired; float32, (P,)."""
        scores = np.einsum("pd,pd->p", self.vectors[a], self.vectors[b])
        return np.where(self.acquired[a] & self.acquired[b], scores, np.float32(-np.inf)).astype(np.float32)


def calibration_of(engine: Engine) -> Calibration | None:
    """The thresholds of the engine's pack, or None when none were measured yet."""
    try:
        return engine.calibration
    except ConfigError:
        return None


def acquire(
    engine: Engine,
    pictures: Sequence[Path | bytes],
    *,
    batch: int = 16,
    pick: Callable[[Sequence[Face]], Face | None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Acquired:
    """Embed one face of each picture.

    Args:
        engine: finds and embeds.
        pictures: files, or the bytes of encoded pictures.
        batch: pictures at once.
        pick: which face of several counts; None takes the one that the engine takes, the largest.
        progress: called with the number of pictures done.
    """
    choose = pick or prominent
    rows: list[NDArray[np.float32] | None] = []
    reasons: dict[int, str] = {}
    worth: list[float] = []
    for index, (_, found) in enumerate(engine.find_each(pictures, embed=True, batch=batch)):
        row, reason, quality = _row(found, choose)
        rows.append(row)
        worth.append(quality)
        if row is None:
            reasons[index] = reason
        if progress is not None:
            progress(index + 1)
    dimension = next((row.size for row in rows if row is not None), 1)
    vectors = np.full((len(rows), dimension), np.nan, dtype=np.float32)
    for index, row in enumerate(rows):
        if row is not None:
            vectors[index] = row
    return Acquired(vectors, np.array([row is not None for row in rows], dtype=bool), reasons, np.array(worth))


def _row(
    found: list[Face] | VultusError, pick: Callable[[Sequence[Face]], Face | None]
) -> tuple[NDArray[np.float32] | None, str, float]:
    if isinstance(found, VultusError):
        return None, str(found), np.nan
    face = pick(found)
    if face is None:
        return None, NO_FACE, np.nan
    if face.embedding is None:
        return None, NOT_EMBEDDED, np.nan
    return face.embedding.vector, "", float(face.quality.score)
