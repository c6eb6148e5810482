"""Sets of long films with marked expressions: films, marks, and the splits a reader makes of them.

A film is a folder of numbered pictures or one file. Splits: `films` (the first frame of each), `micro` and `macro` (the
apex frame of each marked expression, with `film`, `onset`, `apex`, `offset` and `expression`). Everybody is in all of
them: who trains on one person's films must not be tested on that person's marks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vultus.errors import InputError, VideoError
from vultus.inference import video
from vultus.inference.image import read
from vultus.research.data.sets.folders import pictures_in
from vultus.research.data.sets.material import Block, Files, Found, Part
from vultus.research.data.sets.sheets import whole
from vultus.research.data.sets.words import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

Kind = Literal["micro", "macro"]
VIDEOS = (".avi", ".mp4", ".mkv", ".mov")
_NUMBER = re.compile(r"(\d+)$")


@dataclass(frozen=True, slots=True)
class Mark:
    """An expression in a film; frames count from 0, and the last one is inside.

    Attributes:
        kind: which expressions it is one of.
        onset, apex, offset: frames, in order.
        expression: its word, or "" where nobody said.
    """

    kind: Kind
    onset: int
    apex: int
    offset: int
    expression: str


@dataclass(frozen=True, slots=True)
class Film:
    """A film and what is marked in it.

    Attributes:
        name: unique in its set.
        subject: who is on it.
        frames: a picture each, in order, or the file that holds all.
        fps: frames per second.
        marks: by onset.
    """

    name: str
    subject: str
    frames: tuple[Path, ...] | Path
    fps: float
    marks: tuple[Mark, ...] = ()

    def pictures(self, step: int = 1) -> Iterator[Pixels]:
        """Every `step`-th frame, RGB uint8 (H, W, 3).

        Raises:
            ImageError: a picture cannot be read.
            VideoError: the file cannot be read.
        """
        if isinstance(self.frames, Path):
            yield from (frame.image for frame in video.frames(self.frames) if frame.index % step == 0)
        else:
            yield from (read(path) for path in self.frames[::step])

    def fingerprint(self) -> list[tuple[str, int]]:
        """What tells its files from others without reading them: names and sizes."""
        paths = [self.frames] if isinstance(self.frames, Path) else list(dict.fromkeys(self.frames))
        return [(path.name, path.stat().st_size) for path in paths]


def numbered(folder: Path) -> tuple[Path, ...]:
    """Frames of a folder by the number that ends their names; where one is lacking, the one before it stands.

    Frames count from 1, or from 0 where there is one of that number.

    Raises:
        InputError: a name ends with no number, or two with the same.
    """
    by_number: dict[int, Path] = {}
    for path in pictures_in(folder):
        match = _NUMBER.search(path.stem)
        if match is None:
            raise InputError(f"{path}: the name of a frame must end with its number")
        if int(match[0]) in by_number:
            raise InputError(f"{path} has the same number as {by_number[int(match[0])].name}")
        by_number[int(match[0])] = path
    if not by_number:
        return ()
    found, last = [], by_number[min(by_number)]
    for number in range(min(1, min(by_number)), max(by_number) + 1):
        last = by_number.get(number, last)
        found.append(last)
    return tuple(found)


def mark(kind: Kind, cells: Mapping[str, str], where: str) -> Mark:
    """A mark from cells `onset`, `apex`, `offset` and `expression`, whose frames count from 1.

    An offset of 0 was not seen: the apex takes its place. An apex that nobody marked lies in the middle.

    Raises:
        InputError: a frame is no whole number, or the expression ends before it begins.
    """
    onset, offset = whole(cells["onset"], where), whole(cells["offset"], where)
    apex = int(cells["apex"]) if cells["apex"].lstrip("-").isdigit() else 0
    offset = offset if offset > 0 else apex
    if offset < onset:
        raise InputError(f"{where}: the expression begins in frame {onset} and ends in frame {offset}")
    first, last = max(onset - 1, 0), max(offset - 1, 0)
    apex = apex - 1 if onset <= apex <= offset and apex > 0 else (first + last) // 2
    return Mark(kind, first, apex, last, cells["expression"])


def gathered(films: Sequence[Film], marks: Mapping[str, Sequence[Mark]]) -> tuple[tuple[Film, ...], tuple[str, ...]]:
    """Films with their marks, and what does not fit together, a line for each.

    Args:
        films: without marks.
        marks: by name of the film.
    """
    known = {film.name for film in films}
    absent = [name for name in marks if name not in known]
    remarks = []
    if absent:
        count = sum(len(marks[name]) for name in absent)
        remarks.append(f"{count:,} marked expressions are of films that are not here, the first of them {absent[0]}")
    marked = tuple(
        replace(one, marks=tuple(sorted(marks.get(one.name, ()), key=lambda mark: mark.onset))) for one in films
    )
    over = [film.name for film in marked if film.marks for length in (_length(film),) for one in film.marks
            if one.offset >= length]  # fmt: skip
    if over:
        remarks.append(f"{len(over):,} marked expressions end after their film, the first of them in {over[0]}")
    remarks.append("everybody is in all splits: split by person, never by film or mark")
    return marked, tuple(remarks)


def found(
    layout: str, films: Sequence[Film], classes: Sequence[str], published: Mapping[str, Mapping[str, int]],
    remarks: tuple[str, ...], people: int,
) -> Found:  # fmt: skip
    """The set as a reader has it: splits `films`, `micro` and `macro`, the latter where something is marked.

    Args:
        layout: which of the published ones it is.
        films: with their marks.
        classes: words of the expressions.
        published: see `Found`.
        remarks: see `Found`.
        people: how many are published.
    """
    subjects = np.array([film.subject for film in films], dtype=str)
    parts = {"films": Part(_stills(films, [(row, 0) for row in range(len(films))]), {}, subjects)}
    for kind in ("micro", "macro"):
        rows = [(row, one) for row, film in enumerate(films) for one in film.marks if one.kind == kind]
        if not rows:
            continue
        words = [one.expression for _, one in rows]
        told = [row for row, word in enumerate(words) if word]
        labels = np.full(len(rows), -1, np.int64)
        labels[told] = numbers([words[row] for row in told], classes, layout)
        fields: dict[str, NDArray[Any]] = {"expression": labels, "film": np.array([row for row, _ in rows], np.int64)}
        for name in ("onset", "apex", "offset"):
            fields[name] = np.array([getattr(one, name) for _, one in rows], np.int64)
        stills = _stills(films, [(row, one.apex) for row, one in rows])
        parts[kind] = Part(stills, fields, subjects[fields["film"]])
    count = len(set(subjects.tolist()))
    if count != people:
        remarks = (*remarks, f"{count:,} people, but {people:,} are published")
    return Found(layout, parts, published, remarks, films=tuple(films))


def _length(film: Film) -> float:
    if isinstance(film.frames, Path):
        return video.describe(film.frames).n_frames or float("inf")
    return len(film.frames)


def _stills(films: Sequence[Film], wanted: Sequence[tuple[int, int]]) -> Files | Block:
    """Single frames: files where frames are files, else read out of their films."""
    if any(isinstance(film.frames, Path) for film in films):
        return Block(lambda: _seen(films, wanted), len(wanted))
    frames = {row: film.frames for row, film in enumerate(films) if not isinstance(film.frames, Path)}
    return Files(tuple(frames[row][min(number, len(frames[row]) - 1)] for row, number in wanted))


def _seen(films: Sequence[Film], wanted: Sequence[tuple[int, int]]) -> tuple[Pixels, dict[int, str]]:
    by_film: dict[int, dict[int, list[int]]] = {}
    for place, (row, number) in enumerate(wanted):
        by_film.setdefault(row, {}).setdefault(number, []).append(place)
    pictures: dict[int, Pixels] = {}
    bad: dict[int, str] = {}
    for row, frames in by_film.items():
        reason = "its film ends before it"
        try:
            for number, picture in enumerate(films[row].pictures()):
                for place in frames.get(number, ()):
                    pictures[place] = picture
                if number >= max(frames):
                    break
        except VideoError as error:
            reason = str(error)
        bad |= {place: reason for places in frames.values() for place in places if place not in pictures}
    shape = next((one.shape for one in pictures.values()), (1, 1, 3))
    stills = np.zeros((len(wanted), *shape), np.uint8)
    for place, picture in pictures.items():
        if picture.shape == shape:
            stills[place] = picture
        else:
            bad[place] = f"its size is {picture.shape[1]} x {picture.shape[0]}, but others are {shape[1]} x {shape[0]}"
    return stills, bad
