"""`vultus export`."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.cli.conftest import Cli
from unit.cli.test_train import _valid
from unit.research.taught import Config, install
from vultus.research import run


def test_a_checkpoint_becomes_onnx(cli: Cli, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    run.prepare("taught", Config(steps=3)).run(Path("a"), run.machine())
    manifest = cli.json("export", "taught", "a/last.safetensors", "--out", "b/net.onnx")
    _valid(checkout, "export", manifest)
    assert manifest["labels"] == ["no", "yes"]
    assert manifest["config"]["steps"] == 3
    assert Path("b/net.onnx").stat().st_size == manifest["bytes"]
    assert "written: b/net.onnx" in cli("export", "taught", "a/last.safetensors", "--out", "b/net.onnx").stderr
    assert "--out must end in .onnx" in cli("export", "taught", "a/last.safetensors", "--out", "b", code=2).stderr
