"""From pictures to scores: pairs that a file lists, compared by an engine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vultus.evaluation.acquire import acquire
from vultus.evaluation.columns import numbered, read_columns
from vultus.evaluation.lists import read_list
from vultus.evaluation.measured import Measure
from vultus.evaluation.tasks.scored import SUBJECTS, Scored

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vultus.evaluation.acquire import Acquired, Engine
    from vultus.evaluation.lists import Listed
    from vultus.evaluation.measured import Report


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
    return Scored(scores, listed.same, listed.left, listed.right, _names(path, listed)), got, listed


def with_fta(report: Report, got: Acquired) -> Report:
    """Say how many pictures there were, and of how many no face was acquired."""
    sizes = {"pictures": got.acquired.size, **report.sizes}
    remark = "share of the pictures without an acquired face; their comparisons count as non-matches"
    return replace(report, sizes=sizes, measures=(Measure("fta", "", got.fta, remark=remark), *report.measures))


def _names(path: Path, listed: Listed) -> tuple[str, ...]:
    """What the people are called, by their numbers; without subjects, after a picture of theirs."""
    columns = read_columns(path, (), SUBJECTS)
    if all(name in columns for name in SUBJECTS):
        return numbered(columns.words("subject1"), columns.words("subject2"))[0]
    names = [""] * listed.subjects
    for people, pictures in ((listed.left, listed.a), (listed.right, listed.b)):
        for person, picture in zip(people.tolist(), pictures.tolist(), strict=True):
            names[person] = names[person] or str(listed.images[picture])
    return tuple(names)
