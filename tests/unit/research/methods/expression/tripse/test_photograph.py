from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from unit.inference.portraits import empty, portrait
from vultus.inference.engine import FaceEngine
from vultus.inference.image import read, write
from vultus.research.methods.expression import tripse
from vultus.research.methods.expression.tripse import photograph


class Fixed:
    """Says happy of every bright enough crop."""

    config = SimpleNamespace(side=32)

    def predict(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        assert batch["image"].shape[1:] == (32, 32)
        assert batch["image"].mean() > 30, "it holds a face"
        return {"scores": np.tile(np.eye(7)[3], (len(batch["image"]), 1))}


def test_faces_of_a_photograph_are_told_and_drawn(
    engine: FaceEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(photograph, "FaceEngine", lambda: engine)
    write(tmp_path / "a.png", portrait())
    found = tripse.answer(Fixed(), tmp_path / "a.png", tmp_path)  # type: ignore[arg-type]
    (face,) = found["faces"]
    assert face["expression"]["label"] == "happy"
    assert not np.array_equal(read(tmp_path / "faces.jpg"), portrait())
    write(tmp_path / "b.png", empty())
    assert tripse.answer(Fixed(), tmp_path / "b.png", None) == {"faces": []}  # type: ignore[arg-type]
