"""What every reader of attack detection sets gives, and how scores of a system are put to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.columns import read_columns
from vultus.evaluation.tasks.pad import Presented, presented


@dataclass(frozen=True, slots=True)
class Presentation:
    """One film or picture.

    Attributes:
        name: as the scores file calls it.
        species: kind of attack, `vultus.evaluation.tasks.pad.BONA_FIDE` for people.
        subject: who it is, or whose likeness.
    """

    name: str
    species: str
    subject: str


def put_scores(path: Path, listed: Sequence[Presentation], name: Callable[[str], str]) -> Presented:
    """Scores of the presentations of a list.

    Args:
        path: CSV file with file,score; higher is more alive, an empty score is no answer.
        listed: presentations; those without a row have no answer.
        name: makes a name of what the scores file calls it.

    Raises:
        InputError: columns are missing, a value cannot be used, a file twice, no file of the list, or one class only.
    """
    columns = read_columns(path, ("file", "score"))
    names = [name(text) for text in columns.words("file")]
    given: dict[str, float] = {}
    for row, (film, score) in enumerate(zip(names, columns.numbers("score", missing=True).tolist(), strict=True)):
        if film in given:
            raise InputError(f"{columns.line(row)}: {film} stands there twice")
        given[film] = score
    wanted = {one.name for one in listed}
    strange, silent = set(given) - wanted, wanted - set(given)
    if len(silent) == len(wanted):
        raise InputError(f"{path} has no score of a file of the list, such as {listed[0].name}")
    warnings = [*columns.unused_warning()]
    if silent:
        warnings.append(f"{len(silent)} of the list have no score and count as not answered ({min(silent)}, ...)")
    if strange:
        warnings.append(f"{len(strange)} scores are of files that the list does not name ({min(strange)}, ...)")
    scores = np.array([given.get(one.name, -np.inf) for one in listed])
    return presented(
        scores, [one.species for one in listed], [one.subject for one in listed], str(path), tuple(warnings)
    )
