"""Sets that are a folder for each split and a folder for each class in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from vultus.research.data.sets.material import Files, Part
from vultus.research.data.sets.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".pgm"})


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder by name; those in folders below are not among them."""
    with os.scandir(folder) as entries:
        names = sorted(one.name for one in entries if os.path.splitext(one.name)[1].lower() in EXTENSIONS)
    return [folder / name for name in names]


def class_folders(
    root: Path, splits: Mapping[str, Sequence[str]], field: str, classes: Sequence[str]
) -> dict[str, Part]:
    """The splits that are there; empty where none is.

    Args:
        root: the folder.
        splits: the names that the folder of each split may have.
        field: name of the column of labels.
        classes: words of the folders, in the order of the numbers.
    """
    parts = {}
    for split, names in splits.items():
        home = next((root / name for name in names if (root / name).is_dir()), None)
        if home is None:
            continue
        by_word = {word(path.name): path for path in sorted(home.iterdir()) if path.is_dir()}
        here = [(number, by_word[name]) for number, name in enumerate(classes) if name in by_word]
        if not here:
            continue
        found = [(number, path) for number, folder in here for path in pictures_in(folder)]
        labels = np.array([number for number, _ in found], dtype=np.int64)
        parts[split] = Part(Files(tuple(path for _, path in found)), {field: labels})
    return parts
