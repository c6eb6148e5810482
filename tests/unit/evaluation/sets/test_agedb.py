"""AgeDB: names of pictures, and pairs drawn from them."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.evaluation.sets.agedb import read_agedb, read_pictures


def test_a_name_says_it_all(touch) -> None:
    folder = touch("MariaCallas/10_MariaCallas_40_f.jpg", "2_Jean_Marais_35_M.PNG", "readme.txt")
    (first, second) = read_pictures(folder)
    assert (first.name, first.age, first.gender) == ("Jean_Marais", 35, "m")
    assert (second.name, second.age, second.gender) == ("MariaCallas", 40, "f")


def test_pairs_are_as_far_apart_as_asked(touch) -> None:
    number = count()
    names = [f"{next(number)}_p{who}_{age}_f.jpg" for who in range(30) for age in (20, 25, 30, 50, 60)]
    folder = touch(*names)
    ages = {str(folder / name): int(name.split("_")[2]) for name in names}
    for years in (5, 10, 30):
        got = read_agedb(folder, years)
        gap = [ages[str(got.images[b])] - ages[str(got.images[a])] for a, b in zip(got.a, got.b, strict=True)]
        assert set(gap) == {years}
        one = np.array(got.people)
        assert ((one[got.a] == one[got.b]) == got.same).all()
        home = {}
        for person, fold in zip([*one[got.a], *one[got.b]], [*got.fold, *got.fold], strict=True):
            assert home.setdefault(person, fold) == fold
        again = read_agedb(folder, years)
        assert again.images == got.images
    with pytest.raises(InputError, match="too few people with pictures 20 years apart for pairs of both kinds"):
        read_agedb(touch("young/1_q_20_f.jpg", "young/2_q_30_f.jpg") / "young", 20)


def test_at_most_three_hundred_of_a_kind_in_a_fold(touch) -> None:
    folder = touch(*(f"{who}{year}_p{who}_{year}_m.jpg" for who in range(20) for year in range(20, 60)))
    got = read_agedb(folder, 5)
    kinds, sizes = np.unique(np.char.add(got.fold, np.where(got.same, "+", "-")), return_counts=True)
    assert len(kinds) == 20
    assert sizes.max() <= 300


def test_bad_folders(touch) -> None:
    folder = touch("notes.txt")
    with pytest.raises(InputError, match="AgeDB has protocols of 5, 10, 20, 30 years, not of 7"):
        read_agedb(folder, 7)
    with pytest.raises(InputError, match=r"holds no pictures named like 0_MariaCallas_35_f.jpg"):
        read_agedb(folder, 30)
    touch("MariaCallas_35.jpg")
    with pytest.raises(InputError, match=r"MariaCallas_35.jpg: expected a name such as 0_MariaCallas_35_f.jpg"):
        read_agedb(folder, 30)
