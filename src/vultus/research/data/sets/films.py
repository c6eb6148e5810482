"""Sets of films of people and of attacks: one picture of each film, the face cut out where the set says where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.tasks.pad import BONA_FIDE
from vultus.research.data.sets.material import Files, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.evaluation.sets.attacks import Presentation

    Box = tuple[float, float, float, float]

MIDDLE = 0.5
FILMS = frozenset({".mov", ".mp4", ".avi"})
_ROUND = 0.25  # of the sides of a face, added on each side
_ALL = (0, 0, 1 << 20, 1 << 20)


def part(
    films: Sequence[tuple[Path, Presentation]], classes: Sequence[str], box: Callable[[Path], Box | None], *,
    moment: float | None = MIDDLE, grid: int = 0,
) -> Part:  # fmt: skip
    """Films of a split: `species` into `classes`, `label` (1 attack), and people.

    Args:
        films: with what their names say.
        classes: species, `BONA_FIDE` first.
        box: left, top, right, bottom of the face in the middle of a film; None where nobody tells.
        moment: of the films; None: they are pictures.
        grid: see `Files`.

    Raises:
        InputError: a species is none of the classes.
    """
    for path, one in films:
        if one.species not in classes:
            raise InputError(f"{path} shows '{one.species}', but the kinds are {', '.join(classes)}")
    found = [box(path) for path, _ in films]
    boxes = np.array([_wide(one) for one in found], np.int64).reshape(-1, 4) if any(found) else None
    species = np.array([classes.index(one.species) for _, one in films], np.int64)
    label = np.array([one.species != BONA_FIDE for _, one in films], np.int64)
    people = np.array([one.subject for _, one in films], dtype=str)
    return Part(
        Files(tuple(path for path, _ in films), boxes, moment, grid), {"species": species, "label": label}, people
    )


def films_in(folder: Path) -> list[Path]:
    """All films below a folder, by name."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in FILMS) if folder.is_dir() else []


def middle_row(path: Path, columns: int, *, numbered: bool = True) -> NDArray[np.float64] | None:
    """The row of numbers in the middle of a file with one row per frame; None without a file.

    Rows that are zero show no face and are left out.

    Args:
        path: text; commas or blanks between numbers.
        columns: how many numbers are wanted.
        numbered: the number of the frame stands in front of them.

    Raises:
        InputError: a row does not have so many numbers.
    """
    if not path.is_file():
        return None
    rows = []
    for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
        cells = line.replace(",", " ").split()
        if not cells:
            continue
        try:
            row = [float(cell) for cell in cells[numbered:][:columns]]
        except ValueError:
            row = []
        if len(row) != columns:
            what = f"{'a frame and ' if numbered else ''}{columns} numbers"
            raise InputError(f"{path}, line {number}: expected {what}, but it is '{line.strip()}'")
        if any(row):
            rows.append(row)
    return np.array(rows[len(rows) // 2]) if rows else None


def of_eyes(eyes: NDArray[np.float64] | None) -> Box | None:
    """Where a face is whose eyes are at x, y and x, y."""
    if eyes is None:
        return None
    points = eyes.reshape(2, 2)
    apart = max(float(np.hypot(*(points[1] - points[0]))), 1.0)
    x, y = points.mean(0)
    return x - 1.1 * apart, y - 0.9 * apart, x + 1.1 * apart, y + 1.7 * apart


def _wide(box: Box | None) -> tuple[int, int, int, int]:
    if box is None:
        return _ALL
    left, top, right, bottom = box
    across, down = _ROUND * (right - left), _ROUND * (bottom - top)
    return (int(max(left - across, 0)), int(max(top - down, 0)), int(right + across), int(bottom + down))
