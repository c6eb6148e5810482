"""LFW: pairs.txt beside the folders of people; `name n1 n2` is one person, `name1 n1 name2 n2` two.

The first line of View 2 holds the folds and the pairs of each class in a fold (10, 300), that of View 1 the pairs of
each class; lists without it (RFW) have folds of 300 and 300. Pictures lie in <name>/<name>_0001.jpg.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.errors import InputError
from vultus.evaluation.sets.pairset import PairSet, lines_of, of_files

if TYPE_CHECKING:
    from pathlib import Path

_HOMES = ("", "lfw", "lfw_funneled", "lfw-deepfunneled", "images")
_PER_CLASS = 300


def read_lfw(folder: Path, listed: Path | None = None) -> PairSet:
    """Read LFW.

    Args:
        folder: holds pairs.txt and the people, directly or in lfw, lfw_funneled, lfw-deepfunneled or images.
        listed: another list, e.g. pairsDevTest.txt.

    Raises:
        InputError: the list or a picture is missing, or a line is not as above.
    """
    return read_named_pairs(listed or folder / "pairs.txt", [folder / home for home in _HOMES])


def read_named_pairs(path: Path, homes: list[Path]) -> PairSet:
    """Read pairs of names and numbers.

    Args:
        path: the list.
        homes: folders in which the people's folders may be; the first that has the first of them counts.

    Raises:
        InputError: a line is none of the two kinds, or a picture is missing.
    """
    lines = lines_of(path)
    head = lines[0].split() if lines else []
    with_head = bool(head) and all(cell.isdecimal() for cell in head) and len(head) <= 2
    per_fold = 2 * (int(head[-1]) if with_head else _PER_CLASS)
    pairs, people, same, fold = [], [], [], []
    home = None
    for number, line in enumerate(lines[with_head:], 1 + with_head):
        (one, first), (other, second) = _sides(line, f"{path}, line {number}")
        home = home or next((place for place in homes if (place / one).is_dir()), homes[0])
        pairs.append((_picture(home, one, first), _picture(home, other, second)))
        people.append((one, other))
        same.append(one == other)
        fold.append(str(1 + (number - 1 - with_head) // per_fold))
    if not pairs:
        raise InputError(f"{path} has no pairs")
    return of_files(pairs, people, same, fold if len(set(fold)) > 1 else None)


def _sides(line: str, where: str) -> tuple[tuple[str, int], tuple[str, int]]:
    """Names and numbers of both pictures; names hold no blanks."""
    cells = line.split("\t") if "\t" in line else line.split()
    match [cell.strip() for cell in cells]:
        case [one, first, second] if first.isdecimal() and second.isdecimal():
            return (one, int(first)), (one, int(second))
        case [one, first, other, second] if first.isdecimal() and second.isdecimal() and one != other:
            return (one, int(first)), (other, int(second))
    raise InputError(f"{where}: expected 'name n1 n2' or 'name1 n1 name2 n2', but it is '{line.strip()}'")


def _picture(home: Path, name: str, number: int) -> Path:
    """The picture, in whatever format it was kept."""
    kinds = [home / name / f"{name}_{number:04d}{end}" for end in (".jpg", ".png", ".jpeg")]
    return next((file for file in kinds if file.is_file()), kinds[0])
