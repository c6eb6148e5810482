from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import InputError, ShapeError
from vultus.metrics.bootstrap import interval, multiplicities, pair_weights, subject_bootstrap


def test_multiplicities_sum_to_the_subjects_and_repeat_with_the_seed():
    first, again = list(multiplicities(7, 20, seed=3)), list(multiplicities(7, 20, seed=3))
    assert all(drawn.sum() == 7 and drawn.dtype == np.int64 for drawn in first)
    assert all((x == y).all() for x, y in zip(first, again, strict=True))
    assert any((x != y).any() for x, y in zip(first, multiplicities(7, 20, seed=4), strict=True))
    with pytest.raises(InputError, match="needs subjects and repeats, not 0 and 5"):
        list(multiplicities(0, 5))


def test_pair_weights_are_products_between_and_counts_within():
    drawn = [0, 2, 3]
    assert pair_weights(drawn, [0, 1, 1, 2], [1, 1, 2, 2]).tolist() == [0, 2, 6, 3]
    with pytest.raises(ShapeError, match=r"b must be of the shape \(2,\) of a"):
        pair_weights(drawn, [0, 1], [1])


def test_interval_takes_whole_order_statistics_outwards():
    low, high = interval(np.arange(101), 0.9)
    assert (low, high) == (5, 95)
    low, high = interval([[1, -np.inf], [2, np.inf], [3, 0]])
    assert (low.tolist(), high.tolist()) == ([1, -np.inf], [3, np.inf])
    with pytest.raises(InputError, match="lies between 0 and 1, not at 95"):
        interval([1, 2], 95)


def test_interval_of_a_mean_is_the_textbook_one():
    values = np.random.default_rng(0).normal(10, 2, 400)
    low, high = subject_bootstrap(lambda drawn: (values * drawn).sum() / drawn.sum(), 400, repeats=2000)
    standard_error = values.std(ddof=1) / np.sqrt(400)
    assert low == pytest.approx(values.mean() - 1.96 * standard_error, abs=0.05)
    assert high == pytest.approx(values.mean() + 1.96 * standard_error, abs=0.05)


def test_subjects_with_many_equal_comparisons_widen_the_interval():
    # 20 people with 100 identical comparisons each tell as much as 20 comparisons, not as 2,000.
    person = np.repeat(np.arange(20), 100)
    value = np.random.default_rng(1).normal(0, 1, 20)[person]
    low, high = subject_bootstrap(lambda drawn: np.average(value, weights=drawn[person]), 20, repeats=500)
    naive_width = 2 * 1.96 * value.std() / np.sqrt(value.size)
    assert high - low > 5 * naive_width


def test_draws_that_define_nothing_are_left_out():
    low, high = subject_bootstrap(lambda drawn: 1.0 if drawn[0] else np.nan, 2, repeats=50)
    assert (low, high) == (1, 1)
    with pytest.raises(InputError, match="no resampling of these subjects defines the statistic"):
        subject_bootstrap(lambda drawn: np.nan, 3, repeats=5)
