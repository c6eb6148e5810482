"""Every built method keeps the contract of the lab; the sweep counts itself."""

from __future__ import annotations

import ast
import json
from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest

from vultus.research.contract import CHANCE, FULL
from vultus.research.experiment import FIRST_SEED, arms
from vultus.research.run import load
from vultus.research.table import METHODS

BUILT = [entry for entry in METHODS if entry.status == "built"]
every_method = pytest.mark.parametrize("entry", BUILT, ids=[entry.name for entry in BUILT])
SECONDS_SEED = 7  # below FIRST_SEED: a tuning seed


def source(checkout: Path, entry) -> Path:
    home = checkout / "src/vultus/research/methods" / entry.task
    return next(path for path in (home / f"{entry.name}.py", home / entry.name / "__init__.py") if path.exists())


def test_the_sweep_is_whole(checkout: Path) -> None:
    home = checkout / "src/vultus/research/methods"
    files = {path.stem for path in home.glob("*/*.py") if path.stem != "__init__"} | {
        path.parent.name for path in home.glob("*/*/__init__.py")
    }
    assert files == {entry.name for entry in BUILT}
    assert len(BUILT) == 3


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
    names = list(arms(method, config))
    assert len(names) >= 5, "chance, baseline, full, one ablation, control"
    assert set(method.UNEQUAL) <= set(names)
    assert (checkout / f"docs/methods/{entry.name}.md").exists()


@every_method
def test_it_stands_alone(checkout: Path, entry) -> None:
    tree = ast.parse(source(checkout, entry).read_text("utf-8"))
    wanted = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    others = {f"vultus.research.methods.{one.task}.{one.name}" for one in BUILT if one != entry}
    assert not wanted & (others | {"vultus.research.experiment", "vultus.research.run"})


@every_method
def test_the_same_seed_gives_the_same_figures_and_full_beats_chance(entry) -> None:
    method = load(entry.name)
    config = method.Config.tiny()

    def figures(name: str) -> dict[str, float]:
        data = method.data(config, SECONDS_SEED, None)
        model = arms(method, config)[name]
        budget = model.fit(data.train, SECONDS_SEED)
        assert budget.parameters >= 0
        assert budget.parameters < 2_000_000
        return dict(method.score(model, data.test))

    one, other = figures(FULL), figures(FULL)
    assert one == other
    assert set(one) >= {metric.name for metric in method.METRICS}
    assert all(np.isfinite(one[metric.name]) for metric in method.METRICS)
    first = method.METRICS[0]
    assert first.sign * (one[first.name] - figures(CHANCE)[first.name]) > 0


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
