"""The default pack gives today what it gave when it was measured, on a portrait that everybody has.

The reference is written anew, after a change that is meant to move embeddings, by

    VULTUS_WRITE_GOLDEN=1 python -m pytest tests/unit/inference/test_engine_golden.py
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unit.inference.portraits import portrait
from vultus.inference.engine import FaceEngine
from vultus.types import Box, Face

COMMAND = "VULTUS_WRITE_GOLDEN=1 python -m pytest tests/unit/inference/test_engine_golden.py"


def _record(engine: FaceEngine, face: Face) -> dict[str, Any]:
    assert face.embedding is not None
    return {
        "picture": "skimage.data.astronaut() of scikit-image, public domain (NASA)",
        "written_by": COMMAND,
        "contract": engine.contract,
        "box_xyxy_px": [round(float(side), 2) for side in face.box.xyxy],
        "landmarks_px": [[round(float(x), 2), round(float(y), 2)] for x, y in face.landmarks],
        "score": round(face.score, 4),
        "embedding": [round(float(value), 7) for value in face.embedding.vector],
    }


@pytest.fixture(scope="module")
def face(engine: FaceEngine) -> Face:
    (face,) = engine.find(portrait())
    return face


@pytest.fixture(scope="module")
def golden(checkout: Path, engine: FaceEngine, face: Face) -> dict[str, Any]:
    path = checkout / "tests" / "data" / "golden_astronaut.json"
    if os.environ.get("VULTUS_WRITE_GOLDEN") == "1":
        lines = (f' "{key}": {json.dumps(value)}' for key, value in _record(engine, face).items())
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    return dict(json.loads(path.read_text("utf-8")))


def test_the_reference_is_of_this_pack(engine: FaceEngine, golden: dict[str, Any]) -> None:
    assert golden["contract"] == engine.contract, f"if embeddings were meant to move, run: {COMMAND}"


def test_the_embedding_has_not_moved(face: Face, golden: dict[str, Any]) -> None:
    vector = np.array(golden["embedding"])
    assert vector.shape == (128,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert face.embedding is not None
    assert float(face.embedding.vector @ vector) >= 0.9999


def test_the_face_has_not_moved(face: Face, golden: dict[str, Any]) -> None:
    assert face.box.iou(Box(np.array(golden["box_xyxy_px"], np.float32))) > 0.98
    np.testing.assert_allclose(face.landmarks, golden["landmarks_px"], atol=0.5)
    assert face.score == pytest.approx(golden["score"], abs=0.01)
