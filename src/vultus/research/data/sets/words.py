"""The words of labels: every set speaks of them by its own numbers, and here they become one order.

Labels of two sets are joined by word, never by number: the orders differ, and so do the spellings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
WITH_CONTEMPT = (*EXPRESSIONS, "contempt")
COMPOUNDS = (
    "happily surprised", "happily disgusted", "sadly fearful", "sadly angry", "sadly surprised", "sadly disgusted",
    "fearfully angry", "fearfully surprised", "fearfully disgusted", "angrily surprised", "angrily disgusted",
    "disgustedly surprised", "appalled", "hatred", "awed",
)  # fmt: skip
_SPELLINGS = {
    "anger": "angry", "disgusted": "disgust", "fearful": "fear", "happiness": "happy", "sadness": "sad",
    "surprised": "surprise", "afraid": "fear", "joy": "happy", "other": "others",
}  # fmt: skip


def word(text: str) -> str:
    """The word of a label in whatever spelling: "Sadness" and "sad" are one."""
    plain = " ".join(text.strip().lower().replace("_", " ").replace("-", " ").split())
    return _SPELLINGS.get(plain, plain)


def numbers(labels: Sequence[str], classes: Sequence[str], where: str) -> NDArray[np.int64]:
    """Labels as numbers in the order of the classes.

    Args:
        labels: words in any spelling.
        classes: the words, as `word` gives them.
        where: the file, for the message.

    Raises:
        InputError: a label is no such word.
    """
    order = {name: number for number, name in enumerate(classes)}
    found = [order.get(word(label), -1) for label in labels]
    if -1 in found:
        wrong = labels[found.index(-1)]
        raise InputError(f"{where}: '{wrong}' is none of the labels {', '.join(classes)}")
    return np.array(found, dtype=np.int64)
