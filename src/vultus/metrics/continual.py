"""What a model still knows when classes arrive one task after another.

A[t, u] is the accuracy on the classes of task u once task t was learnt, with every class seen until then to choose
from. Forgetting and backward transfer are those of Chaudhry et al. (ECCV 2018) and Lopez-Paz and Ranzato (NeurIPS
2017).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


def accuracy_matrix(truth: ArrayLike, tasks: ArrayLike, answers: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """A[t, u]; not a number where u comes after t.

    Args:
        truth: class of each example, whole numbers, (N,).
        tasks: the task in which its class arrived, 0 to T - 1, (N,).
        answers: for each task in order, what the model said of every example once it had learnt it, (N,). What it says
            of classes that had not arrived by then is not looked at.

    Returns:
        float64, (T, T).

    Raises:
        ShapeError: the arrays are not equally long.
        InputError: a task has no example.
    """
    classes, task = np.asarray(truth), np.asarray(tasks)
    said = np.stack([np.asarray(one) for one in answers]) if len(answers) else np.empty((0, 0))
    if not classes.shape == task.shape == said.shape[1:] or classes.ndim != 1:
        shapes = ", ".join(str(array.shape) for array in (classes, task, said))
        raise ShapeError("truth, tasks and answers", "(N,), (N,) and T times (N,)", shapes)
    count = len(said)
    empty = [one for one in range(count) if not (task == one).any()]
    if empty:
        raise InputError(f"task {empty[0]} has no example: nothing can be said of it")
    right = said == classes
    found = np.array([[right[t, task == u].mean() for u in range(count)] for t in range(count)])
    return np.where(np.tri(count, dtype=bool), found, np.nan)


def final_accuracy(matrix: ArrayLike, classes: Sequence[int]) -> float:
    """Accuracy after the last task, every class counting the same.

    Args:
        matrix: A, (T, T), over examples in which classes are equally frequent inside a task.
        classes: how many arrived in each task.
    """
    return float(np.average(_square(matrix)[-1], weights=classes))


def forgetting(matrix: ArrayLike) -> float:
    """How far each earlier task fell from its best: mean of max over t < T of A[t, u] - A[T, u]; 0 with one task."""
    accuracy = _square(matrix)
    last = len(accuracy) - 1
    falls = [np.nanmax(accuracy[u:last, u]) - accuracy[last, u] for u in range(last)]
    return float(np.mean(falls)) if falls else 0.0


def backward_transfer(matrix: ArrayLike) -> float:
    """What later tasks did to earlier ones: mean of A[T, u] - A[u, u]; below 0 is forgetting; 0 with one task."""
    accuracy = _square(matrix)
    last = len(accuracy) - 1
    return float(np.mean([accuracy[last, u] - accuracy[u, u] for u in range(last)])) if last else 0.0


def retention(matrix: ArrayLike) -> float:
    """Share of the first task's accuracy that is left in the end; not a number where there was none."""
    accuracy = _square(matrix)
    return float(accuracy[-1, 0] / accuracy[0, 0]) if accuracy[0, 0] else float("nan")


def _square(matrix: ArrayLike) -> NDArray[np.float64]:
    accuracy = np.asarray(matrix, dtype=np.float64)
    if accuracy.ndim != 2 or accuracy.shape[0] != accuracy.shape[1] or not accuracy.size:
        raise ShapeError("the matrix of accuracies", "(T, T)", str(accuracy.shape))
    return accuracy
