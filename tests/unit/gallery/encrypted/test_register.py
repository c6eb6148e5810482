from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit.gallery.encrypted.keys import key, unit
from vultus.errors import InputError
from vultus.gallery.encrypted.block import read_slots
from vultus.gallery.encrypted.layout import Layout
from vultus.gallery.encrypted.register import Place, Register

STEP = st.tuples(
    st.sets(st.integers(0, 12), max_size=6), st.dictionaries(st.integers(0, 12), st.integers(1, 3), max_size=6)
)


@settings(max_examples=12)
@given(st.lists(STEP, min_size=1, max_size=4), st.sampled_from(["short", "subgroup"]))
def test_slots_hold_who_is_in_and_nobody_else(steps: list[tuple[set[int], dict[int, int]]], nonces: str) -> None:
    private = key(nonces=nonces)
    layout = Layout.fit(3, private.public.plain_bits, slots=5)
    register = Register(private, layout)
    wanted: dict[int, np.ndarray] = {}
    for number, (remove, insert) in enumerate(steps):
        before = list(register.blocks)
        new = {person: unit(count, 3, seed=100 * number + person) for person, count in insert.items()}
        changed = register.change(sorted(remove | set(insert)), new)
        wanted = {person: rows for person, rows in wanted.items() if person not in remove} | new
        assert [at for at, block in enumerate(register.blocks) if at >= len(before) or block != before[at]] == changed
        held = [read_slots(private, layout, block) for block in register.blocks]
        slots = np.concatenate(held) if held else np.zeros((0, 3))
        assert register.places.keys() == wanted.keys()
        free = np.ones(len(slots), bool)
        for person, rows in wanted.items():
            for place, row in zip(register.places[person], rows, strict=True):
                assert np.linalg.norm(slots[place.slot] / place.scale - row) == pytest.approx(place.loss)
                assert free[place.slot]
                free[place.slot] = False
        assert not slots[free].any()
    assert len(register.blocks) <= -(-39 // 5)


def test_a_slot_that_is_left_is_taken_again() -> None:
    private = key()
    register = Register(private, Layout.fit(8, private.public.plain_bits, slots=4))
    done: list[int] = []
    assert register.change([], {n: unit(1, 8, seed=n) for n in range(6)}, done.append) == [0, 1]
    assert done == [4, 6]
    assert register.change([2, 99], {7: unit(1, 8), 8: unit(1, 8)}, done.append) == [0, 1]
    assert [register.places[n][0].slot for n in (7, 8)] == [2, 6]
    assert done[2:] == [1, 2]
    assert register.change([], {}) == []


def test_a_refused_template_changes_nothing() -> None:
    private = key()
    register = Register(private, Layout.fit(8, private.public.plain_bits))
    register.change([], {1: unit(1, 8)})
    block, places = register.blocks[0], dict(register.places)
    with pytest.raises(InputError, match="no longer than 1"):
        register.change([1], {2: 3 * unit(1, 8)})
    assert (register.blocks[0], register.places) == (block, places)


def test_places_that_do_not_fit_the_blocks_are_told() -> None:
    private = key()
    layout = Layout.fit(8, private.public.plain_bits)
    one = Place(0, 100.0, 0.01)
    for places in ({1: [one], 2: [one]}, {1: [one, Place(layout.slots, 100.0, 0.01)]}):
        with pytest.raises(InputError, match="the files do not belong together"):
            Register(private, layout, [[1] * 8], places)
