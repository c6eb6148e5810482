"""Which pictures a study looks at: people's folders, or a table that says who is on which picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.geometry.attributes import read_attributes
from vultus.evaluation.geometry.pictures import FEWEST
from vultus.inference.image import WRITABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Labels = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Pictures, people and labels.

    Attributes:
        pictures: files.
        people: who is on each.
        labels: by attribute 1 or -1, NaN where unknown; float64, (N,); empty without a table.
    """

    pictures: tuple[Path, ...]
    people: tuple[str, ...]
    labels: Labels

    def best_covered(self, most: int) -> dict[str, list[Path]]:
        """The people with the most pictures, each with enough of them, and their pictures."""
        by_person: dict[str, list[Path]] = {}
        for path, person in zip(self.pictures, self.people, strict=True):
            by_person.setdefault(person, []).append(path)
        enough = sorted(
            (one for one in by_person if len(by_person[one]) >= FEWEST), key=lambda one: -len(by_person[one])
        )
        return {one: by_person[one] for one in enough[:most]}

    def one_each(self, most: int, seed: int = 0) -> NDArray[np.int64]:
        """A picture of each of so many people, the one of which most is known."""
        known = np.isfinite(np.stack(list(self.labels.values()))).sum(axis=0)
        random = np.random.default_rng(seed)
        order = random.permutation(len(self.people))
        order = order[np.argsort(-known[order], kind="stable")]
        order = order[known[order] > 0]
        first = np.unique(np.array(self.people)[order], return_index=True)[1]
        return np.sort(order[np.sort(random.permutation(first)[:most])])


def gather(folder: Path, table: Path | None = None, names: Sequence[str] = ()) -> Material:
    """Take FOLDER/<person>/<picture>, or the pictures of a table with `image` and `identity` relative to the folder.

    Args:
        folder: of the pictures.
        table: CSV with the column `image`, and `identity` where people have no folder of their own.
        names: columns of the table that are attributes; none takes all.

    Raises:
        InputError: there are no pictures, or the table names one that is not there.
    """
    if table is None:
        pictures = sorted(path for path in folder.glob("*/*") if path.suffix.lower() in WRITABLE)
        if not pictures:
            raise InputError(f"{folder} has no pictures in folders of people ({folder.name}/<person>/<picture>)")
        return Material(tuple(pictures), tuple(path.parent.name for path in pictures), {})
    found, labels = read_attributes(table, "image", names)
    found.unique("image", what="picture")
    pictures = [folder / name for name in found.values["image"]]
    absent = next((row for row, path in enumerate(pictures) if not path.is_file()), None)
    if absent is not None:
        raise InputError(f"{found.line(absent)}: there is no {found.values['image'][absent]} in {folder}")
    people = found.words("identity") if "identity" in found else tuple(path.parent.name for path in pictures)
    return Material(tuple(pictures), people, labels)
