"""What is shown: classes as sets of action units, two ways of showing each, and pictures of people who show them.

Seven basic expressions, and compounds that are the union of two. Half of the people show everything in one way, half in
another, so the pictures of a class form two groups. Settled on seeds 1 and 2, before any seed that is reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.research.data.sample import Samples
from vultus.research.data.world import actions, people, render, scene

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# the two ways to show each: EMFACS knows several for most; units of one way are found in another expression's other way
BASIC: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "neutral": ((), ("AU24",)),
    "happy": (("AU6", "AU12"), ("AU12", "AU25", "AU26")),
    "sad": (("AU1", "AU15"), ("AU4", "AU17", "AU43")),
    "fear": (("AU1", "AU4", "AU5"), ("AU2", "AU20", "AU25")),
    "angry": (("AU4", "AU7", "AU23"), ("AU7", "AU10", "AU25")),
    "surprise": (("AU1", "AU2", "AU5"), ("AU25", "AU27")),
    "disgust": (("AU9", "AU10"), ("AU7", "AU15", "AU17")),
}
COMPOUNDS = {
    "happily surprised": ("happy", "surprise"), "happily disgusted": ("happy", "disgust"),
    "sadly fearful": ("sad", "fear"), "sadly angry": ("sad", "angry"), "sadly surprised": ("sad", "surprise"),
    "sadly disgusted": ("sad", "disgust"), "fearfully angry": ("fear", "angry"),
    "fearfully surprised": ("fear", "surprise"), "fearfully disgusted": ("fear", "disgust"),
    "angrily surprised": ("angry", "surprise"), "angrily disgusted": ("angry", "disgust"),
    "disgustedly surprised": ("disgust", "surprise"),
}  # fmt: skip
UNITS = tuple(name for name in actions.NAMES if any(name in way for ways in BASIC.values() for way in ways))
WEAKEST, STRONGEST, STRAY = 0.45, 0.95, 0.06
_TURN, _EXTENT_CM = 0.4, (16.0, 18.5)
_POPULATION = 33  # everybody of this study is of one made population, told apart by number


def classes(basic: int, compound: int) -> tuple[str, ...]:
    """Names in the order of their numbers."""
    return (*tuple(BASIC)[:basic], *tuple(COMPOUNDS)[:compound])


def units(name: str, way: int) -> set[str]:
    """Action units of a class as somebody of the first (0) or second way (1) shows it."""
    return {unit for part in COMPOUNDS.get(name, (name,)) for unit in BASIC[part][way]}


def shown(names: tuple[str, ...], counts: Sequence[int], persons: int, first_id: int, seed: int, size: int) -> Samples:
    """Pictures of people who show classes: image, expression, actions; subjects are the people.

    Args:
        names: of the classes.
        counts: pictures of each.
        persons: how many people there are.
        first_id: number of the first; whoever has another number is somebody else.
        seed: of who shows what, poses, lamps and cameras.
        size: pixels.
    """
    rng = np.random.default_rng([seed, first_id])
    ways = rng.permutation(np.arange(persons) % 2)
    labels = np.repeat(np.arange(len(names)), counts)
    turns = [np.concatenate([rng.permutation(persons) for _ in range(-(-n // persons))])[:n] for n in counts]
    who = np.concatenate(turns)
    rows = np.zeros((len(labels), len(actions.NAMES)), np.float32)
    for row, (label, person) in enumerate(zip(labels, who, strict=True)):
        for unit in units(names[label], int(ways[person])):
            rows[row, actions.number(unit)] = rng.uniform(WEAKEST, STRONGEST)
    return _pictures(_with_strays(rows, rng), who, labels, persons, first_id, size, rng)


def drilled(count: int, persons: int, first_id: int, seed: int, size: int) -> Samples:
    """Pictures of people who move single muscles at random, to learn action units from; `expression` is -1.

    Args:
        count: how many pictures.
        persons, first_id, seed, size: as for `shown`.
    """
    rng = np.random.default_rng([seed, first_id])
    rows = np.zeros((count, len(actions.NAMES)), np.float32)
    for unit in UNITS:
        moved = rng.uniform(size=count) < 0.25
        rows[:, actions.number(unit)] = moved * rng.uniform(0.1, 1.0, count)
    who = rng.integers(0, persons, count)
    return _pictures(rows, who, np.full(count, -1), persons, first_id, size, rng)


def _with_strays(rows: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """The same with muscles that move for no reason."""
    for unit in UNITS:
        column = rows[:, actions.number(unit)]
        stray = (column == 0) & (rng.uniform(size=len(rows)) < STRAY)
        column[stray] = rng.uniform(WEAKEST, STRONGEST, int(stray.sum()))
    return rows


def _pictures(
    rows: NDArray[np.float32], who: NDArray[np.int64], labels: NDArray[np.int64], persons: int, first_id: int,
    size: int, rng: np.random.Generator,
) -> Samples:  # fmt: skip
    cast = people.draw(persons, _POPULATION, first_id, accessories=0.0)
    drawn = scene.draw(cast.take(who), rows, rng, turn=_TURN, extent=_EXTENT_CM)
    columns = {
        "image": render(drawn, size, ("rgb",))["rgb"],
        "expression": labels.astype(np.int64),
        "actions": rows[:, [actions.number(unit) for unit in UNITS]],
    }
    return Samples(columns, cast.ids[who], "displays")
