"""CALFW and CPLFW: two lines per pair, `<name>_0001.jpg <number>`; 0 is two people, another number one person.

In CALFW the number of one person is the fold. Pictures lie together in `aligned images` or `images`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vultus.errors import InputError
from vultus.evaluation.sets.pairset import PairSet, lines_of, of_files

if TYPE_CHECKING:
    from pathlib import Path

_NAME = re.compile(r"(.+)_\d+\.\w+")
_HOMES = ("aligned images", "images", "")


def read_calfw(folder: Path, listed: Path | None = None) -> PairSet:
    """Read CALFW or CPLFW.

    Args:
        folder: holds pairs_CALFW.txt or pairs_CPLFW.txt and the pictures.
        listed: the list, where it lies elsewhere.

    Raises:
        InputError: the list or a picture is missing, or two lines are no pair.
    """
    path = listed or next((file for file in sorted(folder.glob("pairs_C[AP]LFW.txt"))), folder / "pairs_CALFW.txt")
    lines = lines_of(path)
    if len(lines) % 2:
        raise InputError(f"{path} has {len(lines)} lines, but needs two for each pair")
    home = next(folder / name for name in _HOMES if (folder / name).is_dir())
    pairs, people, same = [], [], []
    for row in range(0, len(lines), 2):
        (one, first), (other, second) = (_side(line, f"{path}, line {row + 1}") for line in lines[row : row + 2])
        if first != second:
            raise InputError(
                f"{path}, line {row + 1}: both lines of a pair end in the same number, not {first}, {second}"
            )
        pairs.append((home / one, home / other))
        people.append((_person(one), _person(other)))
        same.append(first != "0")
    return of_files(pairs, people, same)


def _side(line: str, where: str) -> tuple[str, str]:
    name, _, number = line.strip().rpartition(" ")
    if not number.isdecimal() or not _NAME.fullmatch(name.strip()):
        raise InputError(f"{where}: expected '<name>_0001.jpg <number>', but it is '{line.strip()}'")
    return name.strip(), number


def _person(file: str) -> str:
    found = _NAME.fullmatch(file)
    return found[1] if found else file
