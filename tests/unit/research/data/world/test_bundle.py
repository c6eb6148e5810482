from __future__ import annotations

import numpy as np
import pytest

from vultus.research.data.world import bundle, identity, parts
from vultus.research.data.world.actions import NAMES, number
from vultus.research.data.world.bundle import OURS


def test_a_body_is_moved_by_identity_and_by_both_halves_of_the_actions() -> None:
    body = OURS.body(1)
    own = len(identity.NAMES)
    assert body.moves.shape == (own + 2 * len(NAMES), body.points.size)
    rows = np.zeros((2, len(body.moves)), np.float32)
    rows[1, own + number("AU26")] = rows[1, own + len(NAMES) + number("AU26")] = 1
    still, dropped = body.placed(rows)
    assert still == pytest.approx(body.points, abs=1e-5)
    teeth = np.unique(body.triangles[body.matter == parts.TEETH])
    low = teeth[body.points[teeth, 1] < -6.8]
    assert (dropped[low, 1] - still[low, 1]).max() < -0.8, "the lower teeth go with the jaw"
    cloth = np.unique(body.triangles[body.matter == parts.CLOTH])
    assert np.abs(dropped[cloth] - still[cloth]).max() < 1e-6


def test_hollows_see_less_of_the_sky() -> None:
    mesh = bundle.whole(0, 0, 1)
    points = OURS.body(1).points
    assert 0.1 < mesh.open_.min() < mesh.open_.max() <= 1.0

    def at(x: float, y: float) -> float:
        return float(mesh.open_[np.argmin(np.hypot(points[:, 0] - x, points[:, 1] - y) + 99 * (points[:, 2] < 6))])

    assert at(0, 6) > at(0, -4.6) + 0.1, "the forehead, and under the nose"
    assert mesh.closed > 1000
    assert (mesh.matter[: mesh.closed] == parts.SKIN).all()


def test_extras_come_after_the_body_and_a_basis_has_a_name() -> None:
    mesh, more = bundle.whole(2, 1, 1), OURS.extras(2, 1, 1)
    assert more is not None
    assert len(mesh.uv) == len(OURS.body(1).points) + len(more.points)
    assert OURS.extras(0, 0, 1) is None
    assert OURS.name == "procedural"


def test_a_lamp_sees_the_nearest() -> None:
    body = OURS.body(1)
    matrix, far = bundle.looking(body.points, body.triangles, 0, np.array([0, 0, 1], np.float32), 64)
    tip = body.points[np.argmax(body.points[:, 2])]
    x, y, z = matrix[:, :3] @ tip + matrix[:, 3]
    assert far[int(y), int(x)] == pytest.approx(z, abs=0.6)
