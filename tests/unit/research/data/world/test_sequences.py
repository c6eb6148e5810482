from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import ConfigError
from vultus.research.data.world import sequences


def test_recordings_are_tracks_with_intervals() -> None:
    found = sequences.draw(6, seed=1, frames=400)
    assert found["actions"].shape[:2] == (6, 400)
    assert found["landmarks68"].shape == (6, 400, 68, 2)
    assert not found.lazy
    kinds = set()
    for recording, table in zip(range(6), found["intervals"], strict=True):
        for onset, apex, offset, kind, expression in table[table[:, 0] >= 0]:
            assert 0 <= onset <= apex <= offset < 400
            kinds.add(int(kind))
            assert (expression >= 0) == (kind in (sequences.MICRO, sequences.MACRO))
            if kind == sequences.BLINK:
                assert found["eyelids"][recording, onset : offset + 1].max() > 0.7
            if kind in (sequences.MICRO, sequences.MACRO):
                rise = found["actions"][recording, apex] - found["actions"][recording, max(onset - 1, 0)]
                assert rise.max() > 0.1
    assert kinds == {sequences.MICRO, sequences.MACRO, sequences.BLINK, sequences.SPEECH}


def test_micro_is_weak_and_brief() -> None:
    found = sequences.draw(20, seed=2, frames=600)
    rows = found["intervals"].reshape(-1, 5)
    long = {kind: (rows[:, 2] - rows[:, 0])[rows[:, 3] == kind] for kind in (sequences.MICRO, sequences.MACRO)}
    assert long[sequences.MICRO].max() <= 20, "frames at 30 per second"
    assert np.median(long[sequences.MACRO]) > 25
    happy = rows[rows[:, 3] == sequences.MACRO]
    assert len(np.unique(happy[:, 4])) == 6


def test_video_is_rendered_when_asked_for() -> None:
    found = sequences.draw(2, seed=3, frames=60, size=16)
    assert found.lazy
    some = found.take(np.array([1]))
    assert some["video"].shape == (1, 60, 16, 16, 3)
    assert np.array_equal(some["video"], found.take(np.array([0, 1]))["video"][1:])
    with pytest.raises(ConfigError, match="a recording has 60 frames at least"):
        sequences.draw(1, 0, 30)
