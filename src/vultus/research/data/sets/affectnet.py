"""AffectNet: faces from web searches, eight expressions with valence and arousal, labelled by one person each.

Three layouts: the first release (lists with the face's box; rows without one clear expression are left out), the
release of eight classes (cut faces, four `.npy` files beside each), and a list of one's own. People are not told.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.columns import read_columns
from vultus.research.data.sets.folders import pictures_in
from vultus.research.data.sets.material import DataSet, Files, Found, Part
from vultus.research.data.sets.words import WITH_CONTEMPT, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

# numbers 0 to 7 of the set; 8 to 10 (none, uncertain, no face) show no one expression
_ORDER = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry", "contempt")
_UNCLEAR = 11
_TRAIN = (74_874, 134_415, 25_459, 14_090, 6_378, 3_803, 24_882, 3_750)


_CLEAR = {"": sum(_TRAIN), **dict(zip(_ORDER, _TRAIN, strict=True))}
_FIRST = {"train": _CLEAR, "val": {"": 4_000, **dict.fromkeys(_ORDER, 500)}}
_EIGHT = {"train": _CLEAR, "val": {"": 3_999}}
_COLUMNS = (
    "subDirectory_filePath", "face_x", "face_y", "face_width", "face_height", "facial_landmarks", "expression",
    "valence", "arousal",
)  # fmt: skip


def find(root: Path) -> Found | None:
    """AffectNet below a folder.

    Raises:
        InputError: a list is damaged.
    """
    if (root / "affectnet.csv").is_file():
        return Found("a list of one's own", _own(root / "affectnet.csv"), {})
    if (root / "train_set").is_dir() or (root / "val_set").is_dir():
        folders = {"train": root / "train_set", "val": root / "val_set"}
        return Found("eight classes", {split: _eight(home) for split, home in folders.items() if home.is_dir()}, _EIGHT)
    lists = {"train": _list(root, "training.csv"), "val": _list(root, "validation.csv")}
    parts, left = {}, 0
    for split, file in lists.items():
        if file is not None:
            parts[split], unclear = _first(root, file)
            left += unclear
    remark = f"{left:,} rows without one clear expression (none, uncertain, no face) are left out"
    return Found("the first release", parts, _FIRST, (remark,)) if parts else None


def _list(root: Path, name: str) -> Path | None:
    places = (root / name, root / "Manually_Annotated_file_lists" / name)
    return next((place for place in places if place.is_file()), None)


def _first(root: Path, file: Path) -> tuple[Part, int]:
    names = ("Manually_Annotated_Images", "Manually_Annotated/Manually_Annotated_Images")
    home = next((root / name for name in names if (root / name).is_dir()), root)
    paths, boxes, labels, affect, left = [], [], [], [], 0
    for line, cells in _rows(file):
        try:
            number = int(cells["expression"])
            x, y, width, height = (int(cells[name]) for name in _COLUMNS[1:5])
            felt = [float(cells["valence"]), float(cells["arousal"])]
        except ValueError as error:
            raise InputError(f"{file}, line {line}: {error}") from None
        if not 0 <= number < _UNCLEAR:
            raise InputError(f"{file}, line {line}: expression must be 0 to 10, but is {number}")
        if number >= len(_ORDER):
            left += 1
            continue
        paths.append(home / cells["subDirectory_filePath"])
        boxes.append((x, y, x + width, y + height))
        labels.append(_ORDER[number])
        affect.append(felt)
    return Part(
        Files(tuple(paths), np.array(boxes, dtype=np.int64).reshape(-1, 4)), _fields(labels, affect, file)
    ), left


def _rows(file: Path) -> list[tuple[int, Mapping[str, str]]]:
    """Rows with their line; the list of the validation set came without a head."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.reader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file} cannot be read as CSV: {error}") from error
    head = rows and rows[0][:1] == [_COLUMNS[0]]
    names = rows[0] if head else list(_COLUMNS)
    lacking = [name for name in _COLUMNS if name not in names]
    if lacking:
        raise InputError(f"{file} must have the columns {', '.join(_COLUMNS)}, but lacks {', '.join(lacking)}")
    start = 1 if head else 0
    for line, row in enumerate(rows[start:], start + 1):
        if len(row) != len(names):
            raise InputError(f"{file}, line {line}: {len(row)} cells and not {len(names)}")
    return [(line, dict(zip(names, row, strict=True))) for line, row in enumerate(rows[start:], start + 1)]


def _eight(home: Path) -> Part:
    paths = pictures_in(home / "images") if (home / "images").is_dir() else []
    labels, affect = [], []
    for path in paths:
        number = int(_value(home, path, "exp"))
        if not 0 <= number < len(_ORDER):
            raise InputError(f"{home / 'annotations'}: expression of {path.stem} must be 0 to 7, but is {number}")
        labels.append(_ORDER[number])
        affect.append([_value(home, path, "val"), _value(home, path, "aro")])
    return Part(Files(tuple(paths)), _fields(labels, affect, home))


def _value(home: Path, picture: Path, kind: str) -> float:
    file = home / "annotations" / f"{picture.stem}_{kind}.npy"
    try:
        return float(np.load(file, allow_pickle=False).item())
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{file} must hold one number, but cannot be read: {error}") from error


def _own(file: Path) -> dict[str, Part]:
    rows = read_columns(file, ("path", "expression", "split"), ("valence", "arousal"))
    given = rows.values["expression"]
    words = [_ORDER[int(one)] if one in set("01234567") else one for one in given]
    labels, splits = numbers(words, WITH_CONTEMPT, str(file)), np.array(rows.words("split"))
    paths = [file.parent / name for name in rows.words("path")]
    affect = {name: rows.numbers(name).astype(np.float32) for name in ("valence", "arousal") if name in rows}
    parts = {}
    for split in dict.fromkeys(rows.values["split"]):
        kept = np.flatnonzero(splits == split)
        fields: dict[str, NDArray[Any]] = {"expression": labels[kept]}
        fields |= {name: column[kept] for name, column in affect.items()}
        parts[split] = Part(Files(tuple(paths[row] for row in kept)), fields)
    return parts


def _fields(labels: list[str], affect: list[list[float]], where: Path) -> dict[str, NDArray[Any]]:
    felt = np.array(affect, dtype=np.float32).reshape(-1, 2)
    return {"expression": numbers(labels, WITH_CONTEMPT, str(where)), "valence": felt[:, 0], "arousal": felt[:, 1]}


SET = DataSet(
    name="affectnet",
    title="AffectNet",
    label="expression",
    classes=WITH_CONTEMPT,
    wanted=(
        "training.csv and validation.csv (or in Manually_Annotated_file_lists/) beside Manually_Annotated_Images/",
        "train_set/ and val_set/ with images/ and annotations/ (N_exp.npy, N_val.npy, N_aro.npy)",
        "affectnet.csv with path, expression (0 to 7 or a word), split",
    ),
    find=find,
    access="on request, for research: mohammadmahoor.com/affectnet",
)
