from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from vultus.errors import WeightsError
from vultus.weights.liveness import rendered_model
from vultus.weights.shipped import HOME, checked


def test_the_model_that_ships_is_the_one_of_the_manifest_and_says_what_it_is() -> None:
    own = rendered_model()
    path = checked(own, "commercial")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == own.sha256
    assert path.stat().st_size == own.size_bytes <= 2_000_000
    assert "rendered" in own.name
    assert own.spec.operating_point.startswith("trained on rendered attacks, not on real ones")
    assert 0 < own.spec.threshold < 1


def test_a_damaged_installation_is_told(tmp_path: Path) -> None:
    shutil.copytree(HOME, tmp_path / "own")
    manifest = tmp_path / "own/liveness.json"
    own = rendered_model(manifest)
    own.file.write_bytes(b"?")
    with pytest.raises(WeightsError, match=r"has sha256 [0-9a-f]{64}, expected .*; install Vultus again"):
        checked(own)
    content = json.loads(manifest.read_text("utf-8"))
    for text in (json.dumps({**content, "schema": "vultus.own/9"}), json.dumps({"schema": "vultus.own/1"}), "{"):
        manifest.write_text(text, encoding="utf-8")
        with pytest.raises(WeightsError, match="is not the one that comes with Vultus"):
            rendered_model(manifest)
