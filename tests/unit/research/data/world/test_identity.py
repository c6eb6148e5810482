from __future__ import annotations

import numpy as np

from vultus.research.data.world import head, identity


def test_every_coefficient_moves_something_by_millimetres_and_no_two_do_the_same() -> None:
    points = head.shape(1)
    warps = identity.warps(points)
    assert len(identity.NAMES) == len(warps) >= 16
    most = np.linalg.norm(warps, axis=-1).max(1)
    assert ((most > 0.08) & (most < 1.2)).all(), dict(zip(identity.NAMES, most, strict=True))
    flat = warps.reshape(len(warps), -1)
    cosine = np.corrcoef(flat)
    assert np.abs(cosine - np.diag(np.diag(cosine))).max() < 0.95


def test_warps_are_of_space_so_that_eyes_and_skin_move_together() -> None:
    lid = np.array([[head.EYE_X, 0.3, 8.0]])
    ball = np.array([[head.EYE_X, 0.3, 7.6]])
    apart = identity.warps(lid) - identity.warps(ball)
    assert np.abs(apart).max() < 0.06
