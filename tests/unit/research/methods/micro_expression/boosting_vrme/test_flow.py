"""Flow of regions on films whose movement is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from unit.inference.portraits import POINTS, portrait
from vultus.errors import InputError
from vultus.research.methods.micro_expression.boosting_vrme.flow import SIDE, film_flow, places

MARKS = np.array(POINTS, np.float32)


def moved(dx: float, dy: float) -> np.ndarray:
    """The portrait with skin that is nowhere smooth: flow is blind to what has no texture."""
    grain = np.random.default_rng(0).normal(0, 25, (512, 512, 1))
    rough = np.clip(portrait() + cv2.GaussianBlur(grain, (0, 0), 1.0)[..., None] * 3, 0, 255).astype(np.uint8)
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    return np.asarray(cv2.warpAffine(rough, matrix, (512, 512), borderMode=cv2.BORDER_REFLECT), np.uint8)


def test_a_head_that_moves_takes_all_regions_along() -> None:
    steps = np.linspace(0, 2, 12)
    flow = film_flow([moved(step, 0) for step in steps], lambda frame: MARKS, window=8).reshape(12, 19, 2)
    scale = SIDE / (9 * 0.25 * np.linalg.norm(MARKS[0] - MARKS[1]))
    np.testing.assert_allclose(np.median(flow[-1, :, 0]), 2 * scale, rtol=0.15)
    relative = flow[-1, :18] - flow[-1, 18]
    assert np.abs(np.median(relative, axis=0)).max() < 0.25 * 2 * scale
    np.testing.assert_allclose(flow[0], 0, atol=1e-4)


def test_regions_lie_where_their_names_say() -> None:
    points = places(np.array([[106, 124], [213, 124], [160, 180], [120, 240], [200, 240]], np.float32))
    assert points.shape == (19, 2)
    assert (points[:8, 1] < 124).all(), "brows are above the eyes"
    assert points[0, 0] < points[4, 0]
    assert (points[8:14, 1] > 180).all(), "the mouth is below the nose"
    assert (points[16:18, 1] > 124).all(), "lower eyelids"
    assert 124 < points[18, 1] < 180, "the bridge"


def test_films_that_cannot_be_used() -> None:
    with pytest.raises(InputError, match="no face is in the film: every 15th frame was looked at"):
        film_flow([portrait()] * 9, lambda frame: None, window=8)
    with pytest.raises(InputError, match="a film must have at least 30 frames, but has 2"):
        film_flow([portrait()] * 2, lambda frame: MARKS, window=30)
    with pytest.raises(InputError, match="the eyes of the face lie on each other"):
        film_flow([portrait()] * 2, lambda frame: np.zeros((5, 2), np.float32), window=2)


def test_nothing_moves_until_a_face_is_found() -> None:
    seen = iter([None, MARKS])
    flow = film_flow([moved(number * 0.2, 0) for number in range(20)], lambda frame: next(seen), window=8)
    assert not flow[:15].any()
    assert np.abs(flow[19]).max() > 0.1
    assert len(film_flow([portrait()] * 3, lambda frame: MARKS, window=8, shortest=3)) == 3


def test_a_face_that_is_lost_stays_where_it_was() -> None:
    seen = iter([MARKS, None])
    assert len(film_flow([portrait()] * 20, lambda frame: next(seen), window=8)) == 20
