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
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import ConfigError
from vultus.gallery.doors import check_search
from vultus.gallery.part import KERNELS, Best, Numbers, Part
from vultus.gallery.record import Names
from vultus.gallery.templates import Templates
from vultus.types import Candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vultus.gallery.doors import Recall, Rule
    from vultus.gallery.part import Kernel
    from vultus.gallery.templates import Changes
    from vultus.types import Calibration

    Masks = tuple[NDArray[np.bool_] | None, NDArray[np.bool_] | None]

_SHARE, _FEW = 20, 64  # one changed person in 20, or these few, are kept apart; with more, all is made anew
_STRETCH = 0.6  # 0 leaves means as they are, 1 gives all of their loss back


class ExactDoor:
    """Compares with everybody.

    What changes goes into a second, small part, and whoever has gone is passed over, until so many have changed that
    making all anew is better. `update` puts new arrays in the place of old ones, so that a copy of the door made before
    keeps its state.

    Args:
        templates: of the whole gallery.
        rule: "average" compares with the mean of a person's templates, "best" with each and takes the highest
            similarity.
        background: typical cosine of two strangers, see `background_of`.
        kernel: how to look: "float32"; "int8", four times less to read, which finds the same (`kernel.py`); or "auto":
            "int8" in large galleries, after the first probes.

    Raises:
        ConfigError: there is no such kernel.
    """

    def __init__(
        self, templates: Templates, rule: Rule = "average", background: float = 0.0, *, kernel: Kernel = "auto"
    ) -> None:
        if kernel not in KERNELS:
            raise ConfigError(f"the kernel must be one of {', '.join(KERNELS)}, but is '{kernel}'")
        self.recall: Recall | None = None
        self._rule, self._background, self._kernel = rule, background, kernel
        self._dimension = templates.vectors.shape[1]
        self.base = self._part(templates)
        self.fresh = self._part(_nobody(self._dimension))
        self._fresh_templates = _nobody(self._dimension)
        # Who of the base is still as it was there; None for everybody.
        self.alive: NDArray[np.bool_] | None = None
        self._count()

    def search(
        self, probes: NDArray[np.float32], top: int, within: NDArray[np.int64] | None = None
    ) -> list[list[Candidate]]:
        """The `top` most similar people of each probe, best first; see `Door.search`."""
        self.check(probes, top, within)
        best = [Best(probe, top) for probe in np.ascontiguousarray(probes, dtype=np.float32)]
        for number, (part, passing) in enumerate(zip((self.base, self.fresh), self.passing(within), strict=True)):
            part.search(best, passing, number)
        return [self.candidates(one) for one in best]

    def among(
        self, probe: NDArray[np.float32], people: NDArray[np.int64], top: int, fresh: NDArray[np.bool_] | None = None
    ) -> list[Candidate]:
        """The `top` most similar of some people of the base and of those who are new since; see `Door.search`.

        Args:
            probe: float32, (D,), a unit vector.
            people: places in the base, ascending.
            top: at least 1.
            fresh: who may be found of those who are new since.
        """
        best = Best(probe, top)
        self.base.compare([best], people, 0)
        self.fresh.search([best], fresh, 1)
        return self.candidates(best)

    def passing(self, within: NDArray[np.int64] | None) -> Masks:
        """Who may be found, of the base and of those who are new since, (P,) each; None for everybody."""
        if within is None:
            return self.alive, None
        if self.alive is None and not len(self.fresh):
            base = np.zeros(len(self.base), dtype=bool)
            base[within] = True
            return base, np.zeros(0, dtype=bool)
        base, fresh = (_known(part, self._person_ids[within]) for part in (self.base, self.fresh))
        return base if self.alive is None else base & self.alive, fresh

    def candidates(self, best: Best) -> list[Candidate]:
        """What was found, with names."""
        found = []
        for similarity, row, number in zip(best.similarities, best.rows, best.parts, strict=True):
            part = self.fresh if number else self.base
            person = int(part.people_of(np.array([row]))[0])
            face_id = None if part.face_ids is None else int(part.face_ids[row])
            found.append(Candidate(part.names[person], float(similarity), face_id))
        return found

    def count(self, within: NDArray[np.int64] | None = None) -> int:
        """Templates that a probe is compared with; see `Door.count`."""
        if within is None:
            return self.n_templates
        parts = zip((self.base, self.fresh), self.passing(within), strict=True)
        return sum(int(part.counts()[mask].sum()) for part, mask in parts)

    def positions(self, person_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of people; see `Door.positions`."""
        return np.flatnonzero(np.isin(self._person_ids.all(), person_ids, assume_unique=True))

    def update(self, changes: Changes) -> bool:
        """Take in what has changed; see `Door.update`."""
        if changes.people.vectors.shape[1] != self._dimension:
            return False  # the gallery has moved to another model, or nobody was ever in it
        touched = np.union1d(changes.gone, changes.people.person_ids)
        alive = np.ones(len(self.base), dtype=bool) if self.alive is None else self.alive.copy()
        alive[np.isin(self.base.person_ids.all(), touched, assume_unique=True)] = False
        fresh = merged(self._fresh_templates, touched, changes.people)
        if len(fresh.names) + np.count_nonzero(~alive) > max(_FEW, len(self.base) // _SHARE):
            return False
        self._fresh_templates, self.fresh, self.alive = fresh, self._part(fresh), alive
        self._count()
        return True

    def check(self, probes: NDArray[np.float32], top: int, within: NDArray[np.int64] | None = None) -> None:
        """Refuse what cannot be searched for.

        Raises:
            InputError: top is below 1, or somebody in `within` is not there.
            ShapeError: the probes have another dimension than the gallery.
        """
        check_search(probes, top, within, self.n_people, self._dimension)

    def _part(self, templates: Templates) -> Part:
        names, ids, starts, vectors = templates.names, templates.person_ids, templates.starts, templates.vectors
        if self._rule == "best":
            return Part(names, ids, starts, vectors, None, templates.face_ids, self._kernel)
        if len(ids) == len(vectors):
            return Part(names, ids, starts, vectors, kernel=self._kernel)
        rows, offsets = average(vectors, starts, self._background)
        return Part(names, ids, np.arange(len(ids)), rows, offsets, kernel=self._kernel)

    def _count(self) -> None:
        self._person_ids = self.base.person_ids
        if self.alive is not None or len(self.fresh):
            base = self.base.person_ids.all()
            base = base if self.alive is None else base[self.alive]
            self._person_ids = Numbers(np.sort(np.concatenate([base, self.fresh.person_ids.all()])))
        self.n_people = len(self._person_ids)
        known = len(self.base.rows) if self.alive is None else int(self.base.counts()[self.alive].sum())
        self.n_templates = known + len(self.fresh.rows)


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


def merged(templates: Templates, without: NDArray[np.int64], more: Templates) -> Templates:
    """Templates without some people and with others, who must not be left, in the order of their numbers."""
    kept = np.flatnonzero(np.isin(templates.person_ids, without, assume_unique=True, invert=True))
    both = (templates, kept), (more, np.arange(len(more.names)))
    ids = np.concatenate([one.person_ids[people] for one, people in both])
    counts = np.concatenate([np.diff(np.append(one.starts, len(one.vectors)))[people] for one, people in both])
    names = [one.names[int(person)] for one, people in both for person in people]
    order = np.argsort(ids)
    firsts = np.concatenate([one.starts[people] + past for (one, people), past in zip(
        both, (0, len(templates.vectors)), strict=True
    )])[order]  # fmt: skip
    counts = counts[order]
    starts = np.cumsum(counts) - counts
    rows = np.repeat(firsts - starts, counts) + np.arange(int(counts.sum()))
    return Templates(
        more.revision, Names(names[at] for at in order), starts, np.append(templates.face_ids, more.face_ids)[rows],
        np.concatenate([templates.vectors, more.vectors])[rows], ids[order],
    )  # fmt: skip


def _known(part: Part, person_ids: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Who of a part has one of these numbers, ascending."""
    passing = np.zeros(len(part), dtype=bool)
    own = part.person_ids.all()
    at = np.searchsorted(own, person_ids)
    inside = at < len(part)
    passing[at[inside][own[at[inside]] == person_ids[inside]]] = True
    return passing


def _nobody(dimension: int) -> Templates:
    none = np.zeros(0, dtype=np.int64)
    return Templates(0, (), none, none, np.zeros((0, dimension), dtype=np.float32), none)
