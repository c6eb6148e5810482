from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import ConfigError, UnknownNameError
from vultus.research.data.world import actions, clips


def test_a_clip_has_its_curve_and_its_times() -> None:
    found = clips.draw(7, seed=1, frames=12, size=24, kinds=clips.KINDS)
    assert found["video"].shape == (7, 12, 24, 24, 3)
    assert found["actions"].shape == (7, 12, len(actions.NAMES))
    for row in range(7):
        times = [int(found[name][row]) for name in ("onset", "apex", "offset")]
        if times[0] < 0:
            assert actions.EXPRESSIONS[found["expression"][row]] == "neutral"
        else:
            assert 0 <= times[0] < times[1] < times[2] < 12
    assert clips.KINDS[found["kind"][5]] == "order"
    assert found["then"][5] not in (-1, found["expression"][5])
    assert found["then"][0] == -1


def test_the_apex_is_the_apex() -> None:
    found = clips.draw(8, seed=2, frames=16, size=8, kinds=("macro",), expressions=("happy",))
    smile = found["actions"][..., actions.number("AU12")]
    at = found["apex"]
    assert (smile[np.arange(8), at] > 0.5).all()
    assert (smile[np.arange(8), at] >= 0.95 * smile.max(1)).all()
    assert (smile[np.arange(8), found["offset"]] < 0.1).all()


def test_micro_is_weaker_and_shorter_than_macro() -> None:
    macro, micro = (clips.draw(12, 3, 16, 8, (kind,), expressions=("happy", "surprise")) for kind in ("macro", "micro"))
    assert micro["actions"].max((1, 2)).mean() < 0.65 * macro["actions"].max((1, 2)).mean()
    assert (micro["offset"] - micro["onset"]).mean() < 0.6 * (macro["offset"] - macro["onset"]).mean()


def test_a_seed_is_a_set_and_bad_input_is_told() -> None:
    one, again = (clips.draw(2, 4, 8, 16) for _ in range(2))
    assert np.array_equal(one["video"], again["video"])
    with pytest.raises(ConfigError, match="a clip has 8 frames at least"):
        clips.draw(1, 0, 4)
    with pytest.raises(UnknownNameError, match="unknown kind 'slow'"):
        clips.draw(1, kinds=("slow",))
