from __future__ import annotations

import json

import pytest
import torch

from vultus.errors import ConfigError, InputError
from vultus.research.contract import Metric
from vultus.research.training.checkpoint import read
from vultus.research.training.journal import rows
from vultus.research.training.keeper import Keeper

HEADER = {
    "method": "toy", "config": {"sizes": (1, 2)}, "seed": 3, "data": "synthetic", "precision": "32",
    "stages": [{"name": "one"}, {"name": "two"}], "versions": {}, "revision": "",
}  # fmt: skip
UAR, EER = Metric("uar"), Metric("eer", worst=1, best=0)


def state(value: float) -> dict[str, torch.Tensor]:
    return {"model/a": torch.tensor([value])}


def test_a_run_goes_on_where_its_last_checkpoint_was_written(tmp_path):
    folder = tmp_path / "deep" / "run"
    keeper = Keeper(folder, HEADER, UAR, save_every_s=0)
    assert keeper.kept is None
    assert not folder.exists(), "only the process that writes makes it"
    assert keeper.due()
    for step in range(3):
        keeper.journal.note("one", step, {"net/ce": step})
    keeper.save(0, 2, state(1))
    keeper.journal.note("two", 0, {"net/ce": 9})
    keeper.close()
    assert json.loads((folder / "run.json").read_text("utf-8"))["config"] == {"sizes": [1, 2]}

    again = Keeper(folder, HEADER, UAR, resume=True)
    assert again.kept is not None
    assert (again.kept.header["stage"], again.kept.header["step"]) == (0, 2)
    assert not again.due()
    again.journal.flush()
    assert [(row.stage, row.step) for row in rows(folder / "journal.csv")] == [("one", 0), ("one", 1)]
    again.close()
    Keeper(tmp_path / "empty", HEADER, UAR, resume=True).close()


def test_runs_that_would_be_overwritten_or_mixed(tmp_path):
    keeper = Keeper(tmp_path, HEADER, UAR)
    keeper.save(0, 2, state(1))
    keeper.close()
    with pytest.raises(ConfigError, match="holds a run already: --resume goes on with it, another --out leaves it"):
        Keeper(tmp_path, HEADER, UAR)
    with pytest.raises(ConfigError, match="cannot go on: its seed was 3, and is 4 now"):
        Keeper(tmp_path, {**HEADER, "seed": 4}, UAR, resume=True)
    with pytest.raises(InputError, match="is a checkpoint of the method 'toy', not of 'other'"):
        Keeper(tmp_path, {**HEADER, "method": "other"}, UAR, resume=True)


@pytest.mark.parametrize(("metric", "best"), [(UAR, 0.7), (EER, 0.2)])
def test_the_best_weights_are_those_of_the_best_figure(tmp_path, metric, best):
    keeper = Keeper(tmp_path, HEADER, metric)
    for step, value in enumerate([float("nan"), 0.5, 0.7, 0.2, 0.6]):
        keeper.look("one", step, {metric.name: value}, lambda value=value: state(value))
    keeper.save(1, 0, state(0))
    keeper.close()
    kept = read(tmp_path / "best.safetensors")
    assert kept.weights["a"].item() == pytest.approx(best)
    assert kept.header["best"]["value"] == best
    assert read(tmp_path / "last.safetensors").header["best"] == kept.header["best"]
    assert [row.what for row in rows(tmp_path / "journal.csv")] == [f"validation/{metric.name}"] * 5
