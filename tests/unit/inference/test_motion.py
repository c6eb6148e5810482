"""Motion and pairing: against a full Kalman filter, SciPy's assignment and hand-made cases."""

from __future__ import annotations

import math
import warnings
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vultus.inference.motion import MEASURED, MEMORY_S, SPEED, Motion, nearness, pair


def box(x: float, y: float = 100.0, size: float = 40.0) -> np.ndarray:
    return np.array([x - size / 2, y - size / 2, x + size / 2, y + size / 2])


def wander(step: float) -> np.ndarray:
    """Covariance that a wandering speed adds in one step, by adding up many small kicks."""
    ages = (np.arange(20_000) + 0.5) * step / 20_000
    carried = np.stack([MEMORY_S * (1 - np.exp(-ages / MEMORY_S)), np.exp(-ages / MEMORY_S)])
    return 2 * SPEED**2 / MEMORY_S * carried @ carried.T * step / 20_000


def test_matrices_say_the_same() -> None:
    motion = Motion(box(100), 0.0)
    state, cov = np.array([100.0, 0.0]), np.diag([MEASURED**2, SPEED**2])
    rng, time_s = np.random.default_rng(0), 0.0
    for seen in 100 + np.cumsum(rng.normal(8, 3, 20)):
        step = rng.uniform(0.02, 0.3)
        time_s += step
        keep = math.exp(-step / MEMORY_S)
        move = np.array([[1, MEMORY_S * (1 - keep)], [0, keep]])
        noise = wander(step)
        state, cov = move @ state, move @ cov @ move.T + noise
        expected, spread = motion.predict(time_s)
        assert (expected[0] + expected[2]) / 2 == pytest.approx(state[0])
        assert (expected[1] + expected[3]) / 2 == pytest.approx(100)
        assert spread == pytest.approx(math.sqrt(cov[0, 0] + MEASURED**2), rel=1e-4)
        gain = cov[:, 0] / (cov[0, 0] + MEASURED**2)
        state, cov = state + gain * (seen - state[0]), cov - np.outer(gain, cov[0])
        motion.update(box(seen), time_s)


def test_a_steady_walk_is_foretold() -> None:
    motion = Motion(box(0), 0.0)
    for step in range(1, 20):
        motion.update(box(4.0 * step), step / 25)
    expected, _ = motion.predict(20 / 25)
    assert (expected[0] + expected[2]) / 2 == pytest.approx(80, abs=2.5)


def test_an_unseen_face_slows_down_and_becomes_vague() -> None:
    motion = Motion(box(0), 0.0)
    for step in range(1, 20):
        motion.update(box(4.0 * step), step / 25)
    near, far = motion.predict(1.0), motion.predict(10.0)
    assert near[1] < far[1]
    assert (far[0][0] + far[0][2]) / 2 < 76 + 100 * MEMORY_S + 1  # never further than its speed carries in MEMORY_S


def test_size_is_smoothed() -> None:
    motion = Motion(box(0, size=40), 0.0)
    motion.update(box(0, size=80), 0.04)
    expected, _ = motion.predict(0.04)
    assert 40 < expected[2] - expected[0] < 60


def test_boxes_without_area_are_survived() -> None:
    motion = Motion(np.array([5.0, 5, 5, 5]), 0.0)
    motion.update(np.array([9.0, 9, 4, 4]), 0.1)
    assert np.isfinite(motion.predict(0.2)[0]).all()
    assert np.isfinite(nearness(np.zeros((1, 4)), np.ones(1), np.zeros((1, 4)))).all()


def test_nearness() -> None:
    seen = np.stack([box(100), box(120), box(300), box(100, size=160)])
    fit = nearness(np.stack([box(100)]), np.array([0.1]), seen)[0]
    assert fit[0] == pytest.approx(1.0)
    assert 0 < fit[1] < 0.5
    assert fit[2] < 1e-6
    assert fit[3] < 1e-3
    vague = nearness(np.stack([box(100)]), np.array([2.0]), seen)[0]
    assert vague[0] == pytest.approx(0.5)
    assert vague[1] > 0.4


def test_pairs_by_hand() -> None:
    score = np.array([[0.9, 0.8], [0.8, 0.1]])
    assert pair(score, 0.2) == [(0, 1), (1, 0)]  # 1.6 together; the greedy way gives 0.9
    assert pair(np.array([[0.1, 0.2]]), 0.2) == []
    assert pair(np.array([[-np.inf, 0.5], [np.nan, -np.inf]]), 0.2) == [(0, 1)]
    assert pair(np.zeros((0, 3)), 0.2) == []
    assert pair(np.zeros((3, 0)), 0.2) == []


@given(arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.floats(-1, 1)))
def test_pairs_against_trying_all(score: np.ndarray) -> None:
    gain = np.maximum(score - 0.2, 0)
    wide = gain if gain.shape[0] <= gain.shape[1] else gain.T
    best = max(
        sum(wide[row, column] for row, column in enumerate(order))
        for order in permutations(range(wide.shape[1]), wide.shape[0])
    )
    pairs = pair(score, 0.2)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert all(score[row, column] > 0.2 for row, column in pairs)
    assert sum(gain[row, column] for row, column in pairs) == pytest.approx(best)


@pytest.mark.parametrize("shape", [(30, 30), (50, 20), (7, 60)])
def test_pairs_against_scipy(shape: tuple[int, int]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimize = pytest.importorskip("scipy.optimize")
    score = np.random.default_rng(1).uniform(0, 1, shape)
    rows, columns = optimize.linear_sum_assignment(np.maximum(score - 0.3, 0), maximize=True)
    want = np.maximum(score - 0.3, 0)[rows, columns].sum()
    assert sum(score[row, column] - 0.3 for row, column in pair(score, 0.3)) == pytest.approx(want)
