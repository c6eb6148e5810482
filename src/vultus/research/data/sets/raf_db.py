"""RAF-DB, the single-label part: faces from the web, seven expressions by about forty people's votes each.

Layouts: as published (`basic/`, aligned faces of 100 pixels preferred), and folders 1 to 7 as copies have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.research.data.sets.folders import class_folders
from vultus.research.data.sets.material import DataSet, Files, Found, Part
from vultus.research.data.sets.words import EXPRESSIONS, numbers

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_ORDER = ("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral")  # numbers 1 to 7
_COUNTS = {
    "train": (1_290, 281, 717, 4_772, 1_982, 705, 2_524),
    "test": (329, 74, 160, 1_185, 478, 162, 680),
}
PUBLISHED = {split: {"": sum(counts), **dict(zip(_ORDER, counts, strict=True))} for split, counts in _COUNTS.items()}
# gender male, female, unsure; race Caucasian, African-American, Asian; age 0-3, 4-19, 20-39, 40-69, 70+
_ATTRIBUTES = ("gender", "race", "age")
_POINTS = 5


def find(root: Path) -> Found | None:
    """RAF-DB below a folder, which may be `basic` itself.

    Raises:
        InputError: the list is damaged.
    """
    for home in (root, root / "basic"):
        file = home / "EmoLabel" / "list_patition_label.txt"
        if file.is_file():
            return _basic(home, file)
    digits = [str(_ORDER.index(name) + 1) for name in EXPRESSIONS]
    parts = class_folders(root, {"train": ("train",), "test": ("test", "valid")}, "expression", digits)
    return Found("folders 1 to 7", parts, PUBLISHED) if parts else None


def _basic(home: Path, file: Path) -> Found:
    aligned = (home / "Image" / "aligned").is_dir()
    pictures = home / "Image" / ("aligned" if aligned else "original")
    names: dict[str, list[str]] = {"train": [], "test": []}
    labels: dict[str, list[str]] = {"train": [], "test": []}
    try:
        lines = file.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name, _, label = line.strip().partition(" ")
        split = name.partition("_")[0]
        if split not in names or label.strip() not in set("1234567"):
            raise InputError(f"{file}, line {number}: expected 'train_00001.jpg 5' or 'test_0001.jpg 5', but it is "
                             f"'{line.strip()}'")  # fmt: skip
        names[split].append(name)
        labels[split].append(_ORDER[int(label) - 1])
    parts = {}
    for split, files in names.items():
        stems = [name.rpartition(".")[0] for name in files]
        paths = tuple(pictures / (f"{stem}_aligned.jpg" if aligned else f"{stem}.jpg") for stem in stems)
        fields = {"expression": numbers(labels[split], EXPRESSIONS, str(file)), **_attributes(home, stems)}
        parts[split] = Part(Files(paths), fields)
    remarks = () if aligned else ("no aligned faces: whole pictures, cut to their middle square",)
    return Found("as published", parts, PUBLISHED, remarks)


def _attributes(home: Path, stems: list[str]) -> dict[str, NDArray[Any]]:
    """Gender, race and age of each, where they are there: three numbers after five points."""
    folder = home / "Annotation" / "manual"
    if not folder.is_dir():
        return {}
    found = np.empty((len(stems), len(_ATTRIBUTES)), np.int64)
    for row, stem in enumerate(stems):
        file = folder / f"{stem}_manu_attri.txt"
        try:
            words = file.read_text("utf-8").split()
            found[row] = [int(float(one)) for one in words[2 * _POINTS : 2 * _POINTS + len(_ATTRIBUTES)]]
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise InputError(
                f"{file} must hold five points, then gender, race and age, but cannot be read: {error}"
            ) from error
    return {name: found[:, column] for column, name in enumerate(_ATTRIBUTES)}


SET = DataSet(
    name="raf_db",
    title="RAF-DB",
    label="expression",
    classes=EXPRESSIONS,
    wanted=(
        "EmoLabel/list_patition_label.txt and Image/aligned/ (or below basic/)",
        "train/ and test/ with folders 1 (surprise) to 7 (neutral)",
    ),
    find=find,
    access="on request, for research: whdeng.cn/RAF",
    size=100,
)
