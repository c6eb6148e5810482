"""Groups of faces against who they really are: B-cubed and pairwise precision, recall and F.

B-cubed asks each face (Bagga and Baldwin 1998, Amigo et al. 2009): which part of its group is of its person, and which
part of its person is in its group? Large people weigh by their faces. Pairwise asks each pair that shares a group
whether it shares a person, and the other way round; people weigh by the square of their faces, so a few large ones
decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ShapeError
from vultus.metrics.labels import as_labels
from vultus.metrics.verification import as_weights

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well groups are people; all 0 to 1, higher is better.

    Attributes:
        precision: how pure the groups are.
        recall: how whole the people are.
    """

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of the two; 0 when both are."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def bcubed(truth: ArrayLike, groups: ArrayLike, weights: ArrayLike | None = None) -> Agreement:
    """B-cubed precision and recall.

    Args:
        truth: person of each face, text or whole numbers, (N,).
        groups: group of each face, the same, (N,).
        weights: how often each face is asked, (N,), say in a bootstrap by person; None for once. The groups stay whole.

    Raises:
        ShapeError: the labels are not of one length, or empty.
    """
    person, group = _numbered(truth, groups)
    count = as_weights(weights, person.size)
    _, cell, size = _shared(person, group)
    both = size[cell].astype(np.float64)
    precision = np.average(both / np.bincount(group)[group], weights=count)
    recall = np.average(both / np.bincount(person)[person], weights=count)
    return Agreement(float(precision), float(recall))


def pairwise(truth: ArrayLike, groups: ArrayLike) -> Agreement:
    """Precision and recall of "these two are one person" over all pairs of faces.

    Where no pair shares a group nothing wrong is said, and precision is 1; where none shares a person, recall is 1.

    Args:
        truth, groups: as in `bcubed`.

    Raises:
        ShapeError: the labels are not of one length, or empty.
    """
    person, group = _numbered(truth, groups)
    right = _pairs(_shared(person, group)[2])
    said, there = _pairs(np.bincount(group)), _pairs(np.bincount(person))
    return Agreement(right / said if said else 1.0, right / there if there else 1.0)


def _numbered(truth: ArrayLike, groups: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    people = as_labels(truth, "truth")
    found = as_labels(groups, "groups")
    if found.size != people.size:
        raise ShapeError("groups", f"of shape ({people.size},)", f"of shape {found.shape}")
    return tuple(np.unique(labels, return_inverse=True)[1].astype(np.int64) for labels in (people, found))  # type: ignore[return-value]


def _shared(person: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Distinct (person, group) codes, which one each face has, and faces of each."""
    codes = person * (int(group.max()) + 1) + group
    names, cell, size = np.unique(codes, return_inverse=True, return_counts=True)
    return names, cell, size


def _pairs(sizes: NDArray[np.int64]) -> int:
    wide = sizes.astype(np.int64)
    return int((wide * (wide - 1) // 2).sum())
