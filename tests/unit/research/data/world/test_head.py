from __future__ import annotations

import numpy as np
import pytest

from vultus.research.data.world import head


@pytest.mark.parametrize("fineness", [1, 2])
def test_the_head_has_the_size_of_a_head_and_is_symmetric(fineness: int) -> None:
    points = head.shape(fineness)
    above = points[points[:, 1] > -11]
    assert 14 < np.ptp(above[:, 0]) < 16.5
    assert 22 < np.ptp(above[:, 1]) < 24
    assert 10.5 < points[:, 2].max() < 12.5, "the nose is the foremost"
    skin = head.grid(fineness)
    mirror = {(round(a, 6), round(r, 6), lid, lip): p for a, r, lid, lip, p in
              zip(skin.angle, skin.row, skin.lid, skin.lip, points, strict=True)}  # fmt: skip
    for angle in (0.3, 0.5):
        column = skin.angle[np.argmin(np.abs(skin.angle - angle))]
        for row in skin.row[np.isclose(skin.angle, column)][::7]:
            keys = [(round(s * column, 6), round(row, 6)) for s in (-1, 1)]
            right, left = (next(p for k, p in mirror.items() if k[:2] == key) for key in keys)
            assert right * [-1, 1, 1] == pytest.approx(left, abs=1e-6)


def test_eyes_and_mouth_are_slits() -> None:
    skin, points = head.grid(1), head.shape(1)
    for side in (-1, 1):
        inside = (np.sign(skin.angle) == side) & (np.abs(skin.row) < 1e-9)
        inside &= (np.abs(skin.angle) > skin.ends[0]) & (np.abs(skin.angle) < skin.ends[1])
        upper, lower = points[inside & (skin.lid > 0), 1], points[inside & (skin.lid < 0), 1]
        assert len(upper) == len(lower) > 5
        assert 0.8 < (upper.max() - lower.min()) < 1.4, "centimetres between the lids"
    mouth = (np.abs(skin.row - head.MOUTH_Y) < 1e-9) & (np.abs(skin.angle) < skin.ends[2] - 1e-6)
    assert (skin.lip[mouth] > 0).sum() == (skin.lip[mouth] < 0).sum() > 5


def test_a_wider_opening_opens_the_eye() -> None:
    narrow, wide = (head.shape(1, head.Opening(upper, 0.4)) for upper in (0.2, 0.9))
    assert (wide[:, 1] - narrow[:, 1]).max() == pytest.approx(0.7, abs=0.05)


def test_curves_pass_through_their_points_and_steps_are_soft() -> None:
    assert head.curve([(0, 1), (1, 3), (2, 3)], np.array([0.0, 1.0, 2.0])) == pytest.approx([1, 3, 3])
    assert head.smooth(0, 1, np.array([-1, 0.5, 2.0])) == pytest.approx([0, 0.5, 1])
    assert head.bump(np.array([0.0, 9.0]), 1.0) == pytest.approx([1, 0], abs=1e-6)
    assert head.mirrored(np.array([0, 1, 2.0])).tolist() == [-2, -1, 0, 1, 2]
