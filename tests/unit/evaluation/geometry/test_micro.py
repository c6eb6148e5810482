"""Energies of fields that were worked out by hand, and planted ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from unit.evaluation.geometry.planted import lattice, person
from vultus.errors import InputError
from vultus.evaluation.geometry.lattice import Curves, Lattice, Person, field_of, unit
from vultus.evaluation.geometry.micro import (
    Terms,
    ball_energy,
    between,
    energy,
    gravity,
    microscale,
    nearest,
    strangers,
)


def rows(count: int, size: int = 8, seed: int = 0) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32))


def test_energy_by_hand() -> None:
    along = np.array([[1, 0], [0, 1], [-1, 0], [0, 0]], np.float32)
    near = np.array([[1, 2], [0, 2], [0, 3], [0, 1]])
    assert energy(along, near) == pytest.approx(1 - (0 - 1 + 0 + 0 - 1 + 0 + 0 + 0) / 8)
    assert energy(np.tile(along[:1], (5, 1)), strangers(5, 3, 0)) == pytest.approx(0.0, abs=1e-6)


def test_neighbours_are_those_of_scikit_learn() -> None:
    at = rows(60)
    ours = nearest(at, 5)
    theirs = NearestNeighbors(n_neighbors=6, metric="cosine").fit(at).kneighbors(at, return_distance=False)
    assert [set(one) for one in ours] == [set(one) - {number} for number, one in enumerate(theirs)]
    with_self = nearest(at, 6, with_self=True)
    assert all(number in one for number, one in enumerate(with_self))
    assert [set(one) for one in with_self] == [set(one) for one in theirs]
    assert nearest(at[:3], 10).shape == (3, 2)
    with pytest.raises(InputError, match="neighbours need at least 2 pictures of a person, but there is 1"):
        nearest(at[:1], 3)


def test_strangers_are_never_oneself() -> None:
    drawn = strangers(7, 50, 3)
    assert drawn.shape == (7, 6)
    assert (drawn != np.arange(7)[:, None]).all()


def test_the_ball_beside_a_plain_loop() -> None:
    at, along = rows(40, seed=1), rows(40, seed=2)
    along[3] = 0
    far = 1 - at @ at.T
    reach = 0.8 * far[~np.eye(40, dtype=bool)].mean()
    for with_self in (False, True):
        means = []
        for one in range(40):
            near = [n for n in range(40) if far[one, n] <= reach and n != one]
            values = [1 - along[one] @ along[n] for n in near] + [0.0] * with_self
            if values:
                means.append(np.mean(values))
        assert ball_energy(at, along, 0.8, with_self=with_self) == pytest.approx(np.mean(means), abs=1e-5)
    assert np.isnan(ball_energy(at, along, 1e-9))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(1e-3, 1e3))
def test_scaling_and_turning_change_nothing(seed: int, scale: float) -> None:
    base = person(np.random.default_rng(seed), {"a": 0.3, "b": 0.0}, points=30)
    turn = np.linalg.qr(np.random.default_rng(seed + 1).normal(size=(base.vectors.shape[1],) * 2))[0]
    moved = Person("x", (scale * base.vectors @ turn).astype(np.float32), base.curves)
    one, other = (microscale(Lattice("s", ("a", "b"), (who,)), Terms(repeats=2)) for who in (base, moved))
    for first, second in zip(one["attributes"], other["attributes"], strict=True):
        assert first["energy"] == pytest.approx(second["energy"], abs=2e-3)
        assert second["length"] == pytest.approx(scale * first["length"], rel=1e-3)


def test_energy_falls_with_the_planted_sensitivity_as_the_noise_says() -> None:
    planted = {"none": 0.0, "weak": 0.03, "some": 0.1, "more": 0.3, "full": 1.0}
    found = microscale(lattice(planted, people=3, points=600), Terms(repeats=200))
    energies = {row["attribute"]: row["energy"] for row in found["attributes"]}
    noise = 2 * 32 * 0.02**2
    for name, strength in planted.items():
        assert energies[name] == pytest.approx(noise / (noise + strength**2), abs=0.03)
    assert [row["rank"] for row in found["attributes"]] == [1, 2, 3, 4, 5]
    assert all(row["low"] <= row["energy"] <= row["high"] for row in found["attributes"])
    assert [row["remark"] == "" for row in found["attributes"]] == [True, True, False, False, True]
    across = np.array(found["between"])
    assert np.allclose(across, across.T)
    assert across[4, 4] == pytest.approx(0, abs=1e-5)
    assert across[4, 3] == pytest.approx(1, abs=0.2)


def test_a_field_that_turns_is_seen_by_neighbours_and_not_by_strangers() -> None:
    found = microscale(lattice({"a": 1.0}, people=2, points=300, turning=True))["attributes"][0]
    assert found["energy"] < 0.4
    assert found["by_chance"] > 0.8


def test_steps_that_are_too_small_are_remarked() -> None:
    still = lattice({"a": 0.0, "b": 1.0}, people=2, points=20, jitter=0.0)
    none, full = microscale(still, Terms(repeats=5))["attributes"]
    assert "changes nothing" in none["remark"]
    assert (none["rank"], full["rank"]) == (None, 1)
    assert np.isnan(none["energy"])
    assert np.isnan(microscale(still, Terms(repeats=5))["between"][0][1])
    tiny = lattice({"a": 1e-6}, people=2, points=20, jitter=0.0)
    assert "rounding decides" in microscale(tiny, Terms(repeats=5))["attributes"][0]["remark"]
    noisy = lattice({"a": 0.15}, people=2, points=200)
    assert "noise hides a direction" in microscale(noisy, Terms(repeats=5))["attributes"][0]["remark"]


def test_counting_oneself_lowers_the_energy() -> None:
    made = lattice({"a": 0.05}, people=2, points=50)
    alone, counted = (
        microscale(made, Terms(repeats=5, with_self=value))["attributes"][0]["energy"] for value in (False, True)
    )
    assert counted == pytest.approx(alone * 0.9, abs=0.03)


def test_gravity_and_attributes_that_share_no_picture() -> None:
    at = rows(30, seed=4)
    home = at.mean(axis=0)
    vectors = np.concatenate([at, at, at + 0.1 * (home - at)])
    number = np.arange(30)
    curve = Curves(np.column_stack([number, number + 30, number + 60]), number)
    other = Curves(curve.rows, number + 100)
    who = Person("x", vectors, {"a": curve, "b": other})
    assert gravity(field_of(who, "a")) == pytest.approx(1.0, abs=1e-4)
    assert np.isnan(between(who, ("a", "b"))[0, 1])
    assert between(who, ("a", "b"))[1, 1] == pytest.approx(0, abs=1e-5)
