from __future__ import annotations

import numpy as np
import pytest

from vultus.research.data.world import hair, head


@pytest.mark.parametrize("name", hair.STYLES)
def test_a_style_is_a_mesh_around_the_skull_that_leaves_the_face_free(name: str) -> None:
    part = hair.style(name, 1)
    if name == "bald":
        assert part is None
        return
    assert part is not None
    assert np.isfinite(part.points).all()
    face = (
        (np.abs(part.points[:, 0]) < 3) & (part.points[:, 2] > 6) & (part.points[:, 1] < 1) & (part.points[:, 1] > -9)
    )
    assert (part.cover[face] < 0.5).all(), "hair over the eyes"
    assert (part.cover > 0.5).any()


def test_hair_lies_outside_of_the_skull() -> None:
    part = hair.style("short", 1)
    assert part is not None
    dense = part.points[part.cover > 0.9]
    angle = np.arctan2(dense[:, 0], dense[:, 2])
    outside = np.hypot(dense[:, 0], dense[:, 2]) - head.radius(angle, dense[:, 1])
    assert (outside > 0).mean() > 0.97


def test_long_hair_hangs_and_an_afro_is_thick() -> None:
    long, short, afro = (hair.style(name, 1) for name in ("long", "short", "afro"))
    assert long is not None
    assert short is not None
    assert afro is not None
    assert long.points[long.cover > 0.5, 1].min() < -17 < short.points[short.cover > 0.5, 1].min()
    assert np.ptp(afro.points[afro.cover > 0.5, 0]) > np.ptp(short.points[short.cover > 0.5, 0]) + 3
