"""CFEE: 230 people, each posing neutral, six basic and fifteen compound expressions.

How the files are named is not publicly documented, so the set is read from a list `cfee.csv` (path, subject, label);
where there is none, labels and people are taken from the names of folders and files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from vultus.evaluation.columns import read_columns
from vultus.research.data.sets.folders import pictures_in
from vultus.research.data.sets.material import DataSet, Files, Found, Part
from vultus.research.data.sets.words import COMPOUNDS, numbers

if TYPE_CHECKING:
    from pathlib import Path

# numbers 1 to 22, in the order of the paper
CLASSES = ("neutral", "happy", "sad", "fear", "angry", "surprise", "disgust", *COMPOUNDS)
PEOPLE = 230
_FOLDER = re.compile(r"(?P<label>\d{1,2})_.*")
_FILE = re.compile(r".*?(?P<subject>[A-Za-z]*\d+)_(?P<label>\d{1,2})")


def find(root: Path) -> Found | None:
    """CFEE below a folder.

    Raises:
        InputError: the list is damaged, or a label is none of the 22.
    """
    file = root / "cfee.csv"
    rows = _listed(file) if file.is_file() else _named(root)
    if not rows:
        return None
    paths, subjects, labels = zip(*rows, strict=True)
    words = [CLASSES[int(one) - 1] if one.isdigit() and 1 <= int(one) <= len(CLASSES) else one for one in labels]
    part = Part(Files(paths), {"expression": numbers(words, CLASSES, str(root))}, np.array(subjects, dtype=str))
    published = {"all": {"": PEOPLE * len(CLASSES), **dict.fromkeys(CLASSES, PEOPLE)}}
    people = len(set(subjects))
    remarks = () if people == PEOPLE else (f"{people:,} people, but {PEOPLE} are published",)
    return Found("cfee.csv" if file.is_file() else "labels in names", {"all": part}, published, remarks)


def _listed(file: Path) -> list[tuple[Path, str, str]]:
    rows = read_columns(file, ("path", "subject", "label"))
    paths = [file.parent / name for name in rows.words("path")]
    return list(zip(paths, rows.words("subject"), rows.words("label"), strict=True))


def _named(root: Path) -> list[tuple[Path, str, str]]:
    """`<label>_*/<subject>.*`, or `*<subject>_<label>.*` beside each other."""
    rows = []
    if not root.is_dir():
        return []
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        if match := _FOLDER.fullmatch(folder.name):
            rows += [(path, path.stem, match["label"]) for path in pictures_in(folder)]
    if not rows:
        for path in pictures_in(root):
            if match := _FILE.fullmatch(path.stem):
                rows.append((path, match["subject"], match["label"]))
    return rows


SET = DataSet(
    name="cfee",
    title="CFEE",
    label="expression",
    classes=CLASSES,
    wanted=(
        "cfee.csv with path, subject, label (1 to 22 or a word)",
        "folders <label>_*/ with a picture <subject>.* each",
        "pictures *<subject>_<label>.*",
    ),
    find=find,
    access="on request, for research: cbcsl.ece.ohio-state.edu",
)
