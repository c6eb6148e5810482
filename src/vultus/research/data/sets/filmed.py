"""Event files and ordinary films alike: a film is turned into events by a simulated camera.

A folder of them that somebody labelled has a folder for each person and in it one for each class:
`anna/surprise/3.mp4`, `anna/smile/take1.aedat4`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.inference import video
from vultus.research.data.events import EVENT
from vultus.research.data.sets.event_files import SUFFIXES, Recording, read_events
from vultus.research.data.sets.pictures import scaled
from vultus.research.data.sets.recordings import VIDEOS
from vultus.research.data.world.events import Camera, simulate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Square = tuple[int, int, int]  # left, top, side

_AT_ONCE = 128  # frames that are in memory together


@dataclass(frozen=True, slots=True)
class Take:
    """A file of a labelled folder.

    Attributes:
        path: of the file.
        person, word: names of its folders.
    """

    path: Path
    person: str
    word: str


def takes(folder: Path) -> list[Take]:
    """Event files and films of a folder with people and classes.

    Raises:
        InputError: there are none.
    """
    found = [
        Take(path, person.name, kind.name)
        for person in _folders(folder)
        for kind in _folders(person)
        for path in sorted(kind.iterdir())
        if path.suffix.lower() in (*SUFFIXES, *VIDEOS)
    ]
    if not found:
        raise InputError(f"{folder} holds no person/class/film: looked for {', '.join((*SUFFIXES, *VIDEOS))}")
    return found


def recorded(
    path: Path, pixels: int, camera: Camera, seed: int, find: Callable[[NDArray[np.uint8]], Square | None] | None = None
) -> Recording:  # fmt: skip
    """Events of an event file as they are, or of a film through a simulated camera.

    Args:
        path: of the file.
        pixels: side of the simulated camera.
        camera: its pixels.
        seed: of its thresholds and noise.
        find: tells the square of a frame to be filmed, asked until it knows; without, and until then, the middle one.

    Raises:
        InputError: an event file cannot be read; nothing moves in a film, or it has one frame alone.
        VideoError: a film cannot be read.
    """
    if path.suffix.lower() not in VIDEOS:
        return read_events(path)
    square = _square(path, find)
    parts: list[NDArray[np.void]] = [np.empty(0, EVENT)]
    frames: list[NDArray[np.uint8]] = []
    times: list[float] = []
    for number, frame in enumerate(video.frames(path)):
        now = frame.time_s * 1e6
        frames.append(_cut(frame.image, square, pixels))
        times.append(now if not times or now > times[-1] else times[-1] + 1e6 / 30)  # some files tell no times
        if len(frames) > _AT_ONCE:
            parts.append(simulate(np.stack(frames), np.array(times), camera, seed + number))
            frames, times = frames[-1:], times[-1:]
    if len(frames) > 1:
        parts.append(simulate(np.stack(frames), np.array(times), camera, seed))
    events = np.concatenate(parts)
    if not len(events):
        raise InputError(f"{path} shows no change, so that an event camera says nothing of it")
    return Recording(events, (pixels, pixels))


def _square(path: Path, find: Callable[[NDArray[np.uint8]], Square | None] | None) -> Square | None:
    if find is None:
        return None
    found = (find(frame.image) for number, frame in enumerate(video.frames(path)) if number % 5 == 0)
    return next((one for one in found if one is not None), None)


def _cut(image: NDArray[np.uint8], square: Square | None, pixels: int) -> NDArray[np.uint8]:
    if square is None:
        return scaled(image, pixels)
    left, top, side = square
    over = max(0, -left, -top, left + side - image.shape[1], top + side - image.shape[0])
    if over:
        image = np.pad(image, ((over, over), (over, over), (0, 0)), mode="edge")
    return scaled(np.ascontiguousarray(image[top + over : top + over + side, left + over : left + over + side]), pixels)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())
