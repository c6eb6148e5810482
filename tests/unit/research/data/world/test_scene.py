from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import ConfigError
from vultus.research.data.world import actions, people, scene
from vultus.research.data.world.shade import LIGHT


def test_a_scene_is_rows_of_everything() -> None:
    drawn = scene.draw(people.draw(6), np.zeros((6, len(actions.NAMES)), np.float32), np.random.default_rng(0))
    assert len(drawn) == 6
    assert drawn.light.shape == (6, LIGHT)
    assert np.linalg.norm(drawn.light[:, :3], axis=1) == pytest.approx(1, abs=1e-5)
    some = drawn.take(slice(1, 3))
    assert len(some) == 2
    assert np.array_equal(some.people.ids, [1, 2])
    assert drawn.but(jaw=np.ones(6, np.float32)).jaw.sum() == 6


def test_no_turn_looks_into_the_camera() -> None:
    drawn = scene.draw(people.draw(4), np.zeros((4, len(actions.NAMES)), np.float32), np.random.default_rng(0), turn=0)
    assert np.abs(drawn.pose_deg).max() == 0
    assert np.abs(drawn.gaze_deg).max() == 0


def test_arrays_that_do_not_fit_are_refused() -> None:
    some = people.draw(2)
    with pytest.raises(ConfigError, match="must be equally long, but: "):
        scene.draw(some, np.zeros((3, len(actions.NAMES)), np.float32), np.random.default_rng(0))
    with pytest.raises(ConfigError, match="action units per face, not an array of shape"):
        scene.draw(some, np.zeros((2, 3), np.float32), np.random.default_rng(0))
