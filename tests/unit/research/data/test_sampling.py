"""Splits by person, even draws, pictures that two parts share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import ConfigError
from vultus.research.data.sample import Samples, disjoint
from vultus.research.data.sampling import apart, balanced, folds, identical, leave_one_out, protocol, split, without


def faces(people: int, pictures: int = 3) -> Samples:
    rows = np.arange(people * pictures)
    image = np.random.default_rng(0).integers(0, 256, (len(rows), 4, 4, 3), dtype=np.uint8)
    return Samples({"row": rows, "image": image}, rows // pictures, "faces")


@given(people=st.integers(4, 40), share=st.floats(0.3, 0.7), seed=st.integers(0, 99))
def test_a_split_loses_nobody_and_shares_nobody(people: int, share: float, seed: int) -> None:
    samples = faces(people)
    train, test = split(samples, (share, 1 - share), seed)
    assert sorted([*train["row"], *test["row"]]) == list(range(len(samples)))
    assert not set(train.subjects) & set(test.subjects)
    assert train.name != test.name


def test_the_seed_decides_who_goes_where() -> None:
    samples = faces(30)
    one, same, other = (split(samples, (0.5, 0.5), seed)[0]["row"].tolist() for seed in (1, 1, 2))
    assert one == same
    assert one != other


@given(people=st.integers(2, 30), count=st.integers(2, 10), seed=st.integers(0, 9))
def test_in_folds_everybody_is_tested_once(people: int, count: int, seed: int) -> None:
    count = min(count, people)
    tested: list[int] = []
    for train, test in folds(faces(people), count, seed):
        assert not set(train.subjects) & set(test.subjects)
        assert len(train) + len(test) == 3 * people
        tested += test["row"].tolist()
    assert sorted(tested) == list(range(3 * people))


def test_one_person_is_left_out_at_a_time() -> None:
    rounds = list(leave_one_out(faces(4)))
    assert [person for person, _, _ in rounds] == [0, 1, 2, 3]
    assert all(set(test.subjects) == {person} and len(train) == 9 for person, train, test in rounds)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (lambda: split(faces(4), (0.5, 0.6), 0), "must be above 0 and add up to 1"),
        (lambda: split(faces(4), (1.0, 0.0), 0), "must be above 0 and add up to 1"),
        (lambda: split(faces(2), (0.1, 0.9), 0), "part 1 would be empty: there are too few people"),
        (lambda: split(Samples({"row": np.arange(3)}), (0.5, 0.5), 0), "cannot be split by person"),
        (lambda: list(folds(faces(3), 4, 0)), "2 to 3 folds are possible, not 4"),
        (lambda: list(leave_one_out(faces(1))), "nobody can be left out"),
        (lambda: balanced(np.array([], np.int64), 3, np.random.default_rng(0)), "nothing can be drawn from no rows"),
        (lambda: without(faces(1), np.arange(3)), "faces is empty without 3 rows"),
    ],
)
def test_what_cannot_be_is_told(broken, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        broken()


def test_a_balanced_draw_is_even() -> None:
    labels = np.array([0] * 90 + [3] * 9 + [5])
    rows = balanced(labels, 300, np.random.default_rng(0))
    assert np.bincount(labels[rows]).tolist() == [100, 0, 0, 100, 0, 100]


def test_identical_pictures_are_found_and_taken_out() -> None:
    first, second = faces(3), faces(4)
    pictures = second["image"].copy()
    pictures[[0, 5]] = 7  # blank
    pictures[2, 0, 0, 0] ^= 1
    second = second.with_fields(image=pictures)
    assert identical(first, second).tolist() == [1, 3, 4, 6, 7, 8]
    assert without(second, identical(first, second))["row"].tolist() == [0, 2, 5, 9, 10, 11]


def _windows(people: int, trials: int = 10, each: int = 3) -> Samples:
    """Every person has trials of two labels, every trial some windows."""
    trial = np.repeat(np.arange(people * trials), each)
    return Samples({"trial": trial, "label": trial % 2}, trial // trials, "windows")


@pytest.mark.parametrize(("people", "count"), [(4, 4), (12, 10)])
def test_people_first_then_whole_trials(people: int, count: int) -> None:
    samples, tested = _windows(people), []
    found = list(protocol(samples, 3))
    assert len(found) == count
    for train, look, test in found:
        assert len(train) + len(look) + len(test) == len(samples)
        disjoint(train, test)
        disjoint(look, test)
        assert not np.intersect1d(train["trial"], look["trial"]).size, "no window beside another one of its trial"
        assert len(np.unique(look["trial"])) == round(0.2 * len(np.unique(np.r_[train["trial"], look["trial"]])))
        assert set(look.subjects) == set(train.subjects), "everybody is looked at"
        counts = np.bincount(look["label"])
        assert counts.max() - counts.min() <= 0.2 * counts.sum()
        tested.append(np.unique(test.subjects))
    assert sorted(np.concatenate(tested)) == list(range(people))


def test_trials_that_cannot_be_kept_apart() -> None:
    torn = Samples({"trial": np.array([1, 1]), "label": np.zeros(2, int)}, np.array(["a", "b"]), "torn")
    with pytest.raises(ConfigError, match="torn: trial 1 has windows of two people"):
        next(protocol(torn, 0))
    with pytest.raises(ConfigError, match="nobody can keep its trials apart"):
        apart(Samples({"trial": np.zeros(2, int)}))
    with pytest.raises(ConfigError, match="too few trials: 100% to look at leaves none to train on"):
        next(protocol(_windows(2), 0, look=1.0))
