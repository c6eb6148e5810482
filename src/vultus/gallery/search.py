"""Who resembles a probe most: the exact door, and the rule that nobody is twice in one picture.

The exact door compares every probe with every template by one blocked matrix product.

Why averages are scaled. A threshold is calibrated on comparisons of one picture with one picture. The mean of several
pictures of a person is shorter than 1; made unit length again, as is usual, it raises the similarity of everybody,
strangers too, and the false positive rate with it: with the dlib pack to 2-6 times the target, the more pictures the
worse. Left as it is, it falls to a third. `average` therefore stretches how far a similarity lies from that of two
strangers, by a part of what was lost: measured on LFW, ORL and Yale (docs/decisions/0010), strangers then pass the
threshold as often as one comparison promises, and known people are missed less often than under "best".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, ShapeError
from vultus.types import Candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vultus.gallery.doors import Recall, Rule
    from vultus.gallery.templates import Changes, Templates
    from vultus.types import Calibration

_BLOCK_ROWS = 65_536
_STRETCH = 0.6  # 0 leaves means as they are, 1 gives all of their loss back


class ExactDoor:
    """Compares with everybody.

    Args:
        templates: of the whole gallery.
        rule: "average" compares with the mean of a person's templates, "best" with each and takes the highest
            similarity.
        background: typical cosine of two strangers, see `background_of`.
        block_rows: templates compared at once; bounds the memory of a search.

    Attributes:
        rows, offsets: `probe @ row + offset` is a similarity; float32, (n_templates, D) and (n_templates,).
        starts: row of each person's first template; int64, (n_people,).
    """

    def __init__(
        self, templates: Templates, rule: Rule = "average", background: float = 0.0, block_rows: int = _BLOCK_ROWS
    ) -> None:
        self._names = templates.names
        self._person_ids = templates.person_ids
        self.n_people = len(templates.names)
        self.recall: Recall | None = None
        self._face_ids: NDArray[np.int64] | None = None
        if rule == "average":
            self.rows, self.offsets = average(templates.vectors, templates.starts, background)
            self.starts = np.arange(self.n_people, dtype=np.int64)
        else:
            self.rows, self.starts, self._face_ids = templates.vectors, templates.starts, templates.face_ids
            self.offsets = np.zeros(len(self.rows), dtype=np.float32)
        self.n_templates = len(self.rows)
        self._blocks = _blocks(self.starts, self.n_templates, block_rows)

    def search(
        self, probes: NDArray[np.float32], top: int, within: NDArray[np.int64] | None = None
    ) -> list[list[Candidate]]:
        """The `top` most similar people of each probe, best first; see `Door.search`."""
        self.check(probes, top, within)
        if self.n_people == 0 or len(probes) == 0 or (within is not None and len(within) == 0):
            return [[] for _ in probes]
        if within is not None:
            return [self.among(probe, within, top) for probe in probes]
        best: list[list[_Hit]] = [[] for _ in probes]
        for first, last in self._blocks:
            start, end = self.starts[first], self.starts[last] if last < self.n_people else self.n_templates
            similarities = np.minimum(probes @ self.rows[start:end].T + self.offsets[start:end], 1.0)
            local = self.starts[first:last] - start
            alone = len(local) == similarities.shape[1]
            by_person = similarities if alone else np.maximum.reduceat(similarities, local, axis=1)
            for query, row in enumerate(by_person):
                found = [_Hit(float(row[at]), int(first + at)) for at in _largest(row, top)]
                if self._face_ids is not None:
                    found = [self._with_face(hit, similarities[query], int(start)) for hit in found]
                best[query] = sorted(best[query] + found, key=_order)[:top]
        return [[Candidate(self._names[hit.person], hit.similarity, hit.face_id) for hit in hits] for hits in best]

    def among(self, probe: NDArray[np.float32], people: NDArray[np.int64], top: int) -> list[Candidate]:
        """The `top` most similar of some people, best first; the same answer as if nobody else were known.

        Args:
            probe: float32, (D,), a unit vector.
            people: numbers of people, ascending, one at least.
            top: at least 1.
        """
        firsts = self.starts[people]
        counts = np.append(self.starts, self.n_templates)[people + 1] - firsts
        local = np.cumsum(counts) - counts
        at = np.repeat(firsts - local, counts) + np.arange(int(counts.sum()))
        similarities = np.minimum(self.rows[at] @ probe + self.offsets[at], 1.0)
        by_person = np.maximum.reduceat(similarities, local)
        found = []
        for best in _largest(by_person, top):
            own = slice(int(local[best]), int(local[best] + counts[best]))
            row = int(firsts[best] + np.argmax(similarities[own]))
            face_id = None if self._face_ids is None else int(self._face_ids[row])
            found.append(_Hit(float(by_person[best]), int(people[best]), face_id))
        return [Candidate(self._names[hit.person], hit.similarity, hit.face_id) for hit in sorted(found, key=_order)]

    def count(self, within: NDArray[np.int64] | None = None) -> int:
        """Templates that a probe is compared with; see `Door.count`."""
        if within is None:
            return self.n_templates
        return int(np.sum(np.append(self.starts, self.n_templates)[within + 1] - self.starts[within]))

    def positions(self, person_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of people; see `Door.positions`."""
        return np.flatnonzero(np.isin(self._person_ids, person_ids, assume_unique=True))

    def update(self, changes: Changes) -> bool:
        """Always anew."""
        return False

    def check(self, probes: NDArray[np.float32], top: int, within: NDArray[np.int64] | None = None) -> None:
        """Refuse what cannot be searched for.

        Raises:
            InputError: top is below 1, or somebody in `within` is not there.
            ShapeError: the probes have another dimension than the gallery.
        """
        if top < 1:
            raise InputError(f"top must be at least 1, but is {top}")
        if within is not None and len(within) and (within[0] < 0 or within[-1] >= self.n_people):
            raise InputError(
                f"within must hold positions from 0 to {self.n_people - 1}, but has {within[0]} to {within[-1]}"
            )
        if self.n_people and len(probes) and (probes.ndim != 2 or probes.shape[1] != self.rows.shape[1]):
            raise ShapeError("probes", f"(Q, {self.rows.shape[1]})", str(probes.shape))

    def _with_face(self, hit: _Hit, row: NDArray[np.float32], offset: int) -> _Hit:
        ids = self._face_ids
        if ids is None:
            return hit
        start = int(self.starts[hit.person])
        end = int(self.starts[hit.person + 1]) if hit.person + 1 < self.n_people else self.n_templates
        at = start + int(np.argmax(row[start - offset : end - offset]))
        return _Hit(hit.similarity, hit.person, int(ids[at]))


@dataclass(frozen=True, slots=True)
class _Hit:
    similarity: float
    person: int
    face_id: int | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one face of a picture came to.

    Attributes:
        candidates: best first; where matched, without people who are another face of the same picture.
        matched: the first candidate is who it is.
        displaced: everybody who reaches the threshold is another face of the same picture.
    """

    candidates: tuple[Candidate, ...]
    matched: bool
    displaced: bool


def average(
    vectors: NDArray[np.float32], starts: NDArray[np.int64], background: float = 0.0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """One template per person: `probe @ row + offset` is a similarity like that of one picture.

    Args:
        vectors: float32, (faces, D), unit rows.
        starts: first row of each person.
        background: typical cosine of two strangers.

    Returns:
        Rows, float32, (people, D), and offsets, float32, (people,). Of a person with one picture they are that
        picture's template and 0.
    """
    if len(starts) == 0:
        return np.zeros((0, vectors.shape[1]), dtype=np.float32), np.zeros(0, dtype=np.float32)
    counts = np.diff(np.append(starts, len(vectors)))
    rows = vectors[starts].astype(np.float32)
    offsets = np.zeros(len(starts), dtype=np.float32)
    # People with equally many pictures together: one step per number instead of one per person.
    for count in np.unique(counts[counts > 1]):
        people = np.flatnonzero(counts == count)
        means = vectors[starts[people, None] + np.arange(count)].mean(axis=1, dtype=np.float64)
        # Squared distance from the strangers' common direction: of one picture, and what the mean has kept of it.
        one, kept = 1.0 - background, np.einsum("pd,pd->p", means, means) - background
        stretch = (one / np.clip(kept, one / 4, one)) ** (_STRETCH / 2)
        rows[people] = means * stretch[:, None]
        offsets[people] = background * (1.0 - stretch)
    return rows, offsets


def background_of(calibration: Calibration) -> float:
    """Typical cosine of two strangers, from two points of a calibration a decade apart, as if they were normal."""
    first = calibration.points[0]
    second = min(calibration.points, key=lambda point: abs(math.log10(point.fmr * 10 / first.fmr)))
    at_first, at_second = -NormalDist().inv_cdf(first.fmr), -NormalDist().inv_cdf(second.fmr)
    if at_second <= at_first:
        return 0.0
    spread = (second.threshold - first.threshold) / (at_second - at_first)
    return min(max(first.threshold - at_first * spread, 0.0), 0.98)


def assign(ranked: Sequence[Sequence[Candidate]], threshold: float, *, exclusive: bool) -> list[Assignment]:
    """Give each face of a picture at most one person, and each person at most one face.

    The most similar pair is settled first; a face whose person is taken gets its next candidate that reaches the
    threshold, or stays unknown.

    Args:
        ranked: candidates of each face, best first.
        threshold: lowest similarity that counts.
        exclusive: False lets one person be several faces (faces of different pictures).
    """
    taken: dict[str, int] = {}
    given: dict[int, str] = {}
    pairs = ((one.similarity, face, one.name) for face, row in enumerate(ranked) for one in row)
    for _, face, name in sorted((pair for pair in pairs if pair[0] >= threshold), key=lambda pair: -pair[0]):
        if face not in given and (not exclusive or name not in taken):
            given[face] = name
            taken[name] = face
    answers = []
    for face, row in enumerate(ranked):
        reached = bool(row) and row[0].similarity >= threshold
        kept = row
        if face in given:
            # Whoever ranks above the one given reaches the threshold and is another face of this picture.
            free = {one.name for one in row if not exclusive or taken.get(one.name, face) == face}
            kept = [one for one in row if one.similarity < threshold or one.name in free]
        answers.append(Assignment(tuple(kept), face in given, reached and face not in given))
    return answers


def _blocks(starts: NDArray[np.int64], n_rows: int, block_rows: int) -> list[tuple[int, int]]:
    """Runs of people whose templates fit a block (or a single one with more); first and last + 1 each."""
    blocks = []
    first = 0
    while first < len(starts):
        last = int(np.searchsorted(starts, starts[first] + block_rows, side="right")) - 1
        if n_rows - starts[first] <= block_rows:
            last = len(starts)
        last = max(last, first + 1)
        blocks.append((first, last))
        first = last
    return blocks


def _largest(row: NDArray[np.float32], top: int) -> NDArray[np.int64]:
    """Positions of the `top` largest; of equal ones the first."""
    if top < len(row):
        bound = np.partition(row, len(row) - top)[len(row) - top]
        above = np.flatnonzero(row > bound)
        equal = np.flatnonzero(row == bound)[: top - len(above)]
        at = np.concatenate([above, equal])
    else:
        at = np.arange(len(row))
    return at.astype(np.int64)


def _order(hit: _Hit) -> tuple[float, int]:
    return -hit.similarity, hit.person
