"""What every reader of pairs gives: pictures, and which to compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class PairSet:
    """Pairs of pictures, or of templates of several pictures.

    Attributes:
        images: files, or the bytes of encoded pictures.
        people: who is on each side that can be compared (a picture or a template); () where nobody tells.
        a, b: picture or template on either side, int64, (P,).
        same: one person or two, bool, (P,).
        fold: fold of each pair, str, (P,), or None.
        template, medium: of each picture, int64, (N,), where templates are compared; else None.
    """

    images: tuple[Path | bytes, ...]
    people: tuple[str, ...]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    same: NDArray[np.bool_]
    fold: NDArray[np.str_] | None = None
    template: NDArray[np.int64] | None = None
    medium: NDArray[np.int64] | None = None


def of_files(
    pairs: Sequence[tuple[Path, Path]], people: Sequence[tuple[str, str]], same: Sequence[bool],
    fold: Sequence[str] | None = None,
) -> PairSet:  # fmt: skip
    """Pairs of files; each file once.

    Raises:
        InputError: there are no pairs, or a file is not there.
    """
    if not pairs:
        raise InputError("the list has no pairs")
    numbers: dict[Path, int] = {}
    names: list[str] = []
    sides: tuple[list[int], list[int]] = ([], [])
    for files, who in zip(pairs, people, strict=True):
        for side, file, name in zip(sides, files, who, strict=True):
            side.append(numbers.setdefault(file, len(numbers)))
            if len(names) < len(numbers):
                names.append(name)
    absent = next((file for file in numbers if not file.is_file()), None)
    if absent is not None:
        raise InputError(f"the list names {absent}, but there is no such file")
    a, b = (np.array(side, dtype=np.int64) for side in sides)
    folds = None if fold is None else np.array(fold, dtype=np.str_)
    return PairSet(tuple(numbers), tuple(names), a, b, np.array(same, dtype=bool), folds)


def joined(a: NDArray[np.int64], b: NDArray[np.int64], size: int) -> tuple[str, ...]:
    """A name for each of so many sides, from genuine pairs alone: those joined by them are of one person."""
    parent = list(range(size))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for one, other in zip(a.tolist(), b.tolist(), strict=True):
        parent[root(one)] = root(other)
    return tuple(f"person of {root(index)}" for index in range(size))


def lines_of(path: Path) -> list[str]:
    """Lines of a list, without the empty ones at its end.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig").rstrip().splitlines()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"cannot read {path}: it is no text in UTF-8") from error
