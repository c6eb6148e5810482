"""Comparisons with group labels, from a CSV file of any system."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.columns import header_of, read_columns
from vultus.evaluation.lists import NOT_MADE
from vultus.evaluation.tasks.scored import IMAGES, SUBJECTS, subjects_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.evaluation.columns import Columns

_FIXED = (*SUBJECTS, *IMAGES)
UNKNOWN = ""


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """Scores, truth, people and their groups.

    Attributes:
        scores: higher is more alike; float64, (N,).
        same: one person or two; bool, (N,).
        left, right: person on either side; int64, (N,).
        n_subjects: people; 0 where the file does not tell who they are, then `left` and `right` count comparisons.
        labels: by attribute, the label of each person; str, (people,). "" is unknown.
        source: what it was read from.
        sha256: of that file, hexadecimal; "" where there is none.
        people: what they are called; () where the file does not tell.
    """

    scores: NDArray[np.float64]
    same: NDArray[np.bool_]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    n_subjects: int
    labels: Mapping[str, NDArray[np.str_]]
    source: str = ""
    sha256: str = ""
    people: tuple[str, ...] = ()

    def group_of(self, attributes: tuple[str, ...]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        """Names of the groups of some attributes together, and the group of each person; -1 where one is unknown."""
        columns = np.stack([self.labels[name] for name in attributes])
        known = (columns != UNKNOWN).all(axis=0)
        words = np.array([" / ".join(column) for column in columns.T], dtype=np.str_)
        names, codes = np.unique(words[known], return_inverse=True)
        group = np.full(len(words), -1, dtype=np.int64)
        group[known] = codes
        return tuple(names.tolist()), group


def read_comparisons(path: Path) -> Comparisons:
    """Read score,same,subject1,subject2 and a pair of columns per attribute, e.g. race1,race2 and age1,age2.

    Without subjects every comparison counts as two people of its own: intervals are then too narrow when people recur.
    Labels are those of people as they were annotated; an empty one is unknown. With image1,image2 a pair that stands
    there twice is refused.

    Raises:
        InputError: columns are missing, a value cannot be used, one class only, a pair twice, or a person has two
            labels.
    """
    attributes = _attributes(header_of(path), path)
    sides = tuple(f"{name}{side}" for name in attributes for side in (1, 2))
    columns = read_columns(path, ("score", "same", *sides), (*SUBJECTS, *IMAGES))
    scores, same = columns.numbers("score", instead=NOT_MADE), columns.truths("same")
    if same.all() or not same.any():
        what = "genuine" if same.all() else "impostor"
        raise InputError(f"{path} has {what} comparisons only; an audit needs those of one person and of two")
    if all(name in columns for name in IMAGES):
        columns.unique(*IMAGES, ordered=False, what="pair")
    people, left, right = subjects_of(columns, same)
    if not people:  # two of its own for each comparison of two
        right = np.where(same, left, left + columns.size)
    labels = {name: _labels(columns, name, left, right) for name in attributes}
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Comparisons(scores, same, left, right, len(people), labels, str(path), digest, people)


def _attributes(header: tuple[str, ...], path: Path) -> list[str]:
    found = [name[:-1] for name in header if name.endswith("1") and f"{name[:-1]}2" in header and name not in _FIXED]
    if not {"score", "same"} <= set(header) or not found:
        raise InputError(
            f"{path} must have the columns score, same and a pair per attribute such as group1,group2 (and may have "
            f"subject1,subject2), but has {','.join(header) or 'none'}"
        )
    return found


def _labels(
    columns: Columns, name: str, left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.str_]:  # fmt: skip
    given: dict[int, str] = {}
    sides = (zip(people.tolist(), columns.values[f"{name}{side}"], strict=True)
             for people, side in ((left, 1), (right, 2)))  # fmt: skip
    for at, both in enumerate(zip(*sides, strict=True)):
        for person, label in both:
            known = given.setdefault(person, label)
            if label != known:
                raise InputError(
                    f"{columns.line(at)}: {name} of one person is '{known}' in an earlier line and '{label}' here"
                )
    size = int(max(left.max(), right.max())) + 1
    return np.array([given.get(person, UNKNOWN) for person in range(size)], dtype=np.str_)
