"""FACS action units: their names, and what the seven expressions are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = (
    "AU1",
    "AU2",
    "AU4",
    "AU5",
    "AU6",
    "AU7",
    "AU9",
    "AU10",
    "AU12",
    "AU14",
    "AU15",
    "AU16",
    "AU17",
    "AU18",
    "AU20",
    "AU22",
    "AU23",
    "AU24",
    "AU25",
    "AU26",
    "AU27",
    "AU43",
)
EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

# EMFACS: what belongs to an expression always, at which strength, and what may join it.
_ALWAYS = {
    "angry": {"AU4": 0.95, "AU5": 0.35, "AU7": 0.6, "AU23": 0.55, "AU24": 0.3},
    "disgust": {"AU9": 0.85, "AU10": 0.6, "AU4": 0.35, "AU7": 0.4, "AU15": 0.35},
    "fear": {"AU1": 0.85, "AU2": 0.5, "AU4": 0.5, "AU5": 0.8, "AU20": 0.7, "AU25": 0.5, "AU26": 0.3},
    "happy": {"AU6": 0.75, "AU12": 1.0},
    "sad": {"AU1": 0.85, "AU4": 0.45, "AU15": 0.8},
    "surprise": {"AU1": 0.85, "AU2": 0.85, "AU5": 0.65, "AU25": 0.5, "AU26": 0.75},
    "neutral": {},
}
_SOMETIMES = {
    "angry": {"AU10": 0.4, "AU25": 0.5, "AU17": 0.4, "AU9": 0.2},
    "disgust": {"AU17": 0.5, "AU25": 0.3, "AU16": 0.4, "AU6": 0.3},
    "fear": {"AU7": 0.2, "AU26": 0.3},
    "happy": {"AU25": 1.0, "AU26": 0.3, "AU10": 0.15, "AU7": 0.2},
    "sad": {"AU17": 0.5, "AU43": 0.25, "AU7": 0.2, "AU24": 0.2},
    "surprise": {"AU27": 0.45},
    "neutral": {},
}
_CONTEMPT = {"AU12": 0.5, "AU14": 0.7}


def number(name: str) -> int:
    """Where an action unit stands in the rows.

    Raises:
        UnknownNameError: there is none of this name.
    """
    if name not in NAMES:
        raise UnknownNameError("action unit", name, NAMES, f"Known: {', '.join(NAMES)}")
    return NAMES.index(name)


def prototype(expression: str, rng: np.random.Generator, strength: float = 1.0, n: int = 1) -> NDArray[np.float32]:
    """Action units of so many faces that show an expression, each in its own way: (n, A), 0 to 1.

    Args:
        expression: one of `EXPRESSIONS`, or contempt.
        rng: what varies.
        strength: 1 is plain to see, 0.3 slight.
        n: how many.

    Raises:
        UnknownNameError: no such expression.
    """
    always = _CONTEMPT if expression == "contempt" else _ALWAYS.get(expression)
    if always is None:
        raise UnknownNameError("expression", expression, EXPRESSIONS, f"Known: {', '.join((*EXPRESSIONS, 'contempt'))}")
    rows = np.zeros((n, len(NAMES)), np.float32)
    for name, mean in always.items():
        rows[:, number(name)] += mean * rng.normal(1, 0.16, n).clip(0.5, 1.4)
    for name, most in _SOMETIMES.get(expression, {}).items():
        rows[:, number(name)] += most * rng.uniform(0, 1, n) * (rng.uniform(size=n) < 0.5)
    idle = np.abs(rng.normal(0, 0.03, rows.shape)) * (rng.uniform(size=rows.shape) < 0.3)
    return np.asarray(np.clip(rows * strength + idle, 0, 1.2), np.float32)
