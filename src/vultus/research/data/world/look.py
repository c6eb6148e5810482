"""What a person looks like to the kernels: one row of numbers, and how it comes about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.research.data.world import maps
from vultus.research.data.world.actions import NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.research.data.world.people import People

    Floats = NDArray[np.float32]

# Where things stand in the row; the kernels know these numbers.
SKIN_RGB, LIP_RGB, HAIR_RGB, BROW_RGB, IRIS_RGB, CLOTH_RGB, STRIPE_RGB, WEAR_RGB = range(0, 24, 3)
(
    BLUSH,
    FRECKLE,
    MOTTLE,
    MOUSTACHE,
    CHIN,
    JAW,
    BRISTLE,
    BROW_THICK,
    EYESHADOW,
    RINGS,
    OIL,
    PUPIL,
    LASH,
    GLOSS,
    DEEP,
    STRIPES,
    YELLOW,
    BARE,
) = range(24, 42)
FURROW = 42
WIDTH = FURROW + len(maps.FURROWS)

# Which action units press which furrow in.
_PRESS = {
    "forehead": {"AU1": 0.35, "AU2": 0.5},
    "frown": {"AU4": 1.0},
    "nose_root": {"AU9": 1.0, "AU10": 0.2},
    "crow": {"AU6": 0.9, "AU7": 0.2, "AU12": 0.15},
    "smile": {"AU12": 0.75, "AU10": 0.7, "AU9": 0.5, "AU6": 0.15, "AU15": 0.2},
    "under_eye": {"AU6": 0.6, "AU7": 0.5, "AU9": 0.3},
    "chin": {"AU17": 0.9, "AU24": 0.3, "AU15": 0.2},
    "mouth_side": {"AU12": 0.5, "AU14": 0.8, "AU15": 0.5, "AU20": 0.3},
}
_AGE = {
    "forehead": 0.5,
    "frown": 0.4,
    "crow": 0.6,
    "smile": 0.6,
    "under_eye": 0.7,
    "mouth_side": 0.5,
    "chin": 0.2,
    "nose_root": 0.05,
}


def furrows(people: People, actions: Floats) -> Floats:
    """How deep each furrow is, from age and from what the face does: (N, F)."""
    press = np.array([[_PRESS[f].get(name, 0.0) for name in NAMES] for f in maps.FURROWS], np.float32)
    aged = np.clip((people.age - 32) / 52, 0, 1)[:, None] * np.array([_AGE[f] for f in maps.FURROWS])
    moved = np.clip(actions, 0, 1.2) @ press.T * (0.55 + 0.6 * aged)
    return np.asarray(np.clip(moved + aged, 0, 1.5), np.float32)


def rows(people: People, actions: Floats) -> Floats:
    """One row per face: (N, WIDTH)."""
    look = np.zeros((len(people.ids), WIDTH), np.float32)
    for at, colour in (
        (SKIN_RGB, people.skin),
        (LIP_RGB, people.lips),
        (HAIR_RGB, people.hair_colour),
        (BROW_RGB, people.brow_colour),
        (IRIS_RGB, people.iris),
        (CLOTH_RGB, people.cloth),
        (STRIPE_RGB, people.stripe),
        (WEAR_RGB, people.wear_colour),
    ):
        look[:, at : at + 3] = colour
    look[:, BLUSH : BARE + 1] = people.marks
    look[:, FURROW:] = furrows(people, actions)
    return look
