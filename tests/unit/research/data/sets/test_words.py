"""Words of labels."""

from __future__ import annotations

import pytest

from vultus.errors import InputError
from vultus.research.data.sets.words import COMPOUNDS, EXPRESSIONS, WITH_CONTEMPT, numbers, word


def test_spellings_meet_in_one_word() -> None:
    assert [word(text) for text in ("Sadness", " sad ", "ANGER", "Happily_Surprised", "surprised")] == [
        "sad", "sad", "angry", "happily surprised", "surprise",
    ]  # fmt: skip
    assert {word(one) for one in (*WITH_CONTEMPT, *COMPOUNDS)} == {*WITH_CONTEMPT, *COMPOUNDS}
    assert len(COMPOUNDS) == 15


def test_numbers_follow_the_order_of_the_classes() -> None:
    assert numbers(["Neutral", "angry", "Happiness"], EXPRESSIONS, "a.csv").tolist() == [6, 0, 3]
    with pytest.raises(InputError, match=r"a.csv: 'bored' is none of the labels angry, disgust"):
        numbers(["sad", "bored"], EXPRESSIONS, "a.csv")
