"""`vultus train` and `vultus evaluate NAME`."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from unit.cli.conftest import Cli
from unit.research.taught import install
from vultus.research import run, table


@pytest.fixture(autouse=True)
def taught(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    monkeypatch.setattr(table, "METHODS", run.METHODS)


def test_from_training_to_figures(cli: Cli, checkout: Path) -> None:
    Path("a.yaml").write_text("width: 5\n", "utf-8")
    out = cli("train", "taught", "steps=20", "--config", "a.yaml", "--seed", 4)
    assert "taught, seed 4: 37 parameters, 20 steps" in out.stdout
    assert "figures on test samples: vultus evaluate taught runs/taught/last.safetensors" in out.stderr
    assert "best accuracy" in out.stderr
    found = cli.json("evaluate", "taught", "runs/taught/last.safetensors", "--out", "deep/figures.json")
    assert found == json.loads(Path("deep/figures.json").read_text("utf-8"))
    _valid(checkout, "evaluate.method", found)
    assert (found["seed"], found["config"]["width"]) == (4, 5)
    assert "accuracy" in cli("evaluate", "method", "taught", "runs/taught/best.safetensors").stdout


def test_a_run_is_not_overwritten_and_goes_on(cli: Cli, checkout: Path) -> None:
    first = cli.json("train", "taught", "steps=20", "--out", "a")
    _valid(checkout, "train", first)
    assert "holds a run already" in cli("train", "taught", "steps=20", "--out", "a", code=2).stderr
    again = cli.json("train", "taught", "steps=20", "--out", "a", "--resume")
    assert again["last"] == first["last"]
    assert "cannot go on: its seed was 0, and is 1" in cli(
        "train", "taught", "steps=20", "--out", "a", "--resume", "--seed", 1, code=2
    ).stderr  # fmt: skip


def test_mistakes(cli: Cli) -> None:
    assert "did you mean 'taught'?" in cli("train", "taugt", code=2).stderr
    assert "unknown setting 'stps'; did you mean 'steps'?" in cli("train", "taught", "stps=3", code=2).stderr
    assert "cannot read the settings of no.yaml" in cli("train", "taught", "--config", "no.yaml", code=2).stderr
    assert "unknown device 'cup'; did you mean 'cpu'?" in cli("train", "taught", "--device", "cup", code=2).stderr
    assert "unknown precision '31'" in cli("train", "taught", "--precision", "31", code=2).stderr
    assert "there is no checkpoint none" in cli("evaluate", "taught", "none", code=2).stderr
    assert "No such command 'taughtt'".lower() in cli("evaluate", "taughtt", "none", code=2).stderr.lower()


def test_ctrl_c_says_how_to_go_on(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run.Training, "run", interrupted)
    assert "this goes on with it: --resume --out a" in cli("train", "taught", "--out", "a", code=130).stderr


def _valid(checkout: Path, name: str, document: object) -> None:
    schema = json.loads((checkout / f"docs/schemas/vultus.{name}.1.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
