"""FairFace: faces from Flickr, balanced over seven groups of apparent race, with gender and nine ranges of age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.columns import header_of, read_columns
from vultus.research.data.sets.material import DataSet, Files, Found, Part

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

RACES = ("White", "Latino_Hispanic", "Indian", "East Asian", "Black", "Southeast Asian", "Middle Eastern")
GENDERS = ("Male", "Female")
AGES = ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "more than 70")
_COUNTS = {
    "train": (16_527, 13_367, 12_319, 12_287, 12_233, 10_795, 9_216),
    "val": (2_085, 1_623, 1_516, 1_550, 1_556, 1_415, 1_209),
}
PUBLISHED = {split: {"": sum(counts), **dict(zip(RACES, counts, strict=True))} for split, counts in _COUNTS.items()}
_OLDEST = {"70+": "more than 70", ">70": "more than 70"}


def find(root: Path) -> Found | None:
    """FairFace below a folder: `fairface_label_train.csv` and `..._val.csv`, or a sample with `labels.csv`.

    Raises:
        InputError: a list is damaged, or says something that is no label.
    """
    lists = {split: root / f"fairface_label_{split}.csv" for split in _COUNTS}
    parts = {split: _part(file, "file", root) for split, file in lists.items() if file.is_file()}
    if parts:
        return Found("as published", parts, PUBLISHED)
    sample = root / "labels.csv"
    if not sample.is_file() or not {"image", "age", "gender", "race"} <= set(header_of(sample)):
        return None
    return Found("labels.csv", {"all": _part(sample, "image", root / "images")}, {}, sample=True)


def _part(file: Path, name: str, home: Path) -> Part:
    rows = read_columns(file, (name, "age", "gender", "race"), ("service_test",))
    ages = [_OLDEST.get(one, one) for one in rows.words("age")]
    fields: dict[str, NDArray[Any]] = {
        "race": _numbers(rows.words("race"), RACES, f"{file}: race"),
        "gender": _numbers(rows.words("gender"), GENDERS, f"{file}: gender"),
        "age": _numbers(ages, AGES, f"{file}: age"),
    }
    return Part(Files(tuple(home / path for path in rows.words(name))), fields)


def _numbers(cells: Sequence[str], classes: Sequence[str], where: str) -> NDArray[np.int64]:
    order = {name: number for number, name in enumerate(classes)}
    wrong = next((cell for cell in cells if cell not in order), None)
    if wrong is not None:
        raise InputError(f"{where} must be one of {', '.join(classes)}, but is '{wrong}'")
    return np.array([order[cell] for cell in cells], dtype=np.int64)


SET = DataSet(
    name="fairface",
    title="FairFace",
    label="race",
    classes=RACES,
    wanted=(
        "fairface_label_train.csv and fairface_label_val.csv with file, age, gender, race, beside train/ and val/",
        "labels.csv with image, age, gender, race beside images/",
    ),
    find=find,
    access="CC BY 4.0: github.com/joojs/fairface",
    size=224,
)
