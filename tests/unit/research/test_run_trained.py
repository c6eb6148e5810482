"""Train, evaluate, predict: what is kept leads back to the same figures."""

from __future__ import annotations

import json
import sys

import pytest

from unit.research import toy
from unit.research.taught import Config, install
from vultus.errors import ConfigError, InputError, MissingExtraError, UnknownNameError
from vultus.research import run

SHORT = Config(steps=25)


@pytest.fixture(autouse=True)
def taught(monkeypatch):
    install(monkeypatch)


@pytest.fixture
def made(tmp_path):
    return run.prepare("taught", SHORT, seed=3).run(tmp_path / "out", run.machine()), tmp_path / "out"


def test_everything_that_a_repetition_needs_is_kept(made):
    report, out = made
    assert {file.name for file in out.iterdir()} == {
        "run.json", "last.safetensors", "best.safetensors", "journal.csv", "curves.png"
    }  # fmt: skip
    header = json.loads((out / "run.json").read_text("utf-8"))
    assert header["config"] == {"steps": 25, "width": 4, "rate": 0.03, "product": True, "leak": False}
    assert (header["method"], header["seed"], header["data"], header["precision"]) == ("taught", 3, "synthetic", "32")
    assert header["versions"]["torch"]
    assert header["revision"] == run.revision()
    assert header["stages"][0]["players"][0]["lr"] == 0.03
    assert report["budget"] == {"parameters": 30, "steps": 25, "samples": 800}
    assert report["best"]["metric"] == "accuracy"
    assert {"network/ce", "network/rate", "network/gradient", "validation/accuracy"} == set(report["last"])


def test_a_checkpoint_leads_back_to_the_model(made):
    report, out = made
    training = run.prepare("taught", SHORT, seed=3)
    again = run.trained("taught", out / "last.safetensors")
    assert again.config == SHORT
    found = again.evaluate()
    assert found["figures"] == training.method.score(again.model, training.data.test)
    assert found["n"] == 400
    best = run.trained("taught", out / "best.safetensors").model
    assert training.method.score(best, training.data.validation)["accuracy"] == report["best"]["value"]


def test_one_input(made, tmp_path):
    again = run.trained("taught", made[1] / "last.safetensors")
    path = tmp_path / "x.json"
    path.write_text("[1.0, 2.0, 0.0]", "utf-8")
    found = again.predict(path, tmp_path / "drawn")
    assert found["answer"]["label"] in {"yes", "no"}
    assert (tmp_path / "drawn/answer.txt").exists()
    with pytest.raises(InputError, match="there is no input"):
        again.predict(tmp_path / "none")
    del again.method.answer
    with pytest.raises(InputError, match="'taught' answers no single inputs; its figures: vultus evaluate taught"):
        again.predict(path)


def test_what_cannot_be_trained_or_read(made, tmp_path, monkeypatch):
    out = made[1]
    with pytest.raises(InputError, match="'toy' is fitted in one go and leaves no checkpoint; see: vultus ablate toy"):
        run.prepare("toy", toy.Config())
    with pytest.raises(InputError, match="is no folder and no file"):
        run.prepare("taught", SHORT, tmp_path / "none")
    with pytest.raises(InputError, match="is a checkpoint of the method 'taught', not of 'toy'"):
        run.trained("toy", out / "last.safetensors")
    with pytest.raises(ConfigError, match="cannot go on: its config was"):
        run.prepare("taught", Config(steps=26), seed=3).run(out, run.machine(), resume=True)
    install(monkeypatch, Config=type("Other", (), {"__dataclass_fields__": {}}))
    with pytest.raises(InputError, match="was made by another version of 'taught': unknown setting 'steps'"):
        run.trained("taught", out / "last.safetensors")
    monkeypatch.setitem(sys.modules, "vultus.research.training.machine", None)
    monkeypatch.setattr(run, "_EXTRA", ("vultus",))
    with pytest.raises(MissingExtraError, match=r"vultus\[research\]"):
        run.machine()


def test_settings_come_from_the_method_then_a_file_then_the_command_line(tmp_path):
    method, file = run.load("taught"), tmp_path / "a.yaml"
    file.write_text("width: 9\nrate: 1\n", "utf-8")
    assert run.configured(method, file=file, overrides=["rate=0.5"]) == Config(width=9, rate=0.5)
    with pytest.raises(UnknownNameError, match="unknown setting 'widht'; did you mean 'width'"):
        run.configured(method, overrides=["widht=1"])


def test_only_the_first_process_speaks(made, monkeypatch, tmp_path):
    assert run.first_process()
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert not run.first_process()
