"""Tracks of a video joined to people: known ones by name, unknown ones by their looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vultus.types import Calibration, Track

_FMR = 1e-3


@dataclass(slots=True, eq=False)
class Person:
    """Somebody in a video.

    Attributes:
        label: the name, or "unknown 1", "unknown 2", ...
        name: None for an unknown person.
        spans: when they were in view, seconds, in order, without overlap.
        similarity: highest with the gallery, None without one.
    """

    label: str
    name: str | None
    spans: list[tuple[float, float]] = field(default_factory=list)
    similarity: float | None = None
    _sum: NDArray[np.float32] | None = None

    @property
    def total_s(self) -> float:
        return sum(end - start for start, end in self.spans)

    def add(self, track: Track) -> None:
        self.spans = _joined([*self.spans, (track.start_s, track.end_s)])
        if track.embedding is not None:
            self._sum = track.embedding.vector if self._sum is None else self._sum + track.embedding.vector
        if track.identification is not None:
            value = track.identification.decision.similarity
            if value is not None and (self.similarity is None or value > self.similarity):
                self.similarity = value

    def likeness(self, track: Track) -> float:
        """Cosine of the person so far with a track; -1 where it cannot be said, or both are in view at once."""
        import numpy as np

        together = any(start < track.end_s and track.start_s < end for start, end in self.spans)
        if together or self._sum is None or track.embedding is None:
            return -1.0
        return float(self._sum @ track.embedding.vector / np.linalg.norm(self._sum))


class People:
    """Everybody in one video; memory grows with the number of people and time spans, not with the frames.

    Args:
        calibration: gives the similarity from which two unknown tracks count as one person.
    """

    def __init__(self, calibration: Calibration) -> None:
        largest = calibration.points[0].fmr
        self._threshold = calibration.threshold(min(max(_FMR, calibration.smallest_fmr), largest))
        self._known: dict[str, Person] = {}
        self._unknown: list[Person] = []
        self.n_tracks = 0

    def add(self, track: Track) -> Person:
        """Take in a track; returns the person it belongs to."""
        self.n_tracks += 1
        name = track.identification.name if track.identification is not None else None
        if name is not None:
            person = self._known.setdefault(name, Person(name, name))
        else:
            likes = [person.likeness(track) for person in self._unknown]
            best = max(likes, default=-1.0)
            if best >= self._threshold:
                person = self._unknown[likes.index(best)]
            else:
                person = Person(f"unknown {len(self._unknown) + 1}", None)
                self._unknown.append(person)
        person.add(track)
        return person

    def sorted(self) -> list[Person]:
        """Known people first, then by first appearance."""
        everybody = [*self._known.values(), *self._unknown]
        return sorted(everybody, key=lambda person: (person.name is None, person.spans[0][0]))

    def records(self) -> list[dict[str, Any]]:
        """JSON values."""
        return [
            {"name": person.name, "label": person.label, "total_s": round(person.total_s, 3),
             "spans": [[round(start, 3), round(end, 3)] for start, end in person.spans],
             "similarity": None if person.similarity is None else round(person.similarity, 6)}
            for person in self.sorted()
        ]  # fmt: skip


def clock(seconds: float) -> str:
    """Seconds as people write them: 0:07.4, 1:02:03.0."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def _joined(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    out: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out
