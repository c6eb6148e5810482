"""Comparisons with scores, of any system: read from a CSV file, or made of pairs of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.columns import Columns, numbered, read_columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SUBJECTS, IMAGES = ("subject1", "subject2"), ("image1", "image2")
NEEDED, OPTIONAL = ("score", "same"), (*SUBJECTS, *IMAGES, "fold")
NO_SUBJECTS = (
    "nobody tells who the people are, so comparisons are resampled instead: intervals are too narrow where people recur"
)


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Comparisons.

    Attributes:
        scores: higher is more alike, minus infinity where a comparison could not be made; float64, (P,).
        same: one person or two, bool, (P,).
        left, right: person on either side, int64, (P,); without people, the comparison itself.
        names: of the people; () where nobody tells who they are.
        fold: fold of each comparison, str, (P,), or None.
        warnings: what was noticed while reading.
    """

    scores: NDArray[np.float64]
    same: NDArray[np.bool_]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    names: tuple[str, ...] = ()
    fold: NDArray[np.str_] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def n_resampled(self) -> int:
        """How many people, or comparisons, a bootstrap draws from."""
        return len(self.names) or self.scores.size

    def people(self) -> tuple[str, ...]:
        """A line of warning where people are not known."""
        return () if self.names else (NO_SUBJECTS,)


def read_scored(path: Path) -> Scored:
    """Read score,same and maybe subject1,subject2, image1,image2 and fold; an empty score is a comparison not made.

    Raises:
        InputError: columns are missing, a value cannot be used, one class only, a pair twice, or people that contradict
            `same`.
    """
    columns = read_columns(path, NEEDED, OPTIONAL)
    scores, same = columns.numbers("score", missing=True), columns.truths("same")
    both_classes(same, str(path))
    if all(name in columns for name in IMAGES):
        columns.unique(*IMAGES, ordered=False, what="pair")
    names, left, right = subjects_of(columns, same)
    fold = np.array(columns.words("fold"), dtype=np.str_) if "fold" in columns else None
    return Scored(scores, same, left, right, names, fold, columns.unused_warning())


def subjects_of(
    columns: Columns, same: NDArray[np.bool_]
) -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.int64]]:
    """Names of the people and who is on either side; without subjects, no names and the row on both sides.

    Raises:
        InputError: there is one column of them only, or they contradict `same`.
    """
    there = [name for name in SUBJECTS if name in columns]
    if len(there) == 1:
        raise InputError(f"{columns.path} has the column {there[0]} alone; it needs both of subject1,subject2 or none")
    if not there:
        each = np.arange(columns.size, dtype=np.int64)
        return (), each, each
    names, (left, right) = numbered(columns.words("subject1"), columns.words("subject2"))
    wrong = np.flatnonzero((left == right) != same)
    if wrong.size:
        row = int(wrong[0])
        raise InputError(
            f"{columns.line(row)}: same is {int(same[row])}, but the subjects are {names[left[row]]} and "
            f"{names[right[row]]}"
        )
    return names, left, right


def both_classes(same: NDArray[np.bool_], source: str) -> None:
    """Refuse comparisons of one class only.

    Raises:
        InputError: they are all of one person, or all of two.
    """
    if same.all() or not same.any():
        what = "genuine" if same.all() else "impostor"
        raise InputError(f"{source} has {what} comparisons only; error rates need those of one person and of two")


def leaked(development: Sequence[str], test: Sequence[str]) -> tuple[str, ...]:
    """A line of warning when people that a threshold was chosen on are tested with it; () when none are, or unknown."""
    both = sorted(set(development) & set(test))
    if not both:
        return ()
    some = ", ".join(both[:3]) + (", ..." if len(both) > 3 else "")
    return (f"{len(both)} of the people are in the development file too ({some}): figures at its thresholds flatter",)
