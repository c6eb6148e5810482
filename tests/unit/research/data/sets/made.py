"""Small fakes of published sets, in their exact layouts."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vultus.inference.image import write


def picture(path: Path, seed: int = 0, size: tuple[int, int] = (48, 48)) -> Path:
    """A picture of noise, whole and readable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8))
    return path


def broken(path: Path) -> Path:
    """A file that begins like a picture and ends in the middle."""
    whole = picture(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def table(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    """A CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def book(path: Path, *sheets: Sequence[Sequence[object]]) -> Path:
    """A workbook."""
    from openpyxl import Workbook

    path.parent.mkdir(parents=True, exist_ok=True)
    whole = Workbook()
    whole.remove(whole.active)
    for rows in sheets:
        sheet = whole.create_sheet()
        for row in rows:
            sheet.append(list(row))
    whole.save(path)
    return path


def frames(folder: Path, names: Sequence[str]) -> Path:
    """A film as a folder of pictures, no two alike."""
    for seed, name in enumerate(names):
        picture(folder / name, seed, (12, 16))
    return folder
