from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import UnknownNameError
from vultus.research.data.sets.words import EXPRESSIONS as WORDS
from vultus.research.data.world import actions


def test_there_are_enough_and_the_words_are_those_of_the_sets() -> None:
    assert len(actions.NAMES) >= 17
    assert actions.EXPRESSIONS == WORDS


SIGNS = {
    "happy": "AU12",
    "sad": "AU15",
    "surprise": "AU26",
    "fear": "AU20",
    "angry": "AU4",
    "disgust": "AU9",
    "contempt": "AU14",
}


@pytest.mark.parametrize(("word", "needed"), SIGNS.items())
def test_an_expression_has_its_own_muscles(word: str, needed: str) -> None:
    rows = actions.prototype(word, np.random.default_rng(0), 1.0, 50)
    assert rows.shape == (50, len(actions.NAMES))
    assert rows[:, actions.number(needed)].min() > 0.2
    assert np.ptp(rows[:, actions.number(needed)]) > 0.1, "everybody smiles in the same way"


def test_strength_scales_and_neutral_is_nothing() -> None:
    strong, weak = (actions.prototype("fear", np.random.default_rng(0), s, 40).sum(1).mean() for s in (1.0, 0.4))
    assert 2 < strong / weak < 3
    assert actions.prototype("neutral", np.random.default_rng(0), 1.0, 40).max() < 0.15


def test_unknown_words_are_told() -> None:
    with pytest.raises(UnknownNameError, match="unknown expression 'joy'"):
        actions.prototype("joy", np.random.default_rng(0))
    with pytest.raises(UnknownNameError, match="unknown action unit 'AU99'"):
        actions.number("AU99")
