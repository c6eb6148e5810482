"""pairs.csv and scores.csv as people bring them: read, and refused with the line number when something is off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.columns import header_of, numbered, read_columns
from vultus.evaluation.tasks.scored import SUBJECTS, subjects_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.evaluation.columns import Columns

NOT_MADE = "leave out comparisons that were not made"
_PAIRS, _SCORES = ("image1", "image2", "same"), ("score", "same")
_LARGEST = 2.0**53  # beyond it a float no longer tells one whole number from the next


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
    columns = _columns(path)
    same = columns.truths("same")
    if same.all() or not same.any():
        what = "genuine" if same.all() else "impostor"
        raise InputError(f"{path} has {what} pairs only; a calibration needs pairs of one person and of two")
    names, left, right = subjects_of(columns, same)
    if "score" in columns:
        none = np.empty(0, np.int64)
        return Listed(same, len(names), left, right, _scores(columns), (), none, none)
    columns.unique("image1", "image2", ordered=False, what="pair")
    # in the order of the lines: people without a name are called after their first picture
    sides = zip(columns.words("image1"), columns.words("image2"), strict=True)
    images, (cells,) = numbered([name for pair in sides for name in pair])
    a, b = cells[::2], cells[1::2]
    itself = np.flatnonzero(a == b)
    if itself.size:
        raise InputError(f"{columns.line(int(itself[0]))}: {images[a[itself[0]]]} is compared with itself")
    files = tuple(path.parent / name for name in images)
    absent = next((name for name, file in zip(images, files, strict=True) if not file.is_file()), None)
    if absent is not None:
        raise InputError(f"{path} names {absent}, but there is no such file in {path.parent}")
    people = (len(names), left, right) if names else _joined(a, b, same, columns)
    return Listed(same, *people, None, files, a, b)


def people_of(path: Path, listed: Listed) -> tuple[str, ...]:
    """What the people are called, by their numbers; without subjects, after a picture of theirs; () when unknown."""
    columns = read_columns(path, (), SUBJECTS)
    if all(name in columns for name in SUBJECTS):
        return numbered(columns.words("subject1"), columns.words("subject2"))[0]
    if not listed.images:
        return ()
    names = [""] * listed.subjects
    for people, pictures in ((listed.left, listed.a), (listed.right, listed.b)):
        for person, picture in zip(people.tolist(), pictures.tolist(), strict=True):
            names[person] = names[person] or str(listed.images[picture])
    return tuple(names)


def _columns(path: Path) -> Columns:
    """The columns of one of the two kinds and nothing else."""
    header = header_of(path)
    kind = next((kind for kind in (_PAIRS, _SCORES)
                 if sorted(header) in (sorted(kind), sorted(kind + SUBJECTS))), None)  # fmt: skip
    if kind is None:
        raise InputError(
            f"{path} must have the columns image1,image2,same or score,same (and may have subject1,subject2), but has "
            f"{','.join(header) or 'none'}"
        )
    return read_columns(path, kind, SUBJECTS)


def _scores(columns: Columns) -> NDArray[np.float64]:
    scores = columns.numbers("score", instead=NOT_MADE)
    large = np.flatnonzero(np.abs(scores) >= _LARGEST)
    if large.size:
        raise InputError(
            f"{columns.line(int(large[0]))}: score must be a finite number below 2^53, but is {scores[large[0]]:g}"
        )
    return scores


def _joined(
    a: NDArray[np.int64], b: NDArray[np.int64], same: NDArray[np.bool_], columns: Columns
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
            f"{columns.line(int(wrong[0]))}: same is 0, but other lines say that both pictures show one person"
        )
    return int(codes.max()) + 1, codes[a], codes[b]
