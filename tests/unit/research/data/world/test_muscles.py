from __future__ import annotations

import numpy as np
import pytest

from vultus.research.data.world import head, muscles
from vultus.research.data.world.actions import NAMES, number

POINTS = head.shape(1)
SKIN = head.grid(1)
WHOLE = muscles.fields(1).sum(0)


def _at(x: float, y: float) -> int:
    return int(np.argmin((np.abs(POINTS[:, 0]) - x) ** 2 + (SKIN.row - y) ** 2 + 1e3 * (POINTS[:, 2] < 3)))


@pytest.mark.parametrize(("name", "x", "y", "axis", "sign"), [
    ("AU1", 1.7, 2.1, 1, 1), ("AU2", 4.4, 2.3, 1, 1), ("AU4", 2.2, 1.9, 1, -1), ("AU6", 4.0, -2.9, 1, 1),
    ("AU9", 1.3, -3.7, 1, 1), ("AU12", 2.6, -6.5, 1, 1), ("AU15", 2.6, -6.5, 1, -1), ("AU17", 0.2, -9.2, 1, 1),
    ("AU18", 0.2, -6.1, 2, 1), ("AU26", 0.2, -9.5, 1, -1), ("AU27", 0.2, -9.5, 1, -1), ("AU16", 0.3, -7.2, 1, -1),
])  # fmt: skip
def test_muscles_pull_where_facs_says(name: str, x: float, y: float, axis: int, sign: int) -> None:
    assert WHOLE[number(name), _at(x, y), axis] * sign > 0.15


def test_every_action_moves_the_face_and_leaves_the_back_of_the_head() -> None:
    most = np.linalg.norm(WHOLE, axis=-1)
    assert (most.max(1) > 0.15).all(), dict(zip(NAMES, most.max(1), strict=True))
    behind = POINTS[:, 2] < 0
    assert most[:, behind].max() < 1e-6, [n for n, m in zip(NAMES, most[:, behind].max(1), strict=True) if m > 1e-6]


def test_halves_are_apart() -> None:
    right, left = muscles.fields(1)
    corner = number("AU12")
    assert np.abs(right[corner, POINTS[:, 0] > 1]).max() < 1e-9
    assert np.abs(left[corner, POINTS[:, 0] < -1]).max() < 1e-9


def test_closed_lids_meet() -> None:
    closed = POINTS + WHOLE[number("AU43")]
    inside = (np.abs(SKIN.row) < 1e-9) & (np.abs(SKIN.angle) > SKIN.ends[0] + 0.05) & (SKIN.angle > 0)
    inside &= SKIN.angle < SKIN.ends[1] - 0.05
    gap = closed[inside & (SKIN.lid > 0), 1] - closed[inside & (SKIN.lid < 0), 1]
    assert gap.max() < 0.12, "centimetres"


def test_the_jaw_turns_about_its_hinge() -> None:
    moved = muscles.jaw_turn(np.array([[0, -11.0, 8.0], [0, *muscles.HINGE[1:]]]), 10)
    assert moved[1] == pytest.approx([0, 0, 0])
    assert moved[0, 1] < -1
