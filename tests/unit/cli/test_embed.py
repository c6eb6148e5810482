"""`vultus embed`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, FakeEngine, save
from vultus.types import Face, Liveness


def test_json_gives_back_the_exact_vector(cli: Cli) -> None:
    save(Path("one.png"), ADA)
    document = cli.json("embed", "one.png")
    assert list(document)[:2] == ["schema", "contract"]
    face = document["images"][0]["faces"][0]
    assert set(face) == {"box", "landmarks", "score", "quality", "embedding"}
    want = cli.engine.find(Path("one.png"))[0].embedding.vector
    assert np.array_equal(np.array(face["embedding"], dtype=np.float32), want)


def test_a_table_shows_the_first_numbers(cli: Cli) -> None:
    save(Path("one.png"), ADA)
    assert "+0.816 -0.408 -0.408 +0.000 +0.000 ..." in cli("embed", "one.png").stdout


def test_a_face_that_liveness_refused_has_no_embedding(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    save(Path("one.png"), ADA)
    whole = FakeEngine._face

    def refused(engine: FakeEngine, *args: Any) -> Face:
        return replace(whole(engine, *args), embedding=None, liveness=Liveness(0.1, 0.5, "not_live", "not measured"))

    monkeypatch.setattr(FakeEngine, "_face", refused)
    face = cli.json("embed", "one.png")["images"][0]["faces"][0]
    assert face["embedding"] is None
    assert face["liveness"] == {
        "live": False, "live_score": 0.1, "threshold": 0.5, "reason": "not_live", "operating_point": "not measured",
    }  # fmt: skip
    assert "none (not_live)" in cli("embed", "one.png").stdout
