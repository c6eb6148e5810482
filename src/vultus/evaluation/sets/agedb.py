"""AgeDB as pictures: NUMBER_Name_age_gender.jpg, e.g. 0_MariaCallas_35_f.jpg, in one folder or in folders of people.

The pairs of its protocols (the same number of years between both pictures, ten folds of 300 and 300 pairs, nobody in
two folds) are handed out as MATLAB files. They are drawn anew here, from the names and always the same way: figures
come near to those of the lists and are not theirs. agedb_30.bin of InsightFace has the pairs themselves (`packed`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.sets.pairset import PairSet, of_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

YEARS = (5, 10, 20, 30)
_NAME = re.compile(r"(\d+)_(.+)_(\d+)_([fm])", re.IGNORECASE)
_ENDS = {".jpg", ".jpeg", ".png"}
_FOLDS, _PER_CLASS = 10, 300


@dataclass(frozen=True, slots=True)
class Aged:
    """A picture.

    Attributes:
        file: it lies here.
        name: who is on it.
        age: in years.
        gender: "f" or "m", as the set has it.
    """

    file: Path
    name: str
    age: int
    gender: str


def read_agedb(folder: Path, years: int) -> PairSet:
    """Draw the pairs of one protocol.

    Args:
        folder: holds the pictures.
        years: between both pictures of a pair; one of `YEARS`.

    Raises:
        InputError: no such protocol, the folder holds no such pictures, or too few people are so far apart in age.
    """
    if years not in YEARS:
        raise InputError(f"AgeDB has protocols of {', '.join(map(str, YEARS))} years, not of {years}")
    pictures = read_pictures(folder)
    random = np.random.default_rng(years)
    names = sorted({one.name for one in pictures})
    fold = dict(zip(np.array(names)[random.permutation(len(names))].tolist(), np.arange(len(names)) % _FOLDS,
                    strict=True))  # fmt: skip
    pairs, people, same, folds = [], [], [], []
    for number in range(_FOLDS):
        inside = [one for one in pictures if fold[one.name] == number]
        for kind in (True, False):
            drawn = _drawn(inside, years, random, kind=kind)
            pairs += [(one.file, other.file) for one, other in drawn]
            people += [(one.name, other.name) for one, other in drawn]
            same += [kind] * len(drawn)
            folds += [f"{number + 1:02d}"] * len(drawn)
    if len(set(same)) < 2:
        raise InputError(f"{folder} has too few people with pictures {years} years apart for pairs of both kinds")
    return of_files(pairs, people, same, folds if len(set(folds)) > 1 else None)


def read_pictures(folder: Path) -> list[Aged]:
    """The pictures of the folder and of folders in it, by number.

    Raises:
        InputError: there are none, or one is not named that way.
    """
    found = []
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() not in _ENDS:
            continue
        parts = _NAME.fullmatch(file.stem)
        if parts is None:
            raise InputError(f"{file}: expected a name such as 0_MariaCallas_35_f.jpg (number, name, age, gender)")
        found.append((int(parts[1]), Aged(file, parts[2], int(parts[3]), parts[4].lower())))
    if not found:
        raise InputError(f"{folder} holds no pictures named like 0_MariaCallas_35_f.jpg")
    return [one for _, one in sorted(found, key=lambda item: (item[0], str(item[1].file)))]


def _drawn(
    pictures: Sequence[Aged], years: int, random: np.random.Generator, *, kind: bool
) -> list[tuple[Aged, Aged]]:  # fmt: skip
    """Up to 300 different pairs of one person, or of two, so many years apart."""
    if not pictures:
        return []
    age = np.array([one.age for one in pictures])
    who = np.unique([one.name for one in pictures], return_inverse=True)[1]
    young, old = np.nonzero((age[None] - age[:, None] == years) & ((who[None] == who[:, None]) == kind))
    chosen = np.sort(random.permutation(young.size)[:_PER_CLASS])
    return [(pictures[young[at]], pictures[old[at]]) for at in chosen.tolist()]
