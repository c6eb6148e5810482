"""pairs.csv and scores.csv as people bring them: read, and refused with the line number when something is off."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.columns import numbered, read_columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_PAIRS, _SCORES, _SUBJECTS = ("image1", "image2", "same"), ("score", "same"), ("subject1", "subject2")
_TRUTH = {"1": True, "true": True, "0": False, "false": False}
_LARGEST = 2.0**53  # beyond it a float no longer tells one whole number from the next
_Row = dict[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """Comparisons from a file.

    Attributes:
        same: one person or two, bool, (P,).
        subjects: number of people, or 0 when the file does not tell who they are.
        left, right: person on either side, int64, (P,); without people, the comparison itself on both sides.
        scores: float64, (P,), or None when they are still to be made from the pictures.
        images: pictures, without repetition.
        a, b: picture on either side, int64, (P,); empty without pictures.
    """

    same: NDArray[np.bool_]
    subjects: int
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    scores: NDArray[np.float64] | None
    images: tuple[Path, ...]
    a: NDArray[np.int64]
    b: NDArray[np.int64]


def read_list(path: Path) -> Listed:
    """Read image1,image2,same (paths relative to the file) or score,same; both may add subject1,subject2.

    Without subjects, pictures that are joined by genuine pairs are of one person and any other picture is of somebody
    else; scores without subjects tell nothing of people.

    Raises:
        InputError: wrong columns, a bad value, a missing picture, a pair twice, people that contradict `same`, or one
            class only.
    """
    rows = _rows(path)
    same = np.array([as_truth(row["same"], f"{path}, line {line}") for line, row in enumerate(rows, 2)], dtype=bool)
    if same.all() or not same.any():
        what = "genuine" if same.all() else "impostor"
        raise InputError(f"{path} has {what} pairs only; a calibration needs pairs of one person and of two")
    if "score" in rows[0]:
        scores = np.array([as_score(row["score"], f"{path}, line {line}") for line, row in enumerate(rows, 2)])
        none = np.empty(0, np.int64)
        return Listed(same, *_people(rows, same, path), scores, (), none, none)
    images: dict[str, int] = {}
    seen: dict[tuple[int, int], int] = {}
    for line, row in enumerate(rows, 2):
        one, other = (images.setdefault(row[key], len(images)) for key in ("image1", "image2"))
        first = seen.setdefault((min(one, other), max(one, other)), line)
        if first != line:
            raise InputError(
                f"{path}, line {line}: {row['image1']} and {row['image2']} are a pair in line {first} already"
            )
        if one == other:
            raise InputError(f"{path}, line {line}: {row['image1']} is compared with itself")
    a, b = (np.array([images[row[key]] for row in rows], dtype=np.int64) for key in ("image1", "image2"))
    files = tuple(path.parent / name for name in images)
    absent = next((name for name, file in zip(images, files, strict=True) if not file.is_file()), None)
    if absent is not None:
        raise InputError(f"{path} names {absent}, but there is no such file in {path.parent}")
    people = _people(rows, same, path) if "subject1" in rows[0] else _joined(a, b, same, path)
    return Listed(same, *people, None, files, a, b)


def people_of(path: Path, listed: Listed) -> tuple[str, ...]:
    """What the people are called, by their numbers; without subjects, after a picture of theirs; () when unknown."""
    columns = read_columns(path, (), _SUBJECTS)
    if all(name in columns for name in _SUBJECTS):
        return numbered(columns.words("subject1"), columns.words("subject2"))[0]
    if not listed.images:
        return ()
    names = [""] * listed.subjects
    for people, pictures in ((listed.left, listed.a), (listed.right, listed.b)):
        for person, picture in zip(people.tolist(), pictures.tolist(), strict=True):
            names[person] = names[person] or str(listed.images[picture])
    return tuple(names)


def _rows(path: Path) -> list[_Row]:
    """The rows, each with the columns of one of the two kinds and nothing else."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            rows = list(reader)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read {path}: it is no CSV file in UTF-8") from error
    if not any(sorted(header) in (sorted(kind), sorted(kind + _SUBJECTS)) for kind in (_PAIRS, _SCORES)):
        raise InputError(
            f"{path} must have the columns image1,image2,same or score,same (and may have subject1,subject2), but has "
            f"{','.join(header) or 'none'}"
        )
    while rows and not rows[-1]:
        rows.pop()
    for line, row in enumerate(rows, 2):
        if len(row) != len(header) or not all(value.strip() for value in row):
            raise InputError(f"{path}, line {line}: expected a value for each of {','.join(header)}")
    if not rows:
        raise InputError(f"{path} has no rows")
    return [dict(zip(header, (value.strip() for value in row), strict=True)) for row in rows]


def as_truth(text: str, where: str) -> bool:
    """1 or 0, true or false.

    Raises:
        InputError: it is neither.
    """
    if text.lower() not in _TRUTH:
        raise InputError(f"{where}: same must be 1 or 0, but is {text}")
    return _TRUTH[text.lower()]


def as_score(text: str, where: str) -> float:
    """A finite number.

    Raises:
        InputError: it is none.
    """
    try:
        score = float(text)
    except ValueError:
        score = np.nan
    if not abs(score) < _LARGEST:
        raise InputError(
            f"{where}: score must be a finite number, but is {text}; leave out comparisons that were not made"
        )
    return score


def _people(
    rows: Sequence[_Row], same: NDArray[np.bool_], path: Path
) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
    """Number of people, and who is on either side."""
    if "subject1" not in rows[0]:
        each = np.arange(len(rows), dtype=np.int64)
        return 0, each, each
    codes: dict[str, int] = {}
    left, right = (
        np.array([codes.setdefault(row[key], len(codes)) for row in rows], dtype=np.int64) for key in _SUBJECTS
    )
    check_subjects(rows, same, left == right, path)
    return len(codes), left, right


def check_subjects(rows: Sequence[_Row], same: NDArray[np.bool_], one_person: NDArray[np.bool_], path: Path) -> None:
    """Refuse rows whose `same` says otherwise than their subjects.

    Raises:
        InputError: one does.
    """
    wrong = np.flatnonzero(one_person != same)
    if wrong.size:
        row = rows[wrong[0]]
        raise InputError(
            f"{path}, line {wrong[0] + 2}: same is {row['same']}, but the subjects are {row['subject1']} and "
            f"{row['subject2']}"
        )


def _joined(
    a: NDArray[np.int64], b: NDArray[np.int64], same: NDArray[np.bool_], path: Path
) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
    """People as far as genuine pairs tell: pictures joined by them, directly or through others, show one person."""
    parent = list(range(int(max(a.max(), b.max())) + 1))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for one, other in zip(a[same].tolist(), b[same].tolist(), strict=True):
        parent[root(one)] = root(other)
    codes = np.unique([root(index) for index in range(len(parent))], return_inverse=True)[1].astype(np.int64)
    wrong = np.flatnonzero((codes[a] == codes[b]) & ~same)
    if wrong.size:
        raise InputError(
            f"{path}, line {wrong[0] + 2}: same is 0, but other lines say that both pictures show one person"
        )
    return int(codes.max()) + 1, codes[a], codes[b]
