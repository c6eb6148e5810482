"""What every reader of one-to-many protocols gives: galleries of templates, and the templates searched in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """Templates in a list, of a gallery or of the searches.

    Attributes:
        name: of the list.
        template: number among all templates, int64, (T,).
        person: whose it is, int64, (T,).
    """

    name: str
    template: NDArray[np.int64]
    person: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SearchSet:
    """Templates of pictures, galleries, and searches; each search is made in every gallery.

    Attributes:
        images: files.
        template, medium: of each picture, int64, (N,).
        galleries: people enrolled, by their templates.
        searches: templates searched with.
    """

    images: tuple[Path, ...]
    template: NDArray[np.int64]
    medium: NDArray[np.int64]
    galleries: tuple[Listed, ...]
    searches: Listed
