"""Pictures of a folder per person, walked as often as needed and never held as a list."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vultus.cli.console import say, waiting
from vultus.cli.scan import source_of
from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vultus.inference.image import Source


@dataclass(frozen=True, slots=True)
class Album:
    """Name and picture, person by person; what is held is the names.

    Attributes:
        homes: name of the person and their folder, those of one person side by side.
        n_pictures: how many pictures there were when they were counted.
    """

    homes: Sequence[tuple[str, str]]
    n_pictures: int

    def __len__(self) -> int:
        return self.n_pictures

    def __iter__(self) -> Iterator[tuple[str, Source]]:
        return ((Path(home).name, source) for _, home in self.homes for source in _pictures(home))


def by_folder(inputs: Sequence[str]) -> Album:
    """Pictures of FOLDER/<person>/*, named after the folders.

    Raises:
        InputError: an input is no folder, or holds no folders of people with pictures.
    """
    homes: list[tuple[str, str]] = []
    for given in inputs:
        root = Path(given)
        if not root.is_dir():
            raise InputError(f"{given} is no folder; give a folder FOLDER/<person>/*.jpg, or --name NAME and pictures")
        own = [path for path in root.iterdir() if path.is_dir() and path.name[0] != "."]
        if not own:
            raise InputError(f"{given} holds no folders of people; expected {given}/<person>/*.jpg, or add --name NAME")
        homes += [(name, str(path)) for path in own if (name := _person(path))]
    # stable: of one person, the folders stay in the order of the inputs
    homes.sort(key=lambda home: home[0])
    with waiting("counting the pictures ..."):
        counts = [sum(1 for _ in _pictures(home)) for _, home in homes]
    album = Album([home for home, count in zip(homes, counts, strict=True) if count], sum(counts))
    if not album.n_pictures:
        raise InputError(f"no pictures in the folders of {', '.join(inputs)}")
    for (_, home), count in zip(homes, counts, strict=True):
        if not count:
            say(f"skipped: {home} holds no pictures", "yellow")
    return album


def _person(home: Path) -> str:
    """The name as the gallery keeps it, so that one person's folders are recognised; empty for one it would refuse."""
    from vultus.gallery.record import normal_name

    try:
        return normal_name(home.name)
    except InputError as error:
        say(f"skipped: {home}: {error}", "yellow")
        return ""


def _pictures(home: str) -> Iterator[Source]:
    from vultus.inference.source import walk

    return map(source_of, walk(home, frozenset({"image"})))
