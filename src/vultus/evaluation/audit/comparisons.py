"""Comparisons with group labels, from a CSV file of any system."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.lists import as_score, as_truth, check_subjects

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_FIXED = ("score", "same", "subject1", "subject2")
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
    """

    scores: NDArray[np.float64]
    same: NDArray[np.bool_]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    n_subjects: int
    labels: Mapping[str, NDArray[np.str_]]
    source: str = ""
    sha256: str = ""

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
    Labels are those of people as they were annotated; an empty one is unknown.

    Raises:
        InputError: columns are missing, a value cannot be used, one class only, or a person has two labels.
    """
    try:
        content = path.read_bytes()
        rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines(), strict=True))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read {path}: it is no CSV file in UTF-8") from error
    if not rows:
        raise InputError(f"{path} has no rows")
    attributes = _attributes(list(rows[0]), path)
    scores, same = np.empty(len(rows)), np.empty(len(rows), dtype=bool)
    for at, row in enumerate(rows):
        where = f"{path}, line {at + 2}"
        if None in row or None in row.values():
            raise InputError(f"{where}: expected a value for each of {','.join(name for name in rows[0] if name)}")
        scores[at], same[at] = as_score(row["score"], where), as_truth(row["same"], where)
    if same.all() or not same.any():
        what = "genuine" if same.all() else "impostor"
        raise InputError(f"{path} has {what} comparisons only; an audit needs those of one person and of two")
    n_subjects, left, right = _people(rows, same, path)
    labels = {name: _labels(rows, name, left, right, path) for name in attributes}
    return Comparisons(scores, same, left, right, n_subjects, labels, str(path), hashlib.sha256(content).hexdigest())


def _attributes(header: list[str], path: Path) -> list[str]:
    found = [name[:-1] for name in header if name.endswith("1") and f"{name[:-1]}2" in header and name not in _FIXED]
    if not {"score", "same"} <= set(header) or not found:
        raise InputError(
            f"{path} must have the columns score, same and a pair per attribute such as group1,group2 (and may have "
            f"subject1,subject2), but has {','.join(str(name) for name in header) or 'none'}"
        )
    return found


def _people(
    rows: list[dict[str, str]], same: NDArray[np.bool_], path: Path
) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
    """Number of people, and who is on either side; without names, two of its own for each comparison of two."""
    if not {"subject1", "subject2"} <= set(rows[0]):
        each = np.arange(len(rows), dtype=np.int64)
        return 0, each, np.where(same, each, each + len(rows))
    codes: dict[str, int] = {}
    left, right = (
        np.array([codes.setdefault(row[key].strip(), len(codes)) for row in rows], dtype=np.int64)
        for key in ("subject1", "subject2")
    )
    check_subjects(rows, same, left == right, path)
    return len(codes), left, right


def _labels(
    rows: list[dict[str, str]], name: str, left: NDArray[np.int64], right: NDArray[np.int64], path: Path
) -> NDArray[np.str_]:
    given: dict[int, str] = {}
    for at, (row, one, other) in enumerate(zip(rows, left.tolist(), right.tolist(), strict=True)):
        for person, label in ((one, row[f"{name}1"].strip()), (other, row[f"{name}2"].strip())):
            known = given.setdefault(person, label)
            if label != known:
                raise InputError(
                    f"{path}, line {at + 2}: {name} of one person is '{known}' in an earlier line and '{label}' here"
                )
    size = int(max(left.max(), right.max())) + 1
    return np.array([given.get(person, UNKNOWN) for person in range(size)], dtype=np.str_)
