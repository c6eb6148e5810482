"""DeepFace's distances, by hand and against numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.compat.deepface.distance import METRICS, confidence, distance, limit, of_similarity
from vultus.errors import InputError, UnknownNameError


@pytest.mark.parametrize(
    ("metric", "expected"), [("cosine", 1.0), ("euclidean", 2**0.5), ("euclidean_l2", 2**0.5), ("angular", 0.5)]
)
def test_a_right_angle(metric, expected) -> None:
    assert distance(np.array([1.0, 0.0]), np.array([0.0, 2.0]), metric) == pytest.approx(expected)


@given(st.floats(-1, 1), st.floats(-1, 1), st.sampled_from(METRICS))
def test_a_threshold_is_the_same_decision_in_every_metric(similarity, threshold, metric) -> None:
    if abs(similarity - threshold) > 1e-6:
        assert (of_similarity(similarity, metric) <= limit(metric, None, threshold)) == (similarity >= threshold)


def test_a_function_is_a_metric_with_a_threshold_of_its_own() -> None:
    assert distance(np.zeros(2), np.ones(2), lambda a, b: float(np.abs(a - b).max())) == 1
    with pytest.raises(InputError, match="a distance_metric that is a function needs a threshold of its own"):
        limit(lambda a, b: 0.0, None, 0.9)
    assert limit("cosine", 0, 0.9) == 0, "a threshold of 0 is a threshold"


def test_what_cannot_be_compared() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown distance_metric 'chebyshev'.*Known: cosine, euclidean"):
        distance(np.ones(2), np.ones(2), "chebyshev")
    with pytest.raises(InputError, match="embeddings have 2 and 3 numbers; both must come from one model"):
        distance(np.ones(2), np.ones(3), "cosine")
    with pytest.raises(InputError, match="an embedding is all zeros"):
        distance(np.zeros(2), np.ones(2), "cosine")


@given(st.floats(0, 2), st.floats(0.01, 1))
def test_the_percentage_never_contradicts_the_decision(apart, threshold) -> None:
    percent = confidence(apart, threshold)
    assert 51 <= percent <= 100 if apart <= threshold else 0 <= percent <= 49
    assert confidence(float("nan"), threshold) == 0
