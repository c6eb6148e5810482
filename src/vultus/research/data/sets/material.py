"""What a reader knows of a set: what is published of it, the parts found on a disk, and the manifest for the user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from vultus.research.data.sets.recordings import Film
    from vultus.research.data.sets.trials import Trials

SCHEMA = "vultus.sets.check/1"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Block:
    """Pictures that stand in one file.

    Attributes:
        load: gives them, uint8, (N, H, W) or (N, H, W, 3), and why a picture cannot be used by its number.
        size: how many there are.
    """

    load: Callable[[], tuple[NDArray[np.uint8], Mapping[int, str]]]
    size: int


@dataclass(frozen=True, slots=True)
class Files:
    """Pictures in a file each, or a moment of a film each.

    Attributes:
        paths: one for each.
        boxes: left, top, right, bottom of the face in pixels; int64, (N, 4). None: the whole picture.
        moment: of films, the share of their length where the picture is taken; None: the files are pictures.
        grid: boxes are told as if each picture had so many pixels a side; 0: in its own.
    """

    paths: tuple[Path, ...]
    boxes: NDArray[np.int64] | None = None
    moment: float | None = None
    grid: int = 0

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.paths)


@dataclass(frozen=True, slots=True)
class Part:
    """A split as it was found.

    Attributes:
        pictures: where they are; signals take their place in sets of physiology.
        fields: what is known of each; arrays whose first axis is N.
        subjects: who is on each, (N,), or None where the set does not tell.
    """

    pictures: Block | Files | Trials
    fields: Mapping[str, NDArray[Any]]
    subjects: NDArray[Any] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A set on a disk.

    Attributes:
        layout: which of the published ones it has.
        parts: by split.
        published: how many there should be, by split and class; "" stands for a split as a whole. Splits that are not
            in it are not held to anything.
        remarks: what one should know of this layout.
        sample: only a part of the set is here, and nothing is held to the published totals.
        films: of sets that are long films; see `recordings.py`.
    """

    layout: str
    parts: Mapping[str, Part]
    published: Mapping[str, Mapping[str, int]]
    remarks: tuple[str, ...] = ()
    sample: bool = False
    films: tuple[Film, ...] = ()


@dataclass(frozen=True, slots=True)
class DataSet:
    """What is published of a set.

    Attributes:
        name: on the command line.
        title: its full name.
        label: the field that is counted by class.
        classes: its words, in the order of the numbers.
        wanted: what a folder of it holds, one line for each layout.
        find: gives the set in a folder, or None where there is none.
        access: under which terms, and where from.
        size: side of its pictures in pixels where all have the same, else 0.
        apart: the published splits share no person.
    """

    name: str
    title: str
    label: str
    classes: tuple[str, ...]
    wanted: tuple[str, ...]
    find: Callable[[Path], Found | None]
    access: str
    size: int = 0
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """One split of a manifest.

    Attributes:
        pictures: how many.
        subjects: how many people, or None where the set does not tell.
        classes: how many of each class.
        published: the same as published; None: held to nothing.
        bad: pictures that cannot be read and why; None: they were not looked at.
        unit: what is counted.
    """

    pictures: int
    subjects: int | None
    classes: Mapping[str, int]
    published: Mapping[str, int] | None
    bad: tuple[tuple[str, str], ...] | None = None
    unit: str = "pictures"

    def problems(self, name: str) -> list[str]:
        """Where it differs from what was published, and what cannot be read; a line for each."""
        lines = []
        for key, wanted in (self.published or {}).items():
            there = self.classes.get(key, 0) if key else self.pictures
            if there != wanted:
                what = f"{name}, {key}" if key else name
                lines.append(f"{what}: {there:,} {self.unit}, but {wanted:,} are published")
        if self.bad:
            lines.append(f"{name}: {told(self.bad, self.pictures, self.unit)}")
        return lines


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is on the disk, and whether it is what was published.

    Attributes:
        name, folder, layout: of the set.
        splits: by name.
        shared: by pair of splits "train/test", how many people and how many identical pictures they share; None where
            that is not known or was not looked at.
        problems: a line for each; none where the set is as published.
        remarks: what one should know besides.
    """

    name: str
    folder: str
    layout: str
    splits: Mapping[str, Split]
    shared: Mapping[str, Mapping[str, int | None]]
    problems: tuple[str, ...]
    remarks: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "schema": SCHEMA,
            "set": self.name,
            "folder": self.folder,
            "layout": self.layout,
            "splits": {
                name: {
                    "pictures": one.pictures,
                    "subjects": one.subjects,
                    "classes": dict(one.classes),
                    "published": None if one.published is None else dict(one.published),
                    "bad": None if one.bad is None else [{"picture": key, "reason": why} for key, why in one.bad],
                }
                for name, one in self.splits.items()
            },
            "shared": {pair: dict(counts) for pair, counts in self.shared.items()},
            "problems": list(self.problems),
            "remarks": list(self.remarks),
            "as_published": not self.problems,
        }


def told(bad: Sequence[tuple[str, str]], of: int, unit: str = "pictures") -> str:
    """Pictures or trials that cannot be read, in one line."""
    named = "; ".join(f"{name}: {why}" for name, why in bad[:_SHOWN])
    more = f"; and {len(bad) - _SHOWN:,} more" if len(bad) > _SHOWN else ""
    return f"{len(bad):,} of {of:,} {unit} cannot be read ({named}{more})"
