"""Clips that are not made here: NEFER, or a folder of event files and films that somebody labelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ConfigError, InputError
from vultus.inference.image import read
from vultus.research.data.events import counted, first, made, middle
from vultus.research.data.sample import Samples
from vultus.research.data.sampling import split
from vultus.research.data.sets import nefer
from vultus.research.data.sets.event_files import Recording
from vultus.research.data.sets.filmed import recorded, takes
from vultus.research.data.sets.material import Files
from vultus.research.methods.video_expression.cs3d.displays import EARLY, NOISY

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.research.data.sets.material import Part
    from vultus.research.methods.video_expression.cs3d.displays import Filming, Grid

_SHARE = 0.75  # of the people who are trained on
_SLICES, _SLICE_US = 8, 1000  # bits of an event frame, and the time that we say each takes


def clips_of(folder: Path, filming: Filming, grid: Grid, classes: int, seed: int) -> tuple[Samples, Samples]:
    """Training and test clips with the columns of `displays`: the published split of NEFER, else one by person.

    Noise is added as the made camera has it, three times as much in all.

    Args:
        folder: NEFER, or `person/class/file`.
        filming: the simulated camera for films.
        grid: what events are counted into.
        classes: how many there must be.
        seed: of the split and of noise.

    Raises:
        ConfigError: there are more or fewer classes.
        InputError: the folder holds no clips, or one cannot be read.
    """
    found = nefer.find(folder)
    if found is not None:
        _expected(nefer.CLASSES, classes, folder)
        if set(nefer.PEOPLE) - set(found.parts):
            raise InputError(f"{folder} holds only one of NEFER's two parts, {', '.join(found.parts)}")
        train, test = (_nefer(folder, found.parts[name], filming, grid, seed, name) for name in nefer.PEOPLE)
        return train, test
    files = takes(folder)
    words = sorted({one.word for one in files})
    _expected(words, classes, folder)
    rows = [_row(recorded(one.path, filming.pixels, filming.camera, seed + number), filming, grid, seed + number)
            for number, one in enumerate(files)]  # fmt: skip
    labels = [words.index(one.word) for one in files]
    whole = _samples(rows, labels, [one.person for one in files], folder.name)
    train, test = split(whole, (_SHARE, 1 - _SHARE), seed)
    return train, test


def _expected(words: list[str] | tuple[str, ...], classes: int, folder: Path) -> None:
    if len(words) != classes:
        raise ConfigError(
            f"{folder} has {len(words)} classes ({', '.join(words)}), but the network {classes}; "
            f"say classes={len(words)}"
        )


def _nefer(folder: Path, part: Part, filming: Filming, grid: Grid, seed: int, name: str) -> Samples:
    """One of its parts: the events where they are there, else what its event frames tell of them."""
    pictures = part.pictures.paths if isinstance(part.pictures, Files) else ()
    rows, people = [], [path.parent.parent.name for path in pictures]
    for number, picture in enumerate(pictures):
        raw = nefer.raw_of(folder, people[number], picture.parent.name)
        recording = _unpacked(nefer.frames_of(picture)) if raw is None else recorded(raw, 0, filming.camera, 0)
        rows.append(_row(recording, filming, grid, seed + number))
    return _samples(rows, list(part.fields["expression"]), people, f"NEFER {name}")


def _unpacked(frames: list[Path]) -> Recording:
    """Events of frames whose pixels have a bit for each slice of time; their sign is not kept, and told as brighter."""
    pictures = np.stack([read(path)[..., 0] for path in frames])
    bits = pictures[:, None] >> np.arange(_SLICES)[::-1].reshape(1, -1, 1, 1) & 1
    t, y, x = np.nonzero(bits.reshape(-1, *pictures.shape[1:]))
    events = made(t * _SLICE_US, x, y, np.ones_like(t))
    return Recording(events, (pictures.shape[1], pictures.shape[2]))


def _row(recording: Recording, filming: Filming, grid: Grid, seed: int) -> dict[str, NDArray[np.uint8]]:
    """All columns of one clip, whatever its length."""
    events, size = middle(recording.events, recording.size)
    if not len(events):
        raise InputError("a recording says nothing in the middle square of its camera")
    span = (float(events["t"][0]), float(events["t"][-1]) + 1)

    def cells(chosen: NDArray[np.void]) -> NDArray[np.uint8]:
        return counted(chosen, grid.bins, (grid.side, grid.side), span, size)

    rate = 2 * filming.noise_hz * (span[1] - span[0]) / 1e6 * size[0] * size[1]
    plain = cells(events)
    noise = np.random.default_rng([seed, 3]).poisson(rate / plain.size, plain.shape)
    return {"voxels": plain, **{name: cells(first(events, share)) for name, share in EARLY.items()},
            NOISY: np.minimum(plain + noise, 255).astype(np.uint8)}  # fmt: skip


def _samples(rows: list[dict[str, NDArray[np.uint8]]], labels: list[int], people: list[str], name: str) -> Samples:
    columns = {key: np.stack([row[key] for row in rows]) for key in rows[0]}
    return Samples({"label": np.array(labels, np.int64), **columns}, np.array(people, dtype=str), name)
