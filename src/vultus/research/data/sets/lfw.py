"""LFW: 13,233 press photographs of 5,749 people.

Layouts: a folder for each person, with `train` and `test` of View 1 where `peopleDevTrain.txt` and
`peopleDevTest.txt` are there; and `images.csv` beside `images/`. Pairs for verification are `vultus evaluate`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.columns import read_columns
from vultus.research.data.sets.folders import pictures_in
from vultus.research.data.sets.material import DataSet, Files, Found, Part

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PICTURES, PEOPLE = 13_233, 5_749
_VIEWS = {"train": "peopleDevTrain.txt", "test": "peopleDevTest.txt"}
_PUBLISHED = {"train": {"": 9_525}, "test": {"": 3_708}}


def find(root: Path) -> Found | None:
    """LFW below a folder.

    Raises:
        InputError: a list is damaged.
    """
    if (root / "images.csv").is_file() and (root / "images").is_dir():
        return _listed(root)
    for home in (root, root / "lfw", root / "lfw_funneled", root / "lfw-deepfunneled"):
        by_person = _people(home)
        if by_person:
            return _whole(root, by_person)
    return None


def _people(home: Path) -> dict[str, list[Path]]:
    """Pictures of each person: a folder whose pictures bear its name."""
    if not home.is_dir():
        return {}
    folders = sorted(path for path in home.iterdir() if path.is_dir())
    found = {
        folder.name: [p for p in pictures_in(folder) if p.name.startswith(f"{folder.name}_")] for folder in folders
    }
    return {name: pictures for name, pictures in found.items() if pictures}


def _whole(root: Path, by_person: dict[str, list[Path]]) -> Found:
    files = {split: root / name for split, name in _VIEWS.items() if (root / name).is_file()}
    people = len(by_person)
    remarks = () if people == PEOPLE else (f"{people:,} people, but {PEOPLE:,} are published",)
    if not files:
        return Found("a folder for each person", {"all": _part(by_person)}, {"all": {"": PICTURES}}, remarks)
    parts = {}
    for split, file in files.items():
        names = _names(file)
        absent = [name for name in names if name not in by_person]
        if absent:
            raise InputError(f"{file} names {absent[0]}, who has no folder with pictures ({len(absent):,} such names)")
        parts[split] = _part({name: by_person[name] for name in names})
    return Found("a folder for each person, View 1", parts, _PUBLISHED, remarks)


def _names(file: Path) -> list[str]:
    """Names of a list: first how many, then a name and how many pictures in each line."""
    try:
        first, *lines = file.read_text("utf-8").splitlines()
        names = [line.split("\t")[0] for line in lines if line.strip()]
        whole = int(first) == len(names)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise InputError(f"{file} must hold a number and then a name in each line, but: {error}") from error
    if not whole:
        raise InputError(f"{file} says {first} people, but names {len(names):,}")
    return names


def _part(by_person: dict[str, list[Path]]) -> Part:
    paths = [path for pictures in by_person.values() for path in pictures]
    people = [name for name, pictures in by_person.items() for _ in pictures]
    return Part(Files(tuple(paths)), {}, np.array(people, dtype=str))


def _listed(root: Path) -> Found | None:
    file = root / "images.csv"
    try:
        rows = read_columns(file, ("image", "identity"), ("folds", "gender_noisy", "expression_noisy"))
    except InputError:
        return None
    fields: dict[str, NDArray[Any]] = {
        name: np.array(rows.values[name], dtype=str) for name in ("gender_noisy", "expression_noisy") if name in rows
    }
    paths = tuple(root / "images" / name for name in rows.words("image"))
    part = Part(Files(paths), fields, np.array(rows.words("identity"), dtype=str))
    return Found("images.csv", {"all": part}, {"all": {"": PICTURES}}, sample=len(paths) < PICTURES)


SET = DataSet(
    name="lfw",
    title="LFW",
    label="",
    classes=(),
    wanted=(
        "a folder for each person with <Name>_0001.jpg (or below lfw/), with peopleDevTrain.txt and peopleDevTest.txt",
        "images.csv with image, identity beside images/",
    ),
    find=find,
    access="for research: vis-www.cs.umass.edu/lfw",
    apart=True,
)
