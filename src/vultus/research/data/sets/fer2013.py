"""FER2013: 35,887 grey faces of 48 x 48 pixels from web searches, seven expressions, labels about two thirds clean.

Three layouts: the file of the challenge, a folder for each class, and `.npz` files with the pixels. Where the votes of
FER+ are there too (`fer2013new.csv`, or in the `.npz`), each picture has ten raters' votes over ten answers.
"""

from __future__ import annotations

import csv
import sys
import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.research.data.sets.folders import class_folders
from vultus.research.data.sets.material import Block, DataSet, Found, Part
from vultus.research.data.sets.words import EXPRESSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = 48
_LEVELS = frozenset(str(level) for level in range(256))
VOTES = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear", "contempt", "unknown", "no face")
_USAGE = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}
_COLUMNS = ("emotion", "pixels", "Usage")
_VOTE_COLUMNS = (
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF",
)  # fmt: skip
_COUNTS = {
    "train": (3995, 436, 4097, 7215, 4830, 3171, 4965),
    "val": (467, 56, 496, 895, 653, 415, 607),
    "test": (491, 55, 528, 879, 594, 416, 626),
}
PUBLISHED: Mapping[str, Mapping[str, int]] = {
    split: {"": sum(counts), **dict(zip(EXPRESSIONS, counts, strict=True))} for split, counts in _COUNTS.items()
}
_BOTH = {key: PUBLISHED["val"][key] + PUBLISHED["test"][key] for key in PUBLISHED["val"]}
_ARCHIVES = {"train": "fer2013_train.npz", "val": "fer2013_publictest.npz", "test": "fer2013_privatetest.npz"}
_FOLDERS = {
    "train": ("train", "training", "Training"),
    "val": ("val", "valid", "validation", "PublicTest"),
    "test": ("test", "PrivateTest"),
}


def find(root: Path) -> Found | None:
    """FER2013 below a folder, or in its file.

    Raises:
        InputError: a list is damaged.
    """
    file = root if root.suffix == ".csv" else root / "fer2013.csv"
    if file.is_file():
        return _challenge(file)
    if any((root / name).is_file() for name in _ARCHIVES.values()):
        parts = {split: _archive(root / name) for split, name in _ARCHIVES.items() if (root / name).is_file()}
        return Found("npz files", parts, PUBLISHED)
    parts = class_folders(root, _FOLDERS, "expression", EXPRESSIONS)
    if not parts:
        return None
    if "val" in parts:
        return Found("a folder for each class", parts, PUBLISHED)
    # the usual copy knows no PublicTest: it went into the test folder
    remark = "test is PublicTest and PrivateTest together: nothing may be chosen on it"
    return Found("a folder for each class", parts, {"train": PUBLISHED["train"], "test": _BOTH}, (remark,))


def _challenge(file: Path) -> Found:
    usage, labels, numbers = [], [], []
    for number, row in _rows(file, _COLUMNS):
        where = f"{file}, line {number + 2}"
        if row["Usage"] not in _USAGE:
            raise InputError(f"{where}: Usage must be one of {', '.join(_USAGE)}, but is '{row['Usage']}'")
        if row["emotion"] not in set("0123456"):
            raise InputError(f"{where}: emotion must be 0 to 6, but is '{row['emotion']}'")
        usage.append(_USAGE[row["Usage"]])
        labels.append(int(row["emotion"]))
        numbers.append(number)
    votes = _votes(file.with_name("fer2013new.csv"), len(labels))
    splits, emotion = np.array(usage), np.array(labels, dtype=np.int64)
    parts = {}
    for split in dict.fromkeys(_USAGE.values()):
        rows = np.flatnonzero(splits == split)
        if len(rows):
            fields: dict[str, NDArray[Any]] = {"expression": emotion[rows], "row": rows}
            if votes is not None:
                fields["votes"] = votes[rows]
            parts[split] = Part(Block(partial(_pixels, file, rows), len(rows)), fields)
    remarks = () if votes is not None else ("no fer2013new.csv beside it: without the votes of FER+",)
    return Found("fer2013.csv", parts, PUBLISHED, remarks)


def _pixels(file: Path, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint8], dict[int, str]]:
    """The pictures of some rows, and what is no picture: black, and told why by its number."""
    bad: dict[int, str] = {}
    place = {int(row): number for number, row in enumerate(rows)}
    out = np.zeros((len(rows), SIZE, SIZE), np.uint8)
    for row, cells in _rows(file, _COLUMNS):
        if row not in place:
            continue
        values = cells["pixels"].split()
        if len(values) != SIZE * SIZE:
            bad[place[row]] = f"line {row + 2} has {len(values):,} pixels and not {SIZE * SIZE:,}"
        elif not _LEVELS.issuperset(values):
            bad[place[row]] = f"line {row + 2} has a pixel that is no number from 0 to 255"
        else:
            out[place[row]] = np.array(values, dtype=np.uint8).reshape(SIZE, SIZE)
    return out, bad


def _votes(file: Path, size: int) -> NDArray[np.float32] | None:
    """FER+: votes over `VOTES`, float32 (N, 10), rows as in the challenge's file; None where it is not there."""
    if not file.is_file():
        return None
    try:
        rows = [[float(row[name]) for name in _VOTE_COLUMNS] for _, row in _rows(file, _VOTE_COLUMNS)]
    except ValueError as error:
        raise InputError(f"{file}: votes must be numbers, but: {error}") from None
    if len(rows) != size:
        raise InputError(f"{file} has {len(rows):,} rows, but fer2013.csv has {size:,}: they do not belong together")
    return np.array(rows, dtype=np.float32)


def _rows(file: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            rows = csv.DictReader(stream)
            absent = [name for name in columns if name not in (rows.fieldnames or ())]
            if absent:
                raise InputError(f"{file} must have the columns {', '.join(columns)}, but lacks {', '.join(absent)}")
            for number, row in enumerate(rows):
                yield number, {name: row[name] or "" for name in columns}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file} cannot be read as CSV: {error}") from error


def _archive(file: Path) -> Part:
    labels, votes, row = (_array(file, name) for name in ("y", "ferplus", "row"))
    size = len(labels)
    if len(votes) != size or len(row) != size or (size and int(labels.max()) >= len(EXPRESSIONS)):
        raise InputError(f"{file}: y (0 to 6), ferplus and row must be equally long")
    fields: dict[str, NDArray[Any]] = {
        "expression": labels.astype(np.int64),
        "row": row.astype(np.int64),
        "votes": votes.astype(np.float32),
    }
    return Part(Block(partial(_stored, file, size), size), fields)


def _stored(file: Path, size: int) -> tuple[NDArray[np.uint8], dict[int, str]]:
    pixels = _array(file, "x")
    if pixels.shape != (size, SIZE, SIZE) or pixels.dtype != np.uint8:
        raise InputError(f"{file}: x must be uint8 ({size}, {SIZE}, {SIZE}), but is {pixels.dtype} {pixels.shape}")
    return pixels, {}


def _array(file: Path, name: str) -> NDArray[Any]:
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            return np.asarray(stored[name])
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{file} must hold x, y, ferplus and row, but {name} cannot be read: {error}") from error


SET = DataSet(
    name="fer2013",
    title="FER2013",
    label="expression",
    classes=EXPRESSIONS,
    wanted=(
        "fer2013.csv with emotion, pixels, Usage (and fer2013new.csv of FER+ beside it)",
        "train/, val/ and test/ with a folder for each of angry, disgust, fear, happy, sad, surprise, neutral",
        "fer2013_train.npz, fer2013_publictest.npz with x, y, ferplus, row",
    ),
    find=find,
    access="Kaggle challenge of 2013; for research, no licence stated. Votes: github.com/microsoft/FERPlus, MIT",
    size=SIZE,
)
