from __future__ import annotations

import pytest

from vultus.research.data.world import parts, wear


@pytest.mark.parametrize("kind", wear.KINDS)
def test_what_is_worn_lies_before_the_face(kind: str) -> None:
    members = wear.parts(kind, 1)
    assert bool(members) == (kind != "none")
    for part in members:
        assert part.triangles.max() < len(part.points)
        assert part.points[:, 2].max() > (0 if part.matter == parts.FRAME else 8)


def test_sunglasses_have_lenses_and_masks_hide_the_mouth() -> None:
    assert parts.LENS in [part.matter for part in wear.parts("sunglasses", 1)]
    (mask,) = wear.parts("face_mask", 1)
    middle = mask.points[(abs(mask.points[:, 0]) < 2.5) & (abs(mask.points[:, 1] + 6.5) < 1)]
    assert middle[:, 2].min() > 8.5
