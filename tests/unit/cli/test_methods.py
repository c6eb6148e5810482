"""`vultus methods` and `vultus ablate`."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import pytest

from unit.cli.conftest import Cli
from unit.research.toy import method
from vultus.research import run
from vultus.research.table import METHODS, Entry


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "METHODS", (Entry(1, "toy", "identity", "A toy", status="built"),))
    module = types.ModuleType("vultus.research.methods.identity.toy")
    vars(module).update(vars(method()))
    monkeypatch.setitem(sys.modules, module.__name__, module)


def test_the_list(cli: Cli) -> None:
    out = cli("methods")
    assert "affine_alignment" in out.stdout
    assert "of 45 are built" in out.stderr
    assert [row["number"] for row in cli.json("methods")["methods"]] == list(range(1, 46))


def test_a_planned_method_says_so(cli: Cli) -> None:
    planned = next(entry.name for entry in METHODS if entry.status == "planned")
    assert "is planned and not built yet" in cli("ablate", planned, code=2).stderr
    assert "did you mean 'tripse'?" in cli("ablate", "tripsee", code=2).stderr


def test_claims_and_exit_codes(cli: Cli, toy: None) -> None:
    out = cli("ablate", "toy", "effect=0.3", "noise=0.001", "--seeds", 3, "--jobs", 1, "--out", "deep/toy.json")
    assert "uar of full is better than of without_part by 0.02" in out.stdout
    assert "holds" in out.stdout
    assert "3 seeds; control: the destroyed signal scores no better than chance" in out.stderr
    assert json.loads(Path("deep/toy.json").read_text("utf-8"))["holds"] is True
    assert cli.json("ablate", "toy", "--check", "effect=0.0", "noise=0.0", "--jobs", 1, code=1)["holds"] is False
    assert "unknown setting 'efect'" in cli("ablate", "toy", "efect=1", code=2).stderr
    assert "--data none is no folder" in cli("ablate", "toy", "--data", "none", code=2).stderr


def test_tables_and_drawings_are_written(cli: Cli, toy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.yaml").write_text("effect: 0.3\nnoise: 0.001\n", "utf-8")
    words = ("--seeds", 3, "--jobs", 1, "--config", "a.yaml", "--markdown", "deep/toy.md", "--plot", "deep/toy.png")
    out = cli("ablate", "toy", *words)
    assert "written: deep/toy.md" in out.stderr
    assert "| uar of full is better than of without_part by 0.02 | **holds** |" in Path("deep/toy.md").read_text(
        "utf-8"
    )
    assert Path("deep/toy.png").read_bytes().startswith(b"\x89PNG")
    monkeypatch.setattr("vultus.evaluation.drawing.find_spec", lambda name: None)
    assert "vultus[report]" in cli("ablate", "toy", "--plot", "b.png", code=2).stderr
