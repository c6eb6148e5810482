"""Directions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vultus.metrics.rows import unit

ROWS = arrays(np.float64, (5, 3), elements=st.floats(-1e6, 1e6).map(lambda one: one if abs(one) > 1e-6 else 0.0))


@given(ROWS, st.floats(0.01, 100))
def test_length_one_and_the_same_direction_at_any_scale(rows: np.ndarray, scale: float) -> None:
    got = unit(rows)
    length = np.linalg.norm(rows, axis=1)
    assert np.linalg.norm(got, axis=1) == pytest.approx((length > 0).astype(float))
    np.testing.assert_allclose(got * length[:, None], rows, atol=1e-9, rtol=1e-9)
    np.testing.assert_allclose(unit(rows * scale), got, atol=1e-12)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_precision_and_shape_stay_and_the_input_too(kind: type) -> None:
    rows = np.array([[3, 4], [0, 0]], dtype=kind)
    got = unit(rows)
    assert got.dtype == kind
    assert got.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 0]]
    assert unit(rows[0]).shape == (2,)
    assert np.isnan(unit(np.array([[np.nan, 1.0]]))).all()
    assert rows.tolist() == [[3, 4], [0, 0]]
