"""CFP: frontal with frontal (FF) and frontal with profile (FP), ten folds of 350 and 350 pairs.

Protocol/Pair_list_F.txt and Pair_list_P.txt number the pictures (`1 ../Data/Images/001/frontal/01.jpg`), and
Protocol/Split/FF|FP/01..10/same.txt|diff.txt hold pairs of those numbers. In FP the first is frontal.
"""

from __future__ import annotations

import os.path
from pathlib import Path

from vultus.errors import InputError
from vultus.evaluation.sets.pairset import PairSet, lines_of, of_files

PROTOCOLS = ("FF", "FP")


def read_cfp(folder: Path, protocol: str) -> PairSet:
    """Read one protocol.

    Args:
        folder: holds Protocol and Data.
        protocol: one of `PROTOCOLS`.

    Raises:
        InputError: no such protocol, a list or a picture is missing, or a line is not as above.
    """
    if protocol not in PROTOCOLS:
        raise InputError(f"CFP has the protocols FF and FP, not '{protocol}'")
    home = folder / "Protocol"
    sides = [read_numbers(home / f"Pair_list_{view}.txt") for view in ("F", "F" if protocol == "FF" else "P")]
    pairs, people, same, folds = [], [], [], []
    for fold in sorted((home / "Split" / protocol).glob("[0-9][0-9]")):
        for name, kind in (("same", True), ("diff", False)):
            path = fold / f"{name}.txt"
            for number, line in enumerate(lines_of(path), 1):
                files = _files(line, sides, f"{path}, line {number}")
                pairs.append(files)
                # Images/001/frontal/01.jpg: the person is the folder above the view
                people.append((files[0].parent.parent.name, files[1].parent.parent.name))
                same.append(kind)
                folds.append(fold.name)
    if not pairs:
        raise InputError(f"{home / 'Split' / protocol} has no folds 01 to 10")
    return of_files(pairs, people, same, folds)


def read_numbers(path: Path) -> dict[int, Path]:
    """Pictures by their numbers.

    Raises:
        InputError: a line is not a number and a path.
    """
    found = {}
    for number, line in enumerate(lines_of(path), 1):
        index, _, name = line.strip().partition(" ")
        if not index.isdecimal() or not name.strip():
            raise InputError(f"{path}, line {number}: expected a number and a path, but it is '{line.strip()}'")
        found[int(index)] = Path(os.path.normpath(path.parent / name.strip()))
    return found


def _files(line: str, sides: list[dict[int, Path]], where: str) -> tuple[Path, Path]:
    cells = line.strip().split(",")
    if len(cells) != 2 or not all(
        cell.strip().isdecimal() and int(cell) in side for cell, side in zip(cells, sides, strict=True)
    ):
        raise InputError(f"{where}: expected two numbers of the lists, but it is '{line.strip()}'")
    return sides[0][int(cells[0])], sides[1][int(cells[1])]
