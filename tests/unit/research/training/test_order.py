from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.research.contract import Player, Stage
from vultus.research.data.sample import Samples
from vultus.research.training.order import Order


def order(n: int, size: int, sampler: str = "uniform", seed: int = 0) -> Order:
    label = np.minimum(np.arange(n), 2)  # many of 2, one of 0 and one of 1
    return Order(Stage("main", (Player("net"),), 100, size, sampler=sampler), Samples({"label": label}), seed, 0)


@given(st.integers(1, 40), st.integers(1, 60))
def test_every_row_comes_once_before_any_comes_twice(n, size):
    drawn = np.concatenate([order(n, size).rows(step) for step in range(2 * n)])
    assert len(drawn) == 2 * n * size
    laps = drawn[: len(drawn) // n * n].reshape(-1, n)
    assert (np.sort(laps, 1) == np.arange(n)).all()


@pytest.mark.parametrize("sampler", ["uniform", "balanced:label"])
def test_a_step_is_the_same_whichever_came_before(sampler):
    one, other = order(37, 8, sampler), order(37, 8, sampler)
    forwards = [one.rows(step).tolist() for step in range(20)]
    backwards = [other.rows(step).tolist() for step in reversed(range(20))]
    assert forwards == backwards[::-1]
    assert forwards != [order(37, 8, sampler, seed=1).rows(step).tolist() for step in range(20)]


def test_balanced_rows_have_every_value_equally_often():
    rows = np.concatenate([order(100, 9, "balanced:label").rows(step) for step in range(10)])
    assert np.bincount(np.minimum(rows, 2)).tolist() == [30, 30, 30]
