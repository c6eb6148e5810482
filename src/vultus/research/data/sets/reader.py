"""Reads a published set from a folder: what is there first, then the pictures.

    reader = open_set("fer2013", Path("fer2013"))
    print(reader.check().problems)           # (): everything that was published is there
    train = reader.read("train")

A picture that cannot be read ends the reading, or is left out and told: never is it silently another one. A folder
that does not hold the set is refused with what was looked for and what was found.
"""

from __future__ import annotations

import warnings
from hashlib import blake2b
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vultus.errors import ImageError, InputError, UnknownNameError
from vultus.research.data.sample import Samples
from vultus.research.data.sets.material import Block, Files, Manifest, Split, told
from vultus.research.data.sets.pictures import Pictures, grey_of, scaled
from vultus.research.data.sets.trials import Trials, windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.research.data.sample import Lazy
    from vultus.research.data.sets.material import DataSet, Part

    Pixels = NDArray[np.uint8]

OnBad = Literal["stop", "skip"]
_IN_MEMORY = 2 << 30  # bytes; larger parts stay in their files
_SHOWN = 6


def _warn(line: str) -> None:
    warnings.warn(line, stacklevel=3)


class Reader:
    """A set in a folder.

    Attributes:
        set: what is published of it.
        folder: where it is.
        found: what is there.
    """

    def __init__(self, dataset: DataSet, folder: Path) -> None:
        """Look what is there; no picture is read yet.

        Raises:
            InputError: the folder does not hold the set, or its lists are damaged.
        """
        if not folder.exists():
            raise InputError(f"{folder} is not there; {_wanted(dataset)}")
        found = dataset.find(folder)
        if found is None:
            raise InputError(f"{folder} holds no {dataset.title}: {_wanted(dataset)}; found: {_listing(folder)}")
        self.set, self.folder, self.found = dataset, folder, found

    @property
    def splits(self) -> tuple[str, ...]:
        """Those that are there."""
        return tuple(self.found.parts)

    def check(self, *, decode: bool = False, tell: Callable[[], None] = lambda: None) -> Manifest:
        """Count what is there and hold it to what was published.

        Args:
            decode: read every picture as well, and look for people and pictures that two splits share.
            tell: called after each picture.
        """
        splits, prints = {}, {}
        for name, part in self.found.parts.items():
            bad = None
            if decode:
                prints[name], bad = _looked_at(part, tell)
            splits[name] = self._split(name, part, bad)
        problems = [line for name, split in splits.items() for line in split.problems(name)]
        absent = [name for name in self.found.published if name not in self.found.parts]
        remarks = [*self.found.remarks, *(f"{name} is not here" for name in absent)]
        if self.found.sample:
            remarks.append("a sample of the set: nothing is held to the published totals")
        shared = {
            f"{one}/{other}": self._shared(one, other, prints) for one, other in combinations(self.found.parts, 2)
        }
        for pair, counts in shared.items():
            lines = [f"{pair} share {n:,} {what}" for what, n in counts.items() if n]
            (problems if self.set.apart and counts["people"] else remarks).extend(lines)
        return Manifest(
            self.set.name, str(self.folder), self.found.layout, splits, shared, tuple(problems), tuple(remarks)
        )

    def read(
        self,
        split: str,
        size: int = 0,
        *,
        grey: bool = False,
        on_bad: OnBad = "stop",
        tell: Callable[[str], None] = _warn,
    ) -> Samples:
        """The samples of a split: `image` uint8 (N, size, size, 3), and what the set tells of each.

        Args:
            split: one of `splits`.
            size: side of the pictures in pixels; 0 for the set's own.
            grey: one channel, brightness, instead of three.
            on_bad: "stop" at a picture that cannot be read, or "skip" it.
            tell: called with one line about pictures that were skipped; a warning if nothing is given.

        Raises:
            UnknownNameError: there is no such split here.
            InputError: it is empty, holds signals, or the set has pictures of many sizes and none was given.
            ImageError: a picture cannot be read, and `on_bad` is "stop".
        """
        part = self._part(split)
        if isinstance(part.pictures, Trials):
            raise InputError(f"{self.set.title} holds signals, not pictures: Reader.windows cuts them into rows")
        size = self._size(part, size)
        column, bad = _block(part.pictures, size, grey) if isinstance(part.pictures, Block) else _files(
            Pictures(part.pictures, size, grey), stop=on_bad == "stop"
        )  # fmt: skip
        if bad and on_bad == "stop":
            number = min(bad)
            raise ImageError(f"{number} of {self.set.name} {split}", f"{bad[number]}; on_bad=skip leaves it out")
        name = f"{self.set.name} {split}"
        samples = Samples({"image": column, **part.fields}, part.subjects, name)
        if bad:
            tell(f"{name}: {told(self._named(part, bad), part.pictures.size)} and left out")
            kept = np.setdiff1d(np.arange(len(samples)), list(bad))
            if not len(kept):
                raise InputError(f"{name} in {self.folder} is empty: none of its pictures can be read")
            samples = samples.subset(kept)
        return samples

    def windows(
        self, split: str, channels: Mapping[str, Sequence[str]], *, seconds: float, rate_hz: float, label: str = "",
        rows: Sequence[int] | None = None,
    ) -> Samples:  # fmt: skip
        """Rows of equal length from the signals of a split; see `trials.windows`.

        Args:
            split: one of `splits`.
            channels: of each kind that is wanted.
            seconds: of a row.
            rate_hz: samples per second.
            label: field that stands for a whole trial; "" for the set's own.
            rows: numbers of the trials; None for all.

        Raises:
            UnknownNameError: there is no such split here.
            InputError: it is empty, or holds pictures; a trial cannot be read, or lacks a channel.
        """
        part = self._part(split)
        if not isinstance(part.pictures, Trials) or part.subjects is None:
            raise InputError(f"{self.set.title} holds pictures, not signals: Reader.read reads them")
        return windows(part.pictures, part.fields, part.subjects, channels, seconds=seconds, rate_hz=rate_hz,
                       label=label or self.set.label, rows=rows, name=f"{self.set.name} {split}")  # fmt: skip

    def _part(self, split: str) -> Part:
        if split not in self.found.parts:
            known = ", ".join(self.splits)
            raise UnknownNameError("split", split, self.splits, f"{self.set.title} in {self.folder} has: {known}")
        part = self.found.parts[split]
        if part.pictures.size == 0:
            raise InputError(f"{self.set.name} {split} in {self.folder} is empty: no picture of it is there")
        return part

    def _size(self, part: Part, size: int) -> int:
        if size or isinstance(part.pictures, Block):
            return size
        if not self.set.size:
            raise InputError(f"the pictures of {self.set.title} have many sizes; say one, e.g. size=112")
        return self.set.size

    def _split(self, name: str, part: Part, bad: Mapping[int, str] | None) -> Split:
        labels = part.fields.get(self.set.label)
        counts: Mapping[str, int] = {}
        if labels is not None and self.set.classes:
            numbers = np.bincount(labels[labels >= 0], minlength=len(self.set.classes))
            counts = {word: int(n) for word, n in zip(self.set.classes, numbers, strict=True)}
        subjects = None if part.subjects is None else len(np.unique(part.subjects))
        published = None if self.found.sample else self.found.published.get(name)
        named = None if bad is None else self._named(part, bad)
        unit = "trials" if isinstance(part.pictures, Trials) else "pictures"
        return Split(part.pictures.size, subjects, counts, published, named, unit)

    def _named(self, part: Part, bad: Mapping[int, str]) -> tuple[tuple[str, str], ...]:
        """Pictures by the name of their file, or their number where one file holds all."""
        if isinstance(part.pictures, Block):
            return tuple((f"picture {number}", bad[number]) for number in sorted(bad))
        if isinstance(part.pictures, Trials):
            return tuple((part.pictures.names[number], bad[number]) for number in sorted(bad))
        here, paths = self.folder, part.pictures.paths
        return tuple((_below(paths[number], here), bad[number]) for number in sorted(bad))

    def _shared(self, one: str, other: str, prints: Mapping[str, set[bytes]]) -> dict[str, int | None]:
        first, second = (self.found.parts[name].subjects for name in (one, other))
        people = None if first is None or second is None else len(np.intersect1d(first, second))
        return {"people": people, "identical pictures": len(prints[one] & prints[other]) if prints else None}


def _block(block: Block, size: int, grey: bool) -> tuple[NDArray[Any], Mapping[int, str]]:
    pixels, bad = block.load()
    if size and pixels.shape[1:3] != (size, size):
        pixels = np.stack([scaled(one, size) for one in pixels])
    if grey and pixels.ndim == 4:
        pixels = np.stack([grey_of(one) for one in pixels])
    elif pixels.ndim == 3:
        # three channels of the same numbers take no memory until they are taken
        pixels = pixels[..., None] if grey else np.broadcast_to(pixels[..., None], (*pixels.shape, 3))
    return pixels, bad


def _files(pictures: Pictures, *, stop: bool) -> tuple[NDArray[Any] | Lazy, dict[int, str]]:
    """The column, in memory where it fits, and what is bad; every file is read once in either case."""
    fits = int(np.prod(pictures.shape)) <= _IN_MEMORY
    column = np.zeros(pictures.shape, np.uint8) if fits else None
    bad: dict[int, str] = {}
    for number, one in enumerate(pictures.each()):
        if isinstance(one, ImageError):
            if stop:
                raise ImageError(one.source, f"{one.reason}; on_bad=skip leaves it out") from one
            bad[number] = one.reason
        elif column is not None:
            column[number] = one
    return pictures if column is None else column, bad


def _looked_at(part: Part, tell: Callable[[], None]) -> tuple[set[bytes], dict[int, str]]:
    """A print of every picture that can be read, and why the others cannot."""
    prints, bad = set(), {}
    for number, one in enumerate(_each(part.pictures, tell)):
        if isinstance(one, str):
            bad[number] = one
        elif one.min() != one.max():  # blank ones are all alike and tell nothing
            prints.add(blake2b(one.tobytes(), digest_size=16).digest())
    return prints, bad


def _each(pictures: Block | Files | Trials, tell: Callable[[], None]) -> Iterator[NDArray[Any] | str]:
    if isinstance(pictures, Trials):
        yield from (_tried(pictures, number, tell) for number in range(pictures.size))
        return
    if isinstance(pictures, Files):
        for one in Pictures(pictures, 0).each(tell):
            yield one.reason if isinstance(one, ImageError) else one
        return
    every, bad = pictures.load()
    for number, pixels in enumerate(every):
        tell()
        yield bad.get(number) or pixels


def _tried(trials: Trials, number: int, tell: Callable[[], None]) -> NDArray[Any] | str:
    tell()
    try:
        return trials.print(number)
    except InputError as error:
        return str(error)


def _wanted(dataset: DataSet) -> str:
    return "looked for: " + " / or: ".join(dataset.wanted)


def _listing(folder: Path) -> str:
    """What lies in a folder, in a few words."""
    if folder.is_file():
        return f"a file of {folder.stat().st_size:,} bytes"
    names = sorted(f"{path.name}/" if path.is_dir() else path.name for path in folder.iterdir())
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more or "nothing"


def _below(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
