"""Made-up films: each frame is the JSON of a picture, see unit.gallery.fake, padded to the shape of a frame."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Self

import numpy as np
import pytest

from unit.gallery.fake import picture
from vultus.errors import VideoError
from vultus.inference.video import Frame
from vultus.service import footage

SIDE = 24


def frame(number: int, *faces: dict, fps: float = 2.0) -> Frame:
    data = picture(*faces, seed=number)
    whole = data.ljust(SIDE * SIDE * 3)
    assert len(whole) == SIDE * SIDE * 3, "a frame has no room for so many faces"
    return Frame(number, number / fps, np.frombuffer(whole, np.uint8).reshape(SIDE, SIDE, 3))


class Cinema:
    """Plays films in place of the decoder; each time a source is opened the next one is shown.

    Attributes:
        films: lists of frames, or what is raised when it is opened; the last one is shown again and again.
        opened: the reels that were asked for.
        waiting: called before each frame.
        gate: unless it is set, no frame comes.
    """

    def __init__(self) -> None:
        self.films: list[list[Frame] | Exception] = [[]]
        self.opened: list[footage.Reel] = []
        self.broken: set[int] = set()
        self.duration_s: float | None = None
        self.waiting: Callable[[], None] = lambda: None
        self.gate = threading.Event()
        self.gate.set()

    @classmethod
    def installed(cls, monkeypatch: pytest.MonkeyPatch) -> Self:
        """In place of the decoder."""
        found = cls()
        monkeypatch.setattr(footage, "projected", found.projected)
        return found

    @contextlib.contextmanager
    def projected(self, reel: footage.Reel, halt: Callable[[], None]) -> Iterator[object]:
        at = min(len(self.opened), len(self.films) - 1)
        self.opened.append(reel)
        film = self.films[at]
        if isinstance(film, Exception):
            raise film
        cinema = self

        class Playing:
            duration_s = cinema.duration_s

            def frames(self) -> Iterator[Frame]:
                for one in film:
                    if one.time_s < reel.start_s:
                        continue
                    halt()
                    cinema.waiting()
                    while not cinema.gate.wait(0.01):
                        halt()
                    yield one
                if at in cinema.broken:
                    raise VideoError("the source", "it broke off")

        yield Playing()
