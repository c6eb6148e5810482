"""A picture that was read elsewhere, in a process that a hostile file may harm without harm."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Photo(np.ndarray[Any, Any]):
    """Pixels that know the file they come from; RGB, uint8, (H, W, 3), upright.

    A gallery takes it wherever it takes a picture, and remembers it as it would remember the file.

    Attributes:
        label: the file, for people to read.
        picture: sha256 of the bytes of the file, hexadecimal.
    """

    label: str
    picture: str

    @classmethod
    def of(cls, pixels: NDArray[np.uint8], data: bytes, label: str) -> Photo:
        """Pixels together with the bytes they were read from and a name for people; the pixels are not copied."""
        made = pixels.view(cls)
        made.label, made.picture = label, hashlib.sha256(data).hexdigest()
        return made

    def __array_finalize__(self, source: object) -> None:
        # Parts of a picture are no picture of that file any more.
        self.label = self.picture = ""
