"""Events counted over grids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import ConfigError, InputError
from vultus.research.data.events import EVENT, binary, counted, extent, first, made, middle


def some(n: int, seed: int = 0, size: tuple[int, int] = (6, 9), span: int = 1000) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return made(rng.integers(0, span, n), rng.integers(0, size[1], n), rng.integers(0, size[0], n),
                rng.integers(0, 2, n))  # fmt: skip


def test_columns_become_events_in_the_order_of_time() -> None:
    events = made(np.array([5, 3, 4]), np.array([1, 2, 3]), np.array([4, 5, 6]), np.array([1, -1, 0]))
    assert events.dtype == EVENT
    assert events.tolist() == [(3, 2, 5, 0), (4, 3, 6, 0), (5, 1, 4, 1)]
    assert extent(events) == (7, 4)


def test_a_grid_by_hand() -> None:
    events = made(np.array([0, 49, 50, 99]), np.array([0, 3, 3, 3]), np.array([0, 1, 1, 0]), np.array([1, 0, 1, 1]))
    grid = counted(events, 2, (2, 4), (0, 100))
    assert grid.shape == (2, 2, 2, 4)
    assert grid.sum() == 4
    assert grid[1, 0, 0, 0] == grid[0, 0, 1, 3] == grid[1, 1, 1, 3] == grid[1, 1, 0, 3] == 1
    coarse = counted(events, 1, (1, 2), (0, 100), sensor=(2, 4))
    assert coarse.reshape(2, 2).tolist() == [[0, 1], [1, 2]]
    assert counted(events, 1, (2, 4), (50, 99)).sum() == 1


@given(st.integers(0, 300), st.integers(1, 7), st.integers(0, 1000))
def test_no_event_is_lost_or_counted_twice(n: int, bins: int, seed: int) -> None:
    events = some(n, seed)
    whole = counted(events, bins, (6, 9), (0, 1000))
    assert whole.sum() == n
    assert np.array_equal(whole.sum((2, 3)), counted(events, bins, (2, 3), (0, 1000), (6, 9)).sum((2, 3)))
    assert np.array_equal(whole, counted(events[::-1], bins, (6, 9), (0, 1000)))


def test_counts_end_at_255() -> None:
    assert counted(some(4000, size=(1, 1)), 1, (1, 1)).max() == 255


def test_bits_of_a_frame() -> None:
    events = made(np.array([0, 10, 20, 79]), np.zeros(4, int), np.zeros(4, int), np.ones(4, int))
    assert binary(events, 1, 8, (1, 1), (0, 80)).item() == 0b11100001
    assert binary(events, 2, 4, (1, 1), (0, 80)).reshape(-1).tolist() == [0b1110, 0b0001]
    assert binary(some(500), 1, 16, (6, 9)).max() < 2**16


def test_the_first_half() -> None:
    events = some(100)
    assert np.array_equal(first(events, 0.5), events[:50])
    assert len(first(events, 0)) == 0
    with pytest.raises(ConfigError, match=r"a share of the events lies between 0 and 1, not at 1\.5"):
        first(events, 1.5)


def test_the_middle_square() -> None:
    events = made(np.arange(4), np.array([0, 3, 6, 9]), np.array([0, 1, 3, 2]), np.array([1, 0, 1, 0]))
    found, size = middle(events, (4, 10))
    assert size == (4, 4)
    assert found.tolist() == [(1, 0, 1, 0), (2, 3, 3, 1)]
    assert np.array_equal(middle(events, (10, 10))[0], events)


def test_bad_input_is_told() -> None:
    events = some(10)
    with pytest.raises(InputError, match="there are no events, so that nobody knows how large"):
        extent(events[:0])
    with pytest.raises(ConfigError, match="a grid has 1 bin and 1 cell at least, not 0 bins of 6 x 9"):
        counted(events, 0, (6, 9))
    with pytest.raises(InputError, match="the camera has 2 x 2 pixels, but its events reach"):
        counted(some(100), 1, (2, 2))
    with pytest.raises(InputError, match="a time that ends after it begins, not from 5 to 5 us"):
        counted(events, 1, (6, 9), (5, 5))
    with pytest.raises(ConfigError, match="a pixel of a frame has 1 to 16 bits, not 17"):
        binary(events, 1, 17, (6, 9))
