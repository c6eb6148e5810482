"""Every built method keeps the contract of the lab; the sweep counts itself."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from dataclasses import FrozenInstanceError, asdict, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vultus.research.contract import CHANCE, FULL, Data
from vultus.research.data.sample import Samples, predicted, tensors
from vultus.research.experiment import FIRST_SEED, arms, fit
from vultus.research.run import load, trained
from vultus.research.table import METHODS, Entry

HOME = Path(__file__).resolve().parents[2] / "src/vultus/research/methods"


def source(entry: Entry) -> Path:
    """Its file, or the first one of its folder."""
    home = HOME / entry.task
    return next(path for path in (home / f"{entry.name}.py", home / entry.name / "__init__.py") if path.exists())


def by_steps(entry: Entry) -> bool:
    """Whether its code speaks of stages; looked at without importing torch."""
    path = source(entry)
    files = path.parent.rglob("*.py") if path.stem == "__init__" else [path]
    return any("def stages(" in file.read_text("utf-8") for file in files)


BUILT = [entry for entry in METHODS if entry.status == "built"]
TRAINED = [entry for entry in BUILT if by_steps(entry)]
every_method = pytest.mark.parametrize("entry", BUILT, ids=[entry.name for entry in BUILT])
every_trained = pytest.mark.parametrize("entry", TRAINED, ids=[entry.name for entry in TRAINED])
SECONDS_SEED = 7  # below FIRST_SEED: a tuning seed


@cache
def material(name: str) -> Data:
    method = load(name)
    data: Data = method.data(method.Config.tiny(), SECONDS_SEED, None)
    return data


def test_the_sweep_is_whole(checkout: Path) -> None:
    files = {path.stem for path in HOME.glob("*/*.py") if path.stem != "__init__"} | {
        path.parent.name for path in HOME.glob("*/*/__init__.py")
    }
    assert files == {entry.name for entry in BUILT}
    assert len(BUILT) >= 3, "the sweep has lost most of the methods"
    assert {path.stem for path in (checkout / "docs/methods").glob("*.md")} == {entry.name for entry in BUILT}


@every_method
def test_it_offers_what_every_method_offers(checkout: Path, entry) -> None:
    method = load(entry.name)
    assert str(entry.number) in (method.__doc__ or "").splitlines()[0]
    assert is_dataclass(method.Config)
    config = method.Config.tiny()
    with pytest.raises(FrozenInstanceError):
        setattr(config, fields(config)[0].name, None)
    assert method.CLAIMS
    assert len({claim.text for claim in method.CLAIMS}) == len(method.CLAIMS)
    built = arms(method, config)
    names = list(built)
    assert hasattr(built[FULL], "stages") == (entry in TRAINED)
    assert len(names) >= 5, "chance, baseline, full, one ablation, control"
    assert set(method.UNEQUAL) <= set(names)
    for word in ("In:", "Out:", "Deviations"):
        assert word in (method.__doc__ or ""), (
            "the card says what goes in, what comes out, and what differs from the paper"
        )
    assert (checkout / f"docs/methods/{entry.name}.md").exists()


@every_method
def test_it_stands_alone(entry) -> None:
    tree = ast.parse(source(entry).read_text("utf-8"))
    wanted = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    others = {f"vultus.research.methods.{one.task}.{one.name}" for one in BUILT if one != entry}
    assert not wanted & (others | {"vultus.research.experiment", "vultus.research.run"})
    assert not {name for name in wanted if name.startswith("vultus.research.training")}


@every_method
def test_the_same_seed_gives_the_same_figures_and_full_beats_chance(entry) -> None:
    method = load(entry.name)
    config = method.Config.tiny()

    def figures(name: str, data: Data) -> dict[str, float]:
        model = arms(method, config, SECONDS_SEED)[name]
        budget = fit(model, data.train, SECONDS_SEED)
        assert budget.parameters >= 0
        assert budget.parameters < 2_000_000
        return dict(method.score(model, data.test))

    data, again = material(entry.name), method.data(config, SECONDS_SEED, None)
    one, other = figures(FULL, data), figures(FULL, again)
    assert one == other
    assert set(one) >= {metric.name for metric in method.METRICS}
    assert all(np.isfinite(one[metric.name]) for metric in method.METRICS)
    first = method.METRICS[0]
    assert first.sign * (one[first.name] - figures(CHANCE, data)[first.name]) > 0


@every_method
def test_its_committed_run_is_told_as_it_is(checkout: Path, entry) -> None:
    report = json.loads((checkout / f"results/ablate_{entry.name}.json").read_text("utf-8"))
    method = load(entry.name)
    assert report["method"] == entry.name
    assert [claim["text"] for claim in report["claims"]] == [claim.text for claim in method.CLAIMS]
    assert min(report["seeds"]) >= FIRST_SEED
    page = (checkout / f"docs/methods/{entry.name}.md").read_text("utf-8")
    for claim in report["claims"]:
        assert claim["text"] in page, "the page tells every claim, whatever became of it"
        assert claim["verdict"] in page


def test_all_of_them_import_without_a_network(checkout: Path, tmp_path: Path) -> None:
    names = [f"vultus.research.methods.{entry.task}.{entry.name}" for entry in BUILT]
    code = (
        "import sys\n"
        "def watch(event, args):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo'): raise SystemExit(event)\n"
        "sys.addaudithook(watch)\n"
        f"for name in {names!r}: __import__(name)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(checkout / "src"), "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-W", "error", "-c", code], env=env, check=True, timeout=120)


# ------------------------------------------------------------------------------------- those that are trained by steps
STEPS = 30


def fresh(name: str) -> Any:
    """The method's network with its first weights."""
    method = load(name)
    return arms(method, method.Config.tiny(), SECONDS_SEED)[FULL]


@cache
def stepped(name: str) -> Any:
    """Two steps of every stage."""
    from vultus.research.training.loop import train

    model = fresh(name)
    train(model, material(name).train, SECONDS_SEED, stages=[replace(stage, steps=2) for stage in model.stages()])
    return model


def some(samples: Samples, count: int) -> Samples:
    return samples.subset(range(min(count, len(samples))))


@every_trained
def test_it_is_small_and_its_first_steps_are_finite_and_repeat_themselves(entry) -> None:
    import torch

    assert sum(one.numel() for one in fresh(entry.name).parameters()) < 2_000_000
    one = stepped(entry.name).state_dict()
    stepped.cache_clear()
    other = stepped(entry.name).state_dict()
    assert one.keys() == other.keys()
    for key, value in one.items():
        assert torch.isfinite(value).all()
        assert torch.equal(value, other[key])


@every_trained
def test_thirty_steps_lower_its_loss(entry) -> None:
    import torch

    from vultus.research.training.loop import train

    model, data = fresh(entry.name), material(entry.name).train
    stage = replace(model.stages()[0], steps=STEPS, ema=0.0)
    rows = tensors(data.take(np.arange(min(len(data), 64))))

    def loss() -> float:
        torch.manual_seed(0)
        with torch.no_grad():
            return float(sum(model.train().losses(rows, stage.players[0].name).values()))

    before = loss()
    train(model, data, SECONDS_SEED, stages=[stage])
    assert loss() < before


@every_trained
def test_it_answers_row_by_row(entry) -> None:
    model, test = stepped(entry.name), material(entry.name).test
    whole = predicted(model, some(test, 5))
    alone = predicted(model, some(test, 1))
    assert whole
    for key, value in whole.items():
        assert len(value) == min(5, len(test)), key
        assert value.dtype.kind != "f" or np.isfinite(value).all(), key
        assert value.shape[1:] == alone[key].shape[1:], key
        assert np.allclose(value[:1], alone[key], atol=1e-4), "an answer does not depend on the other rows"


@every_trained
def test_a_checkpoint_leads_back_to_it_and_to_no_other(entry, tmp_path: Path) -> None:
    from vultus.research.training.checkpoint import MODEL, write

    model, path, config = stepped(entry.name), tmp_path / "x.safetensors", load(entry.name).Config.tiny()
    header = {"method": entry.name, "config": asdict(config), "seed": SECONDS_SEED, "data": "synthetic"}
    write(path, header, {MODEL + key: value for key, value in model.state_dict().items()})
    found = trained(entry.name, path)
    assert found.config == config
    ours, theirs = (predicted(one, some(material(entry.name).test, 5)) for one in (model, found.model))
    assert all(np.array_equal(ours[key], theirs[key]) for key in ours)


@every_trained
def test_exported_it_computes_what_torch_computes(entry, tmp_path: Path) -> None:
    from vultus.research.export import export

    manifest = export(stepped(entry.name), tmp_path / "net.onnx", {"method": entry.name})
    assert manifest["differs_by"] <= 1e-4
    assert manifest["task"]
