"""What EEG-MoCE is trained and tested on: made signals, or windows of published sets; people are apart in either."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import ConfigError
from vultus.research.data.sample import Samples, disjoint
from vultus.research.data.sampling import apart, split
from vultus.research.data.sets import open_set
from vultus.research.data.world.signals import draw, task_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.research.data.world.signals import Recording

FLAT_CODES = "_flat"  # behind the names of columns whose codes share nothing
SETS = {"deap": "deap", "dreamer": "dreamer", "seed": "seed", "sleep": "sleep_edf"}
_FAR = 1000  # number of the first person who is tested on
_SHARES = (0.6, 0.15, 0.25)
_LOUD = 3.0


def made(task: str, how: Recording, testers: int, seed: int, *, control: bool) -> tuple[Samples, Samples]:
    """Rows to train on, and rows of other people.

    Args:
        task: its name.
        how: people are those trained on.
        testers: those tested on.
        seed: of the world and everybody in it.
        control: add columns whose codes share nothing.
    """
    parts = []
    for people, first in ((how.people, 0), (testers, _FAR)):
        own = replace(how, people=people)
        found = draw(task_of(task), own, seed, first_person=first)
        if control:
            flat = draw(task_of(task), replace(own, tree=False), seed, first_person=first)
            found = found.with_fields(**{one.name + FLAT_CODES: flat[one.name] for one in task_of(task).modalities})
        parts.append(found)
    disjoint(*parts)
    return parts[0], parts[1]


def published(task: str, how: Recording, folder: Path, seed: int) -> tuple[Samples, Samples, Samples]:
    """Windows of a published set, to train on, to look at and to test on, of different people.

    Channels are scaled by median and spread of the people trained on: nothing of a tested person is looked at.

    Raises:
        ConfigError: the task has no set; there are too few people.
        InputError: the folder does not hold the set, or it is damaged.
    """
    if task not in SETS:
        raise ConfigError(f"task '{task}' has no published set; with --data the task is one of: {', '.join(SETS)}")
    reader = open_set(SETS[task], folder)
    channels = {one.name: one.channels for one in task_of(task).modalities}
    whole = reader.windows(reader.splits[0], channels, seconds=how.seconds, rate_hz=how.rate_hz)
    apart(whole)
    session = reader.found.parts[reader.splits[0]].fields.get("session")
    worn = np.zeros(len(whole), np.int64) if session is None else session[whole["trial"]]
    _, domain = np.unique(np.stack([_numbered(whole.subjects), worn], 1), axis=0, return_inverse=True)
    parts = split(whole.with_fields(domain=domain.reshape(-1).astype(np.int64)), _SHARES, seed)
    train, look, test = (_scaled(part, parts[0], tuple(channels)) for part in parts)
    return train, look, test


def noisy(samples: Samples, column: str) -> Samples:
    """The same with noise of three times the spread of a column on top of it; the noise is always the same."""
    clean = samples[column]
    noise = np.random.default_rng(0).standard_normal(clean.shape, np.float32)
    return samples.with_fields(**{column: clean + np.float32(_LOUD * clean.std()) * noise})


def spread(values: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Median and robust spread of each channel of (N, C, T) or (C, T): (C, 1) each."""
    rows = np.moveaxis(values, -2, 0).reshape(values.shape[-2], -1)
    middle = np.median(rows, axis=1)
    width = 1.4826 * np.median(np.abs(rows - middle[:, None]), axis=1)
    found = middle[:, None].astype(np.float32), np.where(width > 0, width, 1)[:, None].astype(np.float32)
    return found


def _scaled(part: Samples, train: Samples, names: tuple[str, ...]) -> Samples:
    ends = {name: spread(train[name]) for name in names}
    return part.with_fields(**{name: (part[name] - middle) / width for name, (middle, width) in ends.items()})


def _numbered(people: NDArray[Any] | None) -> NDArray[np.int64]:
    return np.unique(np.asarray(people), return_inverse=True)[1].astype(np.int64)
