"""Rates of groups: by hand, listed and embedded alike, and what makes them empty."""

from __future__ import annotations

from dataclasses import astuple
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.evaluation import group_rates
from vultus.evaluation.group_rates import of_list, of_vectors, read_groups
from vultus.types import Calibration, CalibrationPoint

POINTS = (
    CalibrationPoint(0.1, 0.3, 0.2, 0.4),
    CalibrationPoint(0.05, 0.4, 0.3, 0.5),
    CalibrationPoint(0.01, 0.6, 0.5, 0.7),
)
CALIBRATION = Calibration("mine:1", "words", 30_000, 40, POINTS)  # fmt: skip


def population(n_people: int = 40, n_each: int = 3, seed: int = 0):
    """Unit vectors; people of the second half look alike, so their false match rate is higher."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(n_people, 16))
    centres[n_people // 2 :] += 0.8
    vectors = np.repeat(centres, n_each, axis=0) + 0.6 * random.normal(size=(n_people * n_each, 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    person = np.repeat(np.arange(n_people), n_each)
    names = tuple(f"p{n}" for n in range(n_people))
    return (
        vectors.astype(np.float32),
        person,
        names,
        {"sort": {name: "ab"[n >= n_people // 2] for n, name in enumerate(names)}},
    )


def test_listed_and_embedded_rates_are_those_counted_by_hand() -> None:
    vectors, person, names, groups = population()
    a, b = np.array(list(combinations(range(len(person)), 2))).T
    scores = np.einsum("pd,pd->p", vectors[a], vectors[b]).astype(np.float64)
    same = person[a] == person[b]
    listed, told = of_list(scores, same, person[a], person[b], names, groups, CALIBRATION, repeats=40)
    embedded, _ = of_vectors(vectors, person, names, groups, CALIBRATION, repeats=40)
    assert told == ()
    for one, other, half in zip(listed, embedded, (person < 20, person >= 20), strict=True):
        inside = half[a] & half[b]
        assert (one.n_people, one.n_impostor, one.n_genuine) == (20, 60 * 59 // 2 - 60, 60)
        assert [point.fmr_target for point in one.points] == [0.1, 0.01]
        for point, threshold in zip(one.points, (0.3, 0.6), strict=True):
            assert point.fmr == pytest.approx(np.mean(scores[inside & ~same] >= threshold), rel=1e-5)
            assert point.fnmr == pytest.approx(np.mean(scores[inside & same] < threshold), rel=1e-5)
            assert point.fmr_low <= point.fmr <= point.fmr_high
            assert point.fnmr_low <= point.fnmr <= point.fnmr_high
        for point, again in zip(one.points, other.points, strict=True):
            assert astuple(point) == pytest.approx(astuple(again), rel=1e-3)
    assert listed[1].points[0].fmr > 2 * listed[0].points[0].fmr


def test_rates_that_the_kept_tail_does_not_reach_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, person, names, groups = population()
    monkeypatch.setattr(group_rates, "_KEEP", 300)
    first, second = of_vectors(vectors, person, names, groups, CALIBRATION, repeats=20)[0]
    assert [point.fmr_target for point in second.points] == [0.01]
    assert second.n_impostor == first.n_impostor == 1710


def test_groups_that_are_empty_small_or_unknown() -> None:
    vectors, person, names, _ = population(6)
    homes = {"p0": "a", "p1": "a", "p2": "b", "nobody here": "c"}
    found, told = of_vectors(vectors, person, names, {"sort": homes}, CALIBRATION, repeats=20)
    assert [(one.group, one.points) for one in found] == [("a", ())]
    assert told == (
        "3 of 6 people have no group of sort",
        "sort a: too few comparisons within it for any rate",
        "sort b: 1 of the people is in it, so nothing can be compared within it",
        "sort c: nobody is in it, so nothing can be compared within it",
    )
    with pytest.raises(InputError, match="nobody of the 6 people has a group of sort: are the names the same"):
        of_vectors(vectors, person, names, {"sort": {"x": "a"}}, CALIBRATION)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text("person,gender,age\nada,female,\nbob,male,old\n")
    assert read_groups(path) == {"gender": {"ada": "female", "bob": "male"}, "age": {"bob": "old"}}
    path.write_text("person\nada\n")
    with pytest.raises(InputError, match="must have the column person and at least one more, such as gender"):
        read_groups(path)
    path.write_text("name,gender\nada,female\n")
    with pytest.raises(InputError, match="must have the columns person"):
        read_groups(path)
    path.write_text("person,gender\nada,female\nada,male\n")
    with pytest.raises(InputError, match=r"line 3: this person is in line 2 already \(ada\)"):
        read_groups(path)
