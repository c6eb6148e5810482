"""Faces ready to be learnt from: single pictures with everything that is known about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.research.data.sample import Samples
from vultus.research.data.world import actions, scene
from vultus.research.data.world.people import People, draw
from vultus.research.data.world.renderer import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def posed(
    people: People, seed: int, expressions: Sequence[str] = actions.EXPRESSIONS, **how: Any
) -> tuple[scene.Scene, NDArray[np.int64]]:
    """A picture of each person with an expression in turn, and which: numbers into `expressions`.

    Args:
        people: one per picture.
        seed: of expressions, poses, lamps and cameras.
        expressions: words of `actions.EXPRESSIONS`.
        how: of `scene.draw`.
    """
    rng = np.random.default_rng([seed, 1])
    labels = rng.permutation(np.arange(len(people)) % len(expressions))
    rows = np.zeros((len(people), len(actions.NAMES)), np.float32)
    for number, expression in enumerate(expressions):
        shown = np.flatnonzero(labels == number)
        rows[shown] = actions.prototype(expression, rng, 1.0, len(shown)) * rng.uniform(0.65, 1.1, (len(shown), 1))
    return scene.draw(people, np.clip(rows, 0, 1.2), rng, **how), labels


def faces(
    n: int, seed: int = 0, size: int = 64, modes: Sequence[str] = ("rgb",), people: People | None = None,
    expressions: Sequence[str] = actions.EXPRESSIONS, **how: Any,
) -> Samples:  # fmt: skip
    """Pictures of faces: `image` uint8 (N, size, size, 3), and one column for each other mode.

    `expression` is a number into `expressions`; `actions`, `identity`, `pose_deg`, `skin_tone` and `age` are as in
    `Scene` and `People`.

    Args:
        n: how many.
        seed: the same one gives the same pictures.
        size: pixels.
        modes: of `render`; rgb becomes the column `image`.
        people: who is in them, one after the other and over again; without, everybody is new.
        expressions: what they show.
        how: of `scene.draw`.
    """
    who = draw(n, seed) if people is None else people.take(np.arange(n) % len(people))
    drawn, labels = posed(who, seed, expressions, **how)
    columns: dict[str, Any] = render(drawn, size, modes)
    if "rgb" in columns:
        columns = {"image": columns.pop("rgb"), **columns}
    columns |= {"expression": labels, "actions": drawn.actions, "identity": who.identity, "pose_deg": drawn.pose_deg,
                "skin_tone": who.skin_tone, "age": who.age}  # fmt: skip
    return Samples(columns, who.ids, f"world faces, seed {seed}")
