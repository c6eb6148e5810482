"""From pictures to scores: pairs that a file lists and folders of people, compared by an engine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, VultusError
from vultus.evaluation.acquire import NO_FACE, NOT_EMBEDDED, Acquired, acquire
from vultus.evaluation.columns import numbered, read_columns
from vultus.evaluation.lists import people_of, read_list
from vultus.evaluation.measured import Measure
from vultus.evaluation.sets.ijb import pool
from vultus.evaluation.tasks.identification import NEVER, Searched
from vultus.evaluation.tasks.pad import Presented, presented
from vultus.evaluation.tasks.quality import Graded
from vultus.evaluation.tasks.scored import Scored, both_classes
from vultus.metrics.quality import pair_quality
from vultus.types import prominent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.evaluation.acquire import Engine
    from vultus.evaluation.lists import Listed
    from vultus.evaluation.measured import Report
    from vultus.evaluation.sets.pairset import PairSet

_PART = 100_000
_NAMED = 10


def compare_listed(
    engine: Engine, path: Path, progress: Callable[[int], None] | None = None
) -> tuple[Scored, Acquired, Listed]:
    """Compare the pairs of image1,image2,same; one with a face that was not acquired counts as not made.

    Args:
        engine: finds and embeds.
        path: as `vultus.evaluation.lists.read_list` takes it.
        progress: called with the number of pictures done.

    Raises:
        InputError: the list cannot be used.
    """
    listed = read_list(path)
    got = acquire(engine, listed.images, progress=progress)
    scores = got.similarity(listed.a, listed.b).astype(np.float64)
    return Scored(scores, listed.same, listed.left, listed.right, people_of(path, listed)), got, listed


def compare_set(
    engine: Engine, pairs: PairSet, progress: Callable[[int], None] | None = None
) -> tuple[Scored, Acquired]:
    """Compare the pairs of a published set; one with a face that was not acquired counts as not made.

    Args:
        engine: finds and embeds.
        pairs: of pictures, or of templates of several pictures.
        progress: called with the number of pictures done.

    Raises:
        InputError: the pairs are of one class only.
    """
    both_classes(pairs.same, "the set")
    got = acquire(engine, pairs.images, progress=progress)
    sides = got
    if pairs.template is not None and pairs.medium is not None:
        vectors, there = pool(got.vectors, got.acquired, pairs.template, pairs.medium)
        sides = Acquired(vectors, there, {})
    # in parts, since a set may list millions of pairs
    scores = np.concatenate([
        sides.similarity(pairs.a[at : at + _PART], pairs.b[at : at + _PART]) for at in range(0, pairs.a.size, _PART)
    ]).astype(np.float64)  # fmt: skip
    if not pairs.people:
        each = np.arange(pairs.same.size, dtype=np.int64)
        return Scored(scores, pairs.same, each, each, (), pairs.fold), got
    names, (person,) = numbered(pairs.people)
    return Scored(scores, pairs.same, person[pairs.a], person[pairs.b], names, pairs.fold), got


def grade_listed(scored: Scored, got: Acquired, listed: Listed) -> Graded:
    """The genuine ones among compared pairs, with the engine's own quality of the worse picture.

    Raises:
        InputError: the engine gives no quality.
    """
    if got.quality is None or not np.isfinite(got.quality).any():
        raise InputError("this engine gives faces no quality score; give a CSV file with score,quality1,quality2")
    quality = np.where(np.isnan(got.quality), -np.inf, got.quality)
    same = scored.same
    people, person = np.unique(scored.left[same], return_inverse=True)
    worse = pair_quality(quality[listed.a[same]], quality[listed.b[same]])
    return Graded(scored.scores[same], worse, person.astype(np.int64), people.size)


def search_people(got: Acquired, people: Sequence[str], n_enrolled: int) -> Searched:
    """Search pictures of people among each other.

    The first pictures of each person who has more are enrolled, as one averaged template. The others are searched among
    everybody, and every picture also among the other people only, as if its person had never been enrolled: each person
    is an unknown once. A picture without a face is a search that finds nobody.

    Args:
        got: embeddings of the pictures.
        people: who is on each of them.
        n_enrolled: pictures that are enrolled of each person.

    Raises:
        InputError: fewer than two people can be enrolled.
    """
    names, (person,) = numbered(people)
    seen, turn = np.zeros(len(names), dtype=np.int64), np.zeros(person.size, dtype=np.int64)
    for row, who in enumerate(person.tolist()):
        turn[row] = seen[who]
        seen[who] += 1
    size = np.bincount(person)
    known = np.flatnonzero(size > n_enrolled)
    if known.size < 2:
        raise InputError(
            f"searching needs at least two people with more than {n_enrolled} pictures each, but there are {known.size}"
        )
    column = np.full(len(names), -1)
    column[known] = np.arange(known.size)
    gallery = np.zeros((known.size, got.vectors.shape[1]), dtype=np.float32)
    kept = (turn < n_enrolled) & (column[person] >= 0) & got.acquired
    np.add.at(gallery, column[person[kept]], got.vectors[kept])
    length = np.linalg.norm(gallery, axis=1, keepdims=True)
    gallery = np.divide(gallery, length, out=np.zeros_like(gallery), where=length > 0)
    scores = np.where(got.acquired[:, None] & (length[:, 0] > 0), np.nan_to_num(got.vectors) @ gallery.T, -np.inf)
    mated = np.flatnonzero((turn >= n_enrolled) & (column[person] >= 0))
    own = scores[mated, column[person[mated]]]
    rank = np.where(np.isneginf(own), NEVER, (scores[mated] >= own[:, None]).sum(axis=1))
    others = scores.copy()
    there = np.flatnonzero(column[person] >= 0)
    others[there, column[person[there]]] = -np.inf
    return _joined(scores, own, rank, others, person, mated, len(names))


def _joined(
    scores: NDArray[np.float32], own: NDArray[np.float32], rank: NDArray[np.int64], others: NDArray[np.float32],
    person: NDArray[np.int64], mated: NDArray[np.int64], n_searched: int,
) -> Searched:  # fmt: skip
    """Mated searches, then every picture among the other people."""
    enrolled = np.arange(mated.size + person.size) < mated.size
    never = np.full(person.size, -np.inf)
    return Searched(
        enrolled,
        np.concatenate([own, never]).astype(np.float64),
        np.concatenate([rank, np.full(person.size, NEVER)]).astype(np.int64),
        np.concatenate([scores[mated].max(axis=1), others.max(axis=1)]).astype(np.float64),
        np.concatenate([person[mated], person]),
        n_searched,
        scores.shape[1],
        ("each person is left out of the gallery once, so searches by strangers are among one person less",),
    )


def look_alive(engine: Engine, path: Path, progress: Callable[[int], None] | None = None) -> tuple[Presented, float]:
    """Let the engine judge pictures of image,species (and subject); one without a face has no answer.

    Args:
        engine: of a pack with presentation attack detection.
        path: CSV file; paths relative to it, the species of people is bona_fide.
        progress: called with the number of pictures done.

    Returns:
        Presentations, and the engine's own threshold.

    Raises:
        InputError: the list cannot be used, or the engine judges no face.
    """
    columns = read_columns(path, ("image", "species"), ("subject",))
    columns.unique("image", what="image")
    files = [path.parent / name for name in columns.words("image")]
    absent = next((file for file in files if not file.is_file()), None)
    if absent is not None:
        raise InputError(f"{path} names {absent}, but there is no such file")
    scores, threshold = np.full(len(files), -np.inf), None
    for index, (_, found) in enumerate(engine.find_each(files, embed=False)):
        face = None if isinstance(found, VultusError) else prominent(found)
        if face is not None and face.liveness is not None:
            scores[index], threshold = face.liveness.live_score, face.liveness.threshold
        if progress is not None:
            progress(index + 1)
    if threshold is None:
        raise InputError("no face was judged: the pack has no attack detection, or no picture shows a face")
    words = columns.words("subject") if "subject" in columns else ()
    found_all = presented(scores, columns.words("species"), words, str(path), columns.unused_warning())
    return found_all, threshold


def with_fta(report: Report, got: Acquired) -> Report:
    """Say how many pictures there were, of how many no face was acquired, and which could not be read."""
    sizes = {"pictures": got.acquired.size, **report.sizes}
    remark = "share of the pictures without an acquired face; their comparisons count as non-matches"
    broken = [reason for reason in got.reasons.values() if reason not in (NO_FACE, NOT_EMBEDDED)]
    warnings = [*report.warnings, *broken[:_NAMED]]
    if len(broken) > _NAMED:
        warnings.append(f"and {len(broken) - _NAMED} more pictures that cannot be read")
    measures = (Measure("fta", "", got.fta, remark=remark), *report.measures)
    return replace(report, sizes=sizes, measures=measures, warnings=tuple(warnings))
