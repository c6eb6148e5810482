from __future__ import annotations

import numpy as np

from vultus.inference.document import decision, face, vector
from vultus.types import Box, Decision, Embedding, Face, Liveness, Quality

FACE = Face(
    Box(np.array([1, 2, 30.123, 40], np.float32)), np.zeros((5, 2), np.float32), 0.98765432,
    Quality(0.5, ("blur",), {"size_px": 29.123456}), Embedding(np.array([0.6, 0.8], np.float32), "pack:1"),
    Liveness(0.25, 0.5, "print"),
)  # fmt: skip


def test_a_face_is_plain_json_values() -> None:
    found = face(FACE, embedding=True)
    assert found["box"] == [1.0, 2.0, 30.12, 40.0]
    assert found["quality"] == {"score": 0.5, "reasons": ["blur"], "measures": {"size_px": 29.1235}}
    assert found["liveness"]["live"] is False
    assert found["embedding"] == [0.6, 0.8]
    assert "embedding" not in face(FACE)


def test_a_vector_gives_back_the_same_bits() -> None:
    numbers = np.random.default_rng(1).normal(size=64).astype(np.float32)
    numbers /= np.linalg.norm(numbers)
    assert np.array_equal(np.array(vector(Embedding(numbers, "p:1")), np.float32), numbers)


def test_a_decision_says_what_it_rests_on() -> None:
    assert decision(Decision(False, None, 0.5, 0.001, "cal", reason="failure_to_acquire")) == {
        "matched": False, "similarity": None, "threshold": 0.5, "fmr_target": 0.001, "fpir_target": None,
        "gallery_size": None, "calibration_id": "cal", "reason": "failure_to_acquire",
    }  # fmt: skip
