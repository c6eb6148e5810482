"""A skin that is laid on ours."""

from __future__ import annotations

import numpy as np

from vultus.research.data.world import head, identity, parts
from vultus.research.data.world.actions import NAMES
from vultus.research.data.world.laid import laid, whole_head
from vultus.research.data.world.landmarks import vertices


def test_our_own_head_comes_back_from_any_units_and_pose() -> None:
    ours = head.shape(2)
    spin = np.array([[0, 0, 1.0], [0, 1, 0], [-1, 0, 0]])
    place = laid(0.01 * ours @ spin.T + 3, vertices(2))
    np.testing.assert_allclose(place.points, ours, atol=1e-6)
    assert abs(place.scale - 100) < 1e-6
    np.testing.assert_allclose(place.turned(np.eye(3) @ spin.T), 100 * np.eye(3), atol=1e-6)
    face = np.abs(head.grid(2).uv[:, 0]) < 5
    np.testing.assert_allclose(place.uv[vertices(2)], head.grid(2).uv[vertices(2)], atol=0.3)
    assert np.abs(place.uv - head.grid(2).uv)[face].mean() < 0.3


def test_a_head_has_all_its_parts_and_what_is_inside_goes_along() -> None:
    skin, ours = head.grid(2), head.shape(2)
    place = laid(ours, vertices(2))
    modes = np.zeros((len(identity.NAMES), len(ours), 3))
    modes[3, :, 1] = 1
    actions = np.zeros((2 * len(NAMES), len(ours), 3))
    actions[0, :, 2] = 2
    found = whole_head(place, skin.triangles, modes, actions)
    moves = found.moves.reshape(len(found.moves), -1, 3)
    assert found.landmarks is not None
    assert {parts.SKIN, parts.TEETH, parts.CLOTH} <= set(found.matter.tolist())
    np.testing.assert_allclose(moves[3, len(ours) : len(ours) + 10], [[0, 1, 0]] * 10)
    assert not moves[3, found.turn == 0].any(), "shoulders stay"
    np.testing.assert_allclose(moves[len(identity.NAMES), : len(ours), 2], 2)
