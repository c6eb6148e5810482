"""The best faces of a track, and one embedding from their quality-weighted vote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.types import Embedding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.types import Face

LEAST_WEIGHT = 1e-3  # a face of quality 0 still counts when there is no better one


class BestFaces:
    """Keeps the best few faces of a track, each from another moment.

    A face with an embedding goes before one without, one that passes the quality gate before one that does not.

    Args:
        keep: faces kept at most.
        moment_s: length of a moment; of each only the best face stays.
    """

    def __init__(self, keep: int, moment_s: float) -> None:
        self._keep, self._moment_s = keep, moment_s
        self._kept: dict[float, Face] = {}

    def add(self, face: Face, time_s: float) -> None:
        """Offer a face."""
        self._offer(time_s // self._moment_s if self._moment_s else time_s, face)

    def merge(self, other: BestFaces) -> None:
        """Take over another track's faces."""
        for moment, face in other._kept.items():
            self._offer(moment, face)

    def _offer(self, moment: float, face: Face) -> None:
        kept = self._kept.get(moment)
        if kept is None or rank(face) > rank(kept):
            self._kept[moment] = face
        if len(self._kept) > self._keep:
            del self._kept[min(self._kept, key=lambda moment: rank(self._kept[moment]))]

    @property
    def faces(self) -> tuple[Face, ...]:
        """Best first."""
        return tuple(sorted(self._kept.values(), key=rank, reverse=True))


def rank(face: Face) -> tuple[bool, bool, float]:
    """Sort key: usable for matching, passes the gate, quality."""
    return face.embedding is not None, face.quality.ok, face.quality.score


def weight(face: Face) -> float:
    """Say of a face in the vote: its quality squared."""
    return float(max(face.quality.score, LEAST_WEIGHT) ** 2)


def vote(faces: Sequence[Face], unlike: float | None = None) -> Embedding | None:
    """One embedding for several faces of one person: their mean, weighted by quality.

    Args:
        faces: all of one contract; those without an embedding have no say.
        unlike: cosine under which a face does not look like the rest. Such faces are left out and the others vote
            again, unless more than half of the weight would be lost.

    Returns:
        None when no face has an embedding, or when they cancel each other out.
    """
    voters = [(weight(face), face.embedding) for face in faces if face.embedding is not None]
    if not voters:
        return None
    weights = np.array([say for say, _ in voters])
    vectors = np.stack([embedding.vector for _, embedding in voters]).astype(np.float64)
    mean = _unit(weights @ vectors)
    if mean is not None and unlike is not None:
        agrees = vectors @ mean >= unlike
        if weights[agrees].sum() >= 0.5 * weights.sum():
            mean = _unit(weights[agrees] @ vectors[agrees])
    return None if mean is None else Embedding(mean.astype(np.float32), voters[0][1].contract)


def _unit(vector: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64] | None:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 1e-9 else None
