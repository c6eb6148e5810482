"""Open-set identification: who is missed and who is wrongly named, with every person left out once as an unknown.

The first pictures of each person are enrolled. The others are searched among all people (mated searches), and every
picture is searched among the other people only (non-mated searches), as if its person had never been enrolled; so each
person is an unknown once. A face that is not found is a missed search. People with too few pictures to be
enrolled and searched are unknown all the time.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vultus.errors import ConfigError, InputError, UnsupportedTargetError
from vultus.evaluation.acquire import Acquired, Engine, acquire, calibration_of
from vultus.evaluation.measured import finite
from vultus.evaluation.pairs import read_table
from vultus.metrics.bootstrap import subject_bootstrap
from vultus.metrics.identification import NOT_ENROLLED, fnir, fpir, searches, threshold_at_fpir
from vultus.metrics.verification import rule_of_three

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from vultus.types import Calibration

Templates = Literal["average", "best"]
RULES: tuple[Templates, ...] = ("average", "best")
SETS = ("celeb_examples", "orl_faces", "yale_faces")


@dataclass(frozen=True, slots=True, eq=False)
class OpenSet:
    """Pictures of one face each, by person.

    Attributes:
        name: of the set.
        images: files; of each person, the first ones are enrolled.
        identities: who is on each of them.
        left_out: pictures of the set that are not used, with the reason.
    """

    name: str
    images: tuple[Path, ...]
    identities: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Miss:
    """A search that went wrong at the set's own threshold.

    Attributes:
        image: file.
        person: who is on it.
        kind: "not acquired", "not enrolled" (no enrolment picture of the person was acquired), "wrong person first",
            "below threshold" or, for a person left out, "named".
        similarity: with the right person, None when there is none.
        other: most similar other person.
        other_similarity: with that person.
    """

    image: str
    person: str
    kind: str
    similarity: float | None
    other: str
    other_similarity: float | None


@dataclass(frozen=True, slots=True)
class AtTarget:
    """Error rates at one threshold.

    Attributes:
        source: "these searches", or the id of the calibration that the threshold comes from.
        threshold: cosine.
        fpir, fnir: rates there.
        fnir_low, fnir_high: 95 % interval of the FNIR over resampled people.
    """

    source: str
    threshold: float
    fpir: float
    fnir: float
    fnir_low: float
    fnir_high: float


@dataclass(frozen=True, slots=True)
class OpenSetResult:
    """Result on one set.

    Attributes:
        name: of the set.
        templates: "average" or "best".
        n_people: enrolled.
        n_mated, n_nonmated: searches, those without a face among them.
        fta: share of the pictures without an acquired face.
        fpir_target: asked for, or the smallest that these non-mated searches support (`supported` is then False).
        supported: whether the searches support the rate asked for (rule of three).
        points: at the threshold chosen here, and at the pack's.
        missed: what went wrong at the first of them.
    """

    name: str
    templates: str
    n_people: int
    n_mated: int
    n_nonmated: int
    fta: float
    fpir_target: float
    supported: bool
    points: tuple[AtTarget, ...]
    missed: tuple[Miss, ...]


def read_set(data: Path, name: str) -> OpenSet:
    """Read one of the identity sets of the shared data: celebrities, ORL or Yale.

    Pictures of two people are left out, and the "normal" pictures of Yale, which repeat others byte for byte.

    Raises:
        ConfigError: no such set.
        InputError: the files are not there.
    """
    if name not in SETS:
        raise ConfigError(f"unknown identity set '{name}'; known: {', '.join(SETS)}")
    rows = read_table(data / name / "labels.csv", ("image", "identity"))
    images, identities, left_out = [], [], []
    for row in rows:
        if "|" in row["identity"]:
            left_out.append((row["image"], "two people"))
        elif row.get("condition") == "normal":
            left_out.append((row["image"], "repeats another picture"))
        else:
            images.append(data / name / "images" / row["image"])
            identities.append(f"{name}/{row['identity']}")
    return OpenSet(name, tuple(images), tuple(identities), tuple(left_out))


def pooled(sets: Sequence[OpenSet]) -> OpenSet:
    """All sets as one gallery, which has enough searches for small rates."""
    return OpenSet(
        "+".join(part.name for part in sets),
        tuple(image for part in sets for image in part.images),
        tuple(person for part in sets for person in part.identities),
        tuple(row for part in sets for row in part.left_out),
    )


def measure_sets(
    engine: Engine,
    sets: Sequence[OpenSet],
    *,
    fpir: float = 0.01,
    enrol: int = 3,
    templates: Sequence[Templates] = RULES,
    progress: Callable[[int], None] | None = None,
) -> tuple[OpenSetResult, ...]:
    """Embed every picture once and score each set and, when there are several, all of them as one gallery."""
    got = acquire(engine, pooled(sets).images, progress=progress)
    return score_sets(sets, got, fpir=fpir, enrol=enrol, templates=templates, calibration=calibration_of(engine))


def score_sets(
    sets: Sequence[OpenSet],
    got: Acquired,
    *,
    fpir: float = 0.01,
    enrol: int = 3,
    templates: Sequence[Templates] = RULES,
    calibration: Calibration | None = None,
) -> tuple[OpenSetResult, ...]:
    """Score embeddings of all sets one after the other: each set, then all as one; each template rule."""
    ends = np.cumsum([len(part.images) for part in sets])
    jobs = [(part, slice(int(end) - len(part.images), int(end))) for part, end in zip(sets, ends, strict=True)]
    if len(sets) > 1:
        jobs.append((pooled(sets), slice(0, int(ends[-1]))))
    return tuple(
        score_set(
            part,
            Acquired(got.vectors[rows], got.acquired[rows], {}),
            fpir=fpir,
            enrol=enrol,
            templates=rule,
            calibration=calibration,
        )
        for part, rows in jobs
        for rule in templates
    )


def score_set(
    part: OpenSet,
    got: Acquired,
    *,
    fpir: float = 0.01,
    enrol: int = 3,
    templates: Templates = "average",
    calibration: Calibration | None = None,
) -> OpenSetResult:
    """Score embeddings of a set.

    Args:
        part: pictures and people.
        got: one embedding per picture, in order.
        fpir: false positive identification rate asked for.
        enrol: pictures enrolled per person; who has fewer keeps one back to be searched.
        templates: "average" compares with the mean of a person's embeddings, "best" with the nearest of them.
        calibration: whose threshold is tried as well; None for none.

    Raises:
        InputError: counts differ, or too few people.
    """
    if len(got.acquired) != len(part.images):
        raise InputError(f"{len(part.images)} pictures need as many embeddings, not {len(got.acquired)}")
    people, person = np.unique(np.array(part.identities), return_inverse=True)
    enrolled = _enrolled(person, enrol)
    columns = np.unique(person[enrolled])
    if columns.size < 2:
        raise InputError(f"open-set identification needs two people with two pictures each, not {columns.size}")
    similarity = _similarity(got, person, enrolled, columns, templates)
    # Column of each picture's person; a person with one picture has none and is an unknown all the time.
    own = np.where(np.isin(person, columns), np.searchsorted(columns, person), NOT_ENROLLED)
    mated = np.flatnonzero(~enrolled & (own != NOT_ENROLLED))
    others = similarity.copy()
    known = np.flatnonzero(own != NOT_ENROLLED)
    others[known, own[known]] = -np.inf
    hits = searches(similarity[mated], own[mated]).mated
    alarms = others.max(axis=1)
    target = max(fpir, rule_of_three(alarms.size))
    points = _points(hits, alarms, own[mated], target, calibration, int(columns.size))
    threshold = points[0].threshold
    return OpenSetResult(
        name=part.name,
        templates=templates,
        n_people=int(columns.size),
        n_mated=int(mated.size),
        n_nonmated=int(alarms.size),
        fta=got.fta,
        fpir_target=target,
        supported=target <= fpir * (1 + 1e-9),
        points=points,
        missed=_missed(part, people[columns], similarity, others, got.acquired, own, mated, threshold),
    )


def to_dict(results: Sequence[OpenSetResult]) -> dict[str, Any]:
    """Plain values for JSON."""
    return {"schema": "vultus.opensets/1", "sets": [asdict(result) for result in results]}


def _enrolled(person: NDArray[np.int64], enrol: int) -> NDArray[np.bool_]:
    """The first pictures of each person, at least one of whom is kept back."""
    if enrol < 1:
        raise InputError(f"at least one picture per person is enrolled, not {enrol}")
    out = np.zeros(person.size, dtype=bool)
    for code in range(int(person.max()) + 1):
        rows = np.flatnonzero(person == code)
        out[rows[: min(enrol, rows.size - 1)]] = True
    return out


def _similarity(
    got: Acquired,
    person: NDArray[np.int64],
    enrolled: NDArray[np.bool_],
    columns: NDArray[np.int64],
    templates: Templates,
) -> NDArray[np.float64]:
    """Every picture against every enrolled person, minus infinity where either has no face; (N, people)."""
    out = np.full((person.size, columns.size), -np.inf)
    there = got.acquired
    for column, code in enumerate(columns):
        rows = np.flatnonzero(enrolled & there & (person == code))
        if rows.size == 0:
            continue
        kept = got.vectors[rows]
        if templates == "average":
            mean = kept.mean(axis=0, keepdims=True)
            kept = mean / np.linalg.norm(mean)
        out[there, column] = (got.vectors[there] @ kept.T).max(axis=1)
    return out


def _points(
    hits: NDArray[np.float64],
    alarms: NDArray[np.float64],
    searched: NDArray[np.int64],
    target: float,
    calibration: Calibration | None,
    n_people: int,
) -> tuple[AtTarget, ...]:
    """Error rates at the threshold that these searches give, and at the one of the calibration.

    Args:
        hits: mated searches, (M,).
        alarms: non-mated searches, (U,).
        searched: person of each mated search, (M,), for the interval.
        target: false positive identification rate.
        calibration: of the pack, or None.
        n_people: size of the gallery.
    """
    chosen = [("these searches", threshold_at_fpir(alarms, target))]
    if calibration is not None:
        # Where the pack's calibration does not reach so far, the point chosen here still stands.
        with suppress(UnsupportedTargetError):
            chosen.append((calibration.calibration_id, calibration.threshold_for_fpir(target, n_people)))
    points = []
    for source, threshold in chosen:
        low, high = _bounds(hits, searched, threshold)
        points.append(AtTarget(source, threshold, fpir(alarms, threshold), fnir(hits, threshold), low, high))
    return tuple(points)


def _bounds(hits: NDArray[np.float64], searched: NDArray[np.int64], threshold: float) -> tuple[float, float]:
    """95 % interval of the false negative identification rate over resampled people, the gallery staying as it is."""
    codes = np.unique(searched, return_inverse=True)[1]

    def statistic(drawn: NDArray[np.int64]) -> float:
        return fnir(hits, threshold, drawn[codes])

    low, high = subject_bootstrap(statistic, int(codes.max()) + 1)
    return float(low), float(high)


def _missed(
    part: OpenSet,
    names: NDArray[np.str_],
    similarity: NDArray[np.float64],
    others: NDArray[np.float64],
    acquired: NDArray[np.bool_],
    own: NDArray[np.int64],
    mated: NDArray[np.int64],
    threshold: float,
) -> tuple[Miss, ...]:
    found = []
    for index in mated:
        right, wrong = similarity[index, own[index]], others[index].max()
        if not acquired[index]:
            found.append((index, "not acquired"))
        elif np.isneginf(right):
            found.append((index, "not enrolled"))
        elif wrong >= right:
            found.append((index, "wrong person first"))
        elif right < threshold:
            found.append((index, "below threshold"))
    found += [(index, "named") for index in np.flatnonzero(others.max(axis=1) >= threshold)]
    return tuple(
        Miss(
            image=part.images[index].name,
            person=part.identities[index],
            kind=kind,
            similarity=finite(similarity[index, own[index]]) if own[index] != NOT_ENROLLED else None,
            other=str(names[int(others[index].argmax())]),
            other_similarity=finite(others[index].max()),
        )
        for index, kind in found
    )
