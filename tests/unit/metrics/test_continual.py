"""Accuracy, forgetting and transfer of a model that learns task after task, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import InputError, ShapeError
from vultus.metrics.continual import accuracy_matrix, backward_transfer, final_accuracy, forgetting, retention

BY_HAND = np.array([[0.8, np.nan, np.nan], [0.9, 0.6, np.nan], [0.5, 0.7, 0.4]])


def test_by_hand() -> None:
    assert forgetting(BY_HAND) == pytest.approx(((0.9 - 0.5) + (0.6 - 0.7)) / 2)
    assert backward_transfer(BY_HAND) == pytest.approx(((0.5 - 0.8) + (0.7 - 0.6)) / 2)
    assert retention(BY_HAND) == pytest.approx(0.5 / 0.8)
    assert final_accuracy(BY_HAND, (7, 3, 3)) == pytest.approx((7 * 0.5 + 3 * 0.7 + 3 * 0.4) / 13)


def test_the_matrix_counts_only_what_has_arrived() -> None:
    truth, tasks = [0, 0, 1, 2, 2], [0, 0, 0, 1, 1]
    matrix = accuracy_matrix(truth, tasks, [[0, 1, 1, 0, 0], [0, 0, 2, 2, 0]])
    assert matrix[0, 0] == pytest.approx(2 / 3)
    assert np.isnan(matrix[0, 1])
    assert matrix[1].tolist() == pytest.approx([2 / 3, 0.5])


def test_one_task_forgets_nothing() -> None:
    matrix = accuracy_matrix([0, 1], [0, 0], [[0, 0]])
    assert forgetting(matrix) == backward_transfer(matrix) == 0
    assert retention(matrix) == 1
    assert np.isnan(retention([[0.0]]))


@given(
    st.integers(2, 5).flatmap(
        lambda n: st.lists(st.lists(st.floats(0, 1), min_size=n, max_size=n), min_size=n, max_size=n)
    )
)
def test_forgetting_is_at_least_what_backward_transfer_says(rows: list[list[float]]) -> None:
    matrix = np.where(np.tri(len(rows), dtype=bool), np.array(rows), np.nan)
    assert forgetting(matrix) >= -backward_transfer(matrix) - 1e-12
    assert -1 <= forgetting(matrix) <= 1


def test_what_cannot_be_is_told() -> None:
    with pytest.raises(InputError, match="task 1 has no example"):
        accuracy_matrix([0, 1], [0, 0], [[0, 1], [0, 1]])
    with pytest.raises(ShapeError, match="truth, tasks and answers must be"):
        accuracy_matrix([0, 1], [0], [[0, 1]])
    with pytest.raises(ShapeError, match="the matrix of accuracies must be"):
        forgetting([0.5, 0.5])
