"""Classes as sets of action units, and people who show them."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from vultus.research.methods.expression.continual_bgmm.displays import (
    BASIC,
    COMPOUNDS,
    STRONGEST,
    UNITS,
    WEAKEST,
    classes,
    drilled,
    shown,
    units,
)


def test_no_two_classes_are_shown_alike() -> None:
    names = classes(7, 12)
    assert len(names) == len(BASIC) + len(COMPOUNDS) == 19
    shows = [frozenset(units(name, way)) for name in names for way in (0, 1)]
    assert len(set(shows)) == len(shows)
    assert all(units(name, 0) != units(name, 1) for name in names)


def test_a_compound_is_the_union_of_its_parts() -> None:
    assert units("happily surprised", 0) == units("happy", 0) | units("surprise", 0)
    assert all(len(set(pair)) == 2 and set(pair) <= set(BASIC) for pair in COMPOUNDS.values())
    assert len(set(COMPOUNDS.values())) == len(COMPOUNDS)
    assert all(a != b for a, b in combinations(COMPOUNDS, 2))


def test_people_show_what_they_are_asked_to_in_their_own_way() -> None:
    names = classes(3, 1)
    samples = shown(names, [4, 4, 6, 2], 4, 50, 1, 16)
    assert samples["image"].shape == (16, 16, 16, 3)
    assert np.bincount(samples["expression"]).tolist() == [4, 4, 6, 2]
    assert set(samples.subjects) <= {50, 51, 52, 53}
    ways: dict[int, set[int]] = {}
    for label, person, moved in zip(samples["expression"], samples.subjects, samples["actions"], strict=True):
        up = {UNITS[column] for column in np.flatnonzero(moved)}
        fits = {way for way in (0, 1) if units(names[label], way) <= up}
        assert fits
        ways.setdefault(int(person), {0, 1}).intersection_update(fits)
    assert all(ways.values())
    moved = samples["actions"][samples["actions"] > 0]
    assert moved.min() >= WEAKEST
    assert moved.max() <= STRONGEST


def test_the_same_seed_gives_the_same_pictures() -> None:
    one, same, other = (drilled(6, 3, 10, seed, 16) for seed in (0, 0, 1))
    assert (one["image"] == same["image"]).all()
    assert (one["actions"] != other["actions"]).any()
    assert set(one["expression"]) == {-1}
