from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from vultus.errors import LicenceError, UnknownNameError, WeightsError
from vultus.weights.expression import expression_spec
from vultus.weights.shipped import HOME, checked


def test_the_licence_policy_is_kept() -> None:
    spec = expression_spec()
    with pytest.raises(LicenceError, match=r"is for research only .* and the licence policy is commercial"):
        checked(spec, "commercial")
    free = replace(spec, licence=replace(spec.licence, use="commercial"))
    assert checked(free, "commercial") == spec.file
    with pytest.raises(UnknownNameError, match="licence policy"):
        checked(spec, "mine")


def test_a_damaged_installation_is_told(tmp_path: Path) -> None:
    shutil.copytree(HOME, tmp_path / "own")
    manifest = tmp_path / "own/expression.json"
    spec = expression_spec(manifest)
    spec.file.write_bytes(spec.file.read_bytes()[:-1] + b"?")
    with pytest.raises(WeightsError, match=r"has sha256 [0-9a-f]{64}, expected .*; install Vultus again"):
        checked(spec)
    spec.file.unlink()
    with pytest.raises(WeightsError, match=r"cannot read the model .*expression.onnx"):
        checked(spec)
    content = json.loads(manifest.read_text("utf-8"))
    for damaged in (
        "no JSON",
        json.dumps({**content, "schema": "vultus.own/9"}),
        json.dumps({"schema": "vultus.own/1"}),
    ):
        manifest.write_text(damaged)
        with pytest.raises(WeightsError, match="is not the one that comes with Vultus"):
            expression_spec(manifest)
    manifest.unlink()
    with pytest.raises(WeightsError, match="is not the one that comes with Vultus"):
        expression_spec(manifest)
