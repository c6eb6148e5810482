from __future__ import annotations

import hashlib

from vultus.weights.expression import expression_spec
from vultus.weights.shipped import HOME, checked


def test_the_model_that_ships_is_the_one_of_the_manifest() -> None:
    spec = expression_spec()
    assert spec.labels == ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    path = checked(spec)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == spec.sha256
    assert path.stat().st_size == spec.size_bytes <= 4_000_000
    assert spec.licence.use == "research"
    assert [path.name for path in sorted(HOME.iterdir())] == [
        "expression.json", "expression.onnx", "liveness.json", "liveness.onnx",
    ]  # fmt: skip
