"""`vultus predict`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unit.cli.conftest import Cli
from unit.cli.test_train import _valid
from unit.research.taught import Config, install
from vultus.cli.predict import _told
from vultus.research import run


def test_an_answer_about_one_input(cli: Cli, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    run.prepare("taught", Config(steps=3)).run(Path("a"), run.machine())
    Path("x.json").write_text(json.dumps([1.0, 2.0, 0.0]), "utf-8")
    found = cli.json("predict", "taught", "x.json", "--weights", "a/last.safetensors")
    _valid(checkout, "predict", found)
    out = cli("predict", "taught", "x.json", "--weights", "a/last.safetensors", "--out", "drawn")
    assert found["answer"]["label"] in out.stdout
    assert Path("drawn/answer.txt").exists()
    assert "there is no input y.json" in cli(
        "predict", "taught", "y.json", "--weights", "a/last.safetensors", code=2
    ).stderr  # fmt: skip


def test_answers_in_words() -> None:
    assert _told({"happy": 0.51234567, "words": ["a", 2]}) == "happy 0.5123, words a, 2"
