"""InsightFace .bin files (lfw, cfp_fp, agedb_30, calfw, cplfw): a pickle of encoded pictures and a list of truths.

A pickle is a program, so it is not run: its instructions are walked, and only those that build lists, tuples, bytes,
truth values and whole numbers are known. Whatever else it asks for, such as a class or a call, is refused.
"""

from __future__ import annotations

import hashlib
import mmap
import pickletools
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.sets.pairset import PairSet, joined

if TYPE_CHECKING:
    from pathlib import Path

_MARK = object()
_VALUES = {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BINSTRING", "SHORT_BINSTRING", "BININT", "BININT1", "BININT2",
           "INT", "LONG1"}  # fmt: skip
_FIXED: dict[str, Any] = {"NEWTRUE": True, "NEWFALSE": False}
_IGNORED = {"PROTO", "FRAME", "STOP"}
_PUT, _GET = {"BINPUT", "LONG_BINPUT", "PUT"}, {"BINGET", "LONG_BINGET", "GET"}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def read_packed(path: Path) -> PairSet:
    """Read a .bin file; equal pictures count once, and people are known as far as genuine pairs tell.

    Raises:
        InputError: it is no such file, asks for more than bytes and truths, or its lists do not fit.
    """
    found = walk(path)
    match found:
        case (list() as pictures, list() as truths) if pictures and len(pictures) == 2 * len(truths):
            pass
        case _:
            raise InputError(f"{path} must hold two pictures for each truth, and does not")
    if not all(isinstance(picture, bytes) for picture in pictures) or not all(truth in (0, 1) for truth in truths):
        raise InputError(f"{path} must hold pictures as bytes and truths as True or False, and does not")
    numbers: dict[bytes, int] = {}
    kept: list[bytes] = []
    sides = []
    for picture in pictures:
        number = numbers.setdefault(hashlib.sha256(picture).digest(), len(numbers))
        if number == len(kept):
            kept.append(picture)
        sides.append(number)
    a, b = np.array(sides[::2], dtype=np.int64), np.array(sides[1::2], dtype=np.int64)
    same = np.array(truths, dtype=bool)
    return PairSet(tuple(kept), joined(a[same], b[same], len(kept)), a, b, same)


def walk(path: Path) -> Any:
    """What a pickle of plain values holds, built without running it.

    Raises:
        InputError: it cannot be read, or asks for anything but plain values.
    """
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    try:
        # Mapped: a length that the file only claims to have takes no memory.
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            for code, value, _ in pickletools.genops(cast("IO[bytes]", mapped)):
                _step(code.name, value, stack, memo)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except _StrangeError as error:
        raise InputError(f"{path} is refused: it asks for {error}, and only bytes, lists and truths are read") from None
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is no .bin file of pictures, or is cut off") from error
    if len(stack) != 1:
        raise InputError(f"{path} is no .bin file of pictures, or is cut off")
    return stack[0]


class _StrangeError(Exception):
    """An instruction that is not known here."""


def _step(name: str, value: Any, stack: list[Any], memo: dict[int, Any]) -> None:
    """One instruction of the pickle."""
    if name in _VALUES:
        # strings of Python 2 are bytes, which pickletools shows as Latin-1
        stack.append(value.encode("latin-1") if isinstance(value, str) else value)
    elif name in _FIXED:
        stack.append(_FIXED[name])
    elif name in _PUT:
        memo[value] = stack[-1]
    elif name == "MEMOIZE":
        memo[len(memo)] = stack[-1]
    elif name in _GET:
        stack.append(memo[value])
    elif name not in _IGNORED:
        _build(name, stack)


def _build(name: str, stack: list[Any]) -> None:
    """Lists and tuples."""
    if name == "MARK":
        stack.append(_MARK)
    elif name == "EMPTY_LIST":
        stack.append([])
    elif name == "EMPTY_TUPLE":
        stack.append(())
    elif name in _TUPLES:
        stack[-_TUPLES[name] :] = [tuple(stack[-_TUPLES[name] :])]
    elif name == "APPEND":
        last = stack.pop()
        stack[-1].append(last)
    elif name in {"APPENDS", "LIST", "TUPLE"}:
        items = _since_mark(stack)
        if name == "APPENDS":
            stack[-1].extend(items)
        else:
            stack.append(tuple(items) if name == "TUPLE" else items)
    else:
        raise _StrangeError(name)


def _since_mark(stack: list[Any]) -> list[Any]:
    items: list[Any] = []
    while (last := stack.pop()) is not _MARK:
        items.append(last)
    return items[::-1]
