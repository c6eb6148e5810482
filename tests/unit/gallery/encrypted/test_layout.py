from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.gallery.encrypted.keys import unit
from vultus.errors import ConfigError, InputError, ShapeError
from vultus.gallery.encrypted.layout import Layout


@pytest.mark.parametrize(
    ("dimension", "bits", "wide", "width", "slots"),
    [(128, 8, False, 19, 107), (128, 8, True, 22, 92), (512, 8, False, 21, 97), (4096, 8, False, 24, 84),
     (1, 8, False, 15, 135), (128, 12, False, 27, 75)],
)  # fmt: skip
def test_slots_of_a_2048_bit_modulus(dimension: int, bits: int, wide: bool, width: int, slots: int) -> None:
    layout = Layout.fit(dimension, 2046, bits, wide=wide)
    assert (layout.width, layout.slots) == (width, slots)
    assert layout.slots * layout.width <= 2046


@given(st.integers(1, 200), st.sampled_from([4, 8, 12]), st.integers(0, 99), st.floats(0, 1))
def test_every_vector_no_longer_than_one_fits_and_is_close(dimension: int, bits: int, seed: int, length: float) -> None:
    layout = Layout.fit(dimension, 2046, bits)
    rows = length * unit(6, dimension, seed=seed)
    rows[0] = length * np.eye(dimension)[seed % dimension]
    rows[1] = length / math.sqrt(dimension)
    found = layout.quantise(rows)
    values = found.values.astype(np.int64)
    assert np.abs(values).max() <= layout.limit
    assert (values**2).sum(axis=1).max() <= layout.longest
    cosines = values @ values.T / np.outer(found.scales, found.scales)
    for one in range(6):
        for other in range(6):
            bound = layout.bound(found.losses[one], found.losses[other])
            assert abs(cosines[one, other] - rows[one] @ rows[other]) <= bound + 1e-12


def test_eight_bits_are_close_enough_for_faces() -> None:
    layout, rows = Layout.fit(128, 2046), unit(400, 128)
    found = layout.quantise(rows)
    cosines = found.values.astype(np.int64) @ found.values.T / np.outer(found.scales, found.scales)
    assert np.abs(cosines - rows @ rows.T).max() < 6e-3
    assert found.losses.max() < 0.013


@given(st.data())
def test_slots_come_back_whatever_their_neighbours_hold(data: st.DataObject) -> None:
    layout = Layout.fit(16, 600, wide=data.draw(st.booleans()))
    edge = layout.longest
    numbers = st.integers(-edge, edge) | st.sampled_from([-edge, edge, 0, -1])
    values = data.draw(st.lists(numbers, min_size=layout.slots, max_size=layout.slots))
    plain = layout.pack(values)
    assert plain == sum(value << (layout.width * at) for at, value in enumerate(values))
    assert abs(plain) < 2**600
    assert layout.unpack(plain) == values
    first = data.draw(st.integers(0, layout.slots - 1))
    assert layout.unpack(layout.pack(values[:first])) == values[:first] + [0] * (layout.slots - first)
    assert layout.one(layout.pack(values[first:]), 0) == values[first]


def test_what_is_no_packed_answer_is_told() -> None:
    layout = Layout.fit(16, 600)
    for plain in (1 << 599, -(1 << 599), layout.longest + 1, 1 << (layout.width * layout.slots)):
        with pytest.raises(InputError, match="an answer is out of range"):
            layout.unpack(plain)


def test_vectors_that_are_none_are_refused() -> None:
    layout = Layout.fit(8, 600)
    for bad in (np.zeros((2, 7)), np.zeros(8)):
        with pytest.raises(ShapeError, match=r"vectors must be \(N, 8\)"):
            layout.quantise(bad)
    for value in (np.nan, np.inf, 1.1):
        with pytest.raises(InputError, match="must be finite and no longer than 1"):
            layout.quantise(np.array([[value] + [0.0] * 7]))
    assert layout.quantise(np.zeros((0, 8))).values.shape == (0, 8)
    assert not layout.quantise(np.zeros((1, 8))).values.any()


def test_whole_numbers_that_do_not_fit_are_refused() -> None:
    layout = Layout.fit(128, 2046)
    with pytest.raises(InputError, match="must lie between -127 and 127"):
        layout.check(np.full((1, 128), 128))
    with pytest.raises(InputError, match="squared length of at most"):
        layout.check(np.full((1, 128), 127))
    with pytest.raises(ShapeError, match="values must be whole numbers"):
        layout.check(np.zeros((1, 128)))
    Layout.fit(128, 2046, wide=True).check(np.full((1, 128), -127))


@given(st.integers(1, 200), st.integers(4, 16), st.integers(0, 1000), st.floats(0, 1), st.booleans())
def test_what_rounding_says_of_a_probe_is_believed_and_nothing_else(
    dimension: int, bits: int, seed: int, length: float, wide: bool
) -> None:
    layout = Layout.fit(dimension, 4000, bits, wide=wide)
    single = np.zeros((1, dimension))
    single[0, 0] = 1.0
    for rows in (unit(1, dimension, seed=seed) * length, single):
        found = layout.quantise(rows)
        scale, loss = float(found.scales[0]), float(found.losses[0])
        layout.check_probe(scale, loss)
    for wrong in (0.0, 1e-300, scale / 1000, scale * 1000):
        with pytest.raises(InputError, match="the scale of the answer must lie between"):
            layout.check_probe(wrong, loss)
    with pytest.raises(InputError, match="more than rounding can lose"):
        layout.check_probe(scale, float(dimension))


def test_settings_out_of_range_are_refused() -> None:
    for dimension, bits in ((128, 3), (128, 17), (0, 8)):
        with pytest.raises(ConfigError, match="numbers of 4 to 16 bits"):
            Layout.fit(dimension, 2046, bits)
    for room, slots in ((2046, 108), (2046, 0), (20, None)):
        with pytest.raises(ConfigError, match="has room for"):
            Layout.fit(128, room, slots=slots)


def test_a_layout_comes_back_from_json() -> None:
    layout = Layout.fit(128, 2046)
    assert Layout.from_json(layout.to_json()) == layout
    for bad in (None, [], {}, {**layout.to_json(), "width": "19"}, {**layout.to_json(), "slots": True}):
        with pytest.raises(InputError, match="a layout needs the whole numbers"):
            Layout.from_json(bad)
    for name, value in (("width", 99), ("slots", 0), ("bits", 77), ("dimension", -1), ("dimension", 2**40)):
        with pytest.raises(InputError, match="numbers of a layout are out of range"):
            Layout.from_json({**layout.to_json(), name: value})
