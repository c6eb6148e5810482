from __future__ import annotations

import numpy as np
import pytest

from vultus.research.data.world import parts


@pytest.mark.parametrize("fineness", [1, 2])
def test_parts_are_whole_meshes(fineness: int) -> None:
    for part in parts.anatomy(fineness):
        assert np.isfinite(part.points).all()
        assert part.triangles.min() >= 0
        assert part.triangles.max() < len(part.points) == len(part.uv) == len(part.cover)
        if part.casts is not None:
            assert part.casts.max() < len(part.points)


def test_eyes_lie_behind_the_lids_and_teeth_behind_the_lips() -> None:
    skin, right, left, upper, lower = parts.anatomy(2)[:5]
    assert right.points[:, 0].mean() < 0 < left.points[:, 0].mean()
    nose = skin.points[:, 2].max()
    for part in (right, left, upper, lower):
        assert part.points[:, 2].max() < nose - 2
    assert upper.points[:, 1].mean() > lower.points[:, 1].mean()
    assert lower.jaw == 1
    assert upper.jaw == 0


def test_a_grid_becomes_two_triangles_per_cell() -> None:
    assert len(parts.sheet(3, 4)) == 12
    assert len(parts.sheet(3, 4, closed=True)) == 16
    assert len(parts.thinned(5, 5)) == 8


def test_shoulders_stay_when_the_head_turns() -> None:
    torso = parts.anatomy(1)[-1]
    assert torso.turn is not None
    assert (torso.turn == 0).all()
    assert parts.neck_turn(np.array([-20.0, 0.0])) == pytest.approx([0, 1])
