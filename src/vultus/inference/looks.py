"""What the embeddings of a face and of a track say about each other, on the scale of one model pack."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ConfigError
from vultus.inference.vote import weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vultus.types import Calibration, Face

    Float = NDArray[np.float64]

LOOKS_WEIGHT = 1.5  # of what looks say against place
FULL_TRUST = 0.8  # quality from which on looks have their full weight


@dataclass(frozen=True, slots=True)
class Looks:
    """What a cosine says, on the scale of one model pack.

    Attributes:
        alike: at or above it two faces are most likely of one person.
        unlike: at or below it they are rather of two.
    """

    alike: float
    unlike: float

    def __post_init__(self) -> None:
        if not -1 <= self.unlike < self.alike <= 1:
            raise ConfigError(f"unlike must be below alike, within -1 to 1, but they are {self.unlike}, {self.alike}")

    @classmethod
    def of(cls, calibration: Calibration) -> Looks:
        """The cosines at the calibrated false match rates nearest to 1e-3 and to 1e-1."""
        rare, common = (
            min(calibration.points, key=lambda point: abs(math.log(point.fmr / fmr))) for fmr in (1e-3, 0.1)
        )
        return cls(rare.threshold, min(common.threshold, rare.threshold - 1e-3))

    def score(self, cosine: Float) -> Float:
        """0 at `unlike`, 1 at `alike`, within -1 to 1.5."""
        return np.clip((cosine - self.unlike) / (self.alike - self.unlike), -1.0, 1.5)


class Template:
    """Quality-weighted sum of the embeddings of a track.

    Attributes:
        quality: of its best face, 0 before the first embedding.
    """

    __slots__ = ("_sum", "quality")

    def __init__(self) -> None:
        self._sum: Float | None = None
        self.quality = 0.0

    def __bool__(self) -> bool:
        return self._sum is not None

    def add(self, face: Face) -> None:
        """Take in a face; one without an embedding changes nothing."""
        if face.embedding is not None:
            self._join(weight(face) * face.embedding.vector.astype(np.float64), face.quality.score)

    def merge(self, other: Template) -> None:
        """Take in another track's template."""
        if other._sum is not None:
            self._join(other._sum, other.quality)

    def _join(self, share: Float, quality: float) -> None:
        self._sum = share if self._sum is None else self._sum + share
        self.quality = max(self.quality, quality)

    @property
    def direction(self) -> Float:
        """Unit vector, (D,); (0,) before the first embedding."""
        return np.zeros(0) if self._sum is None else self._sum / max(float(np.linalg.norm(self._sum)), 1e-12)

    def cosine(self, other: Template) -> float:
        """With another template; -1 where one of them is empty."""
        return float(self.direction @ other.direction) if self and other else -1.0


def likeness(looks: Looks, templates: Sequence[Template], faces: Sequence[Face]) -> Float:
    """What looks add to or take from each pairing of a track with a face, as far as both qualities deserve trust.

    Returns:
        (N, M); 0 where an embedding is missing.
    """
    out = np.zeros((len(templates), len(faces)))
    rows = [row for row, template in enumerate(templates) if template]
    columns = [(column, face.embedding.vector) for column, face in enumerate(faces) if face.embedding is not None]
    if not rows or not columns:
        return out
    seen = np.stack([vector for _, vector in columns]).astype(np.float64)
    cosine = np.stack([templates[row].direction for row in rows]) @ seen.T
    chosen = [column for column, _ in columns]
    quality = np.minimum.outer(
        [templates[row].quality for row in rows], [faces[column].quality.score for column in chosen]
    )
    trust = LOOKS_WEIGHT * np.minimum(quality / FULL_TRUST, 1.0)
    out[np.ix_(rows, chosen)] = trust * (looks.score(cosine) - 0.5)
    return out
