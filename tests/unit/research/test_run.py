from __future__ import annotations

import sys
import types
from dataclasses import replace

import pytest

from unit.research.toy import method
from vultus.errors import InputError, MissingExtraError, UnknownNameError
from vultus.research import run
from vultus.research.table import Entry


@pytest.fixture
def toy(monkeypatch):
    built = Entry(1, "toy", "identity", "A toy", status="built")
    monkeypatch.setattr(run, "METHODS", (built, Entry(2, "later", "identity", "Planned")))
    module = types.ModuleType("vultus.research.methods.identity.toy")
    vars(module).update(vars(method()))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return built


def test_a_run_says_with_what(toy):
    report = run.run_ablation("toy", check=True, seeds=5)
    assert (report["method"], report["data"], report["config"]["effect"]) == ("toy", "synthetic", 0.1)
    assert report["versions"]["python"]
    assert run.run_ablation("toy", overrides=["effect=0.3", "noise=0.0"], seeds=5)["holds"] is True


def test_methods_that_cannot_be_run(toy, tmp_path, monkeypatch):
    with pytest.raises(UnknownNameError, match="unknown method 'toi'; did you mean 'toy'"):
        run.load("toi")
    with pytest.raises(InputError, match="method 2, 'later', is planned and not built yet; built: toy"):
        run.load("later")
    with pytest.raises(InputError, match="is no folder"):
        run.run_ablation("toy", folder=tmp_path / "none")
    with pytest.raises(UnknownNameError, match="unknown setting 'efect'; did you mean 'effect'"):
        run.run_ablation("toy", overrides=["efect=1"])

    def missing(name):
        raise ModuleNotFoundError(f"no {name}", name=name)

    monkeypatch.setattr(run, "import_module", lambda name: missing("torch"))
    with pytest.raises(MissingExtraError, match=r"vultus\[research\]"):
        run.load("toy")
    monkeypatch.setattr(run, "import_module", lambda name: missing("vultus.research.methods.identity.toy"))
    with pytest.raises(ModuleNotFoundError):
        run.load("toy")


def test_the_revision_is_empty_outside_a_checkout(monkeypatch):
    assert run.revision() == "" or len(run.revision()) in (12, 13)

    def missing(*_, **__):
        raise FileNotFoundError("git")

    monkeypatch.setattr(run.subprocess, "run", missing)
    assert run.revision() == ""


def test_packages_that_are_not_there_are_left_out(monkeypatch):
    monkeypatch.setattr(run, "_PACKAGES", ("numpy", "no-such-package"))
    assert set(run.versions()) == {"python", "numpy"}


def test_rows_are_data(toy):
    assert replace(toy, number=3).name == "toy"
