"""The method itself; the contract's sweep trains it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from vultus.research.contract import BASELINE, FULL, Data
from vultus.research.data.sample import predicted
from vultus.research.experiment import SAME_BUDGET, arms
from vultus.research.methods.video_expression import cs3d
from vultus.research.methods.video_expression.cs3d import Config, Guess
from vultus.research.methods.video_expression.cs3d.displays import CLASSES, VARIANTS

TINY = Config.tiny()


@cache
def material() -> Data:
    return cs3d.data(TINY, 3, None)


def weights(model: torch.nn.Module) -> int:
    return sum(one.numel() for one in model.parameters())


@pytest.mark.parametrize("config", [Config(), Config.check()], ids=["paper", "check"])
def test_arms_that_are_compared_are_equally_large(config: Config) -> None:
    with torch.device("meta"):
        made = {name: model for name, model in arms(cs3d, config).items() if name != "chance"}
        sizes = {name: weights(model) for name, model in made.items()}
    for name, size in sizes.items():
        if name not in cs3d.UNEQUAL:
            assert abs(size - sizes[FULL]) <= SAME_BUDGET * sizes[FULL], name


def test_the_paper_s_size() -> None:
    with torch.device("meta"):
        model = cs3d.build(Config())
        assert weights(model) == 12_886_758
        assert model(torch.zeros(1, 2, 16, 112, 112)).shape == (1, 6)
        blocks = [name for name, _ in model.network.named_modules() if name.endswith(".convolve")]
    assert len(blocks) == 8


def test_nobody_is_on_both_sides_and_classes_are_equally_frequent() -> None:
    data = material()
    assert set(data.train.subjects).isdisjoint(data.test.subjects)
    assert (np.bincount(data.test["label"]) == len(data.test) // len(CLASSES)).all()
    assert set(VARIANTS) < set(data.test.fields)
    assert np.array_equal(data.destroyed["voxels"], data.train["voxels"])
    assert np.array_equal(np.sort(data.destroyed["label"]), np.sort(data.train["label"]))


def test_chance_and_scores() -> None:
    model = Guess()
    assert model.fit(material().train, 3).parameters == 0
    scored = cs3d.score(model, material().test)
    assert set(scored) == {metric.name for metric in cs3d.METRICS}
    assert scored["accuracy"] < 0.45
    assert np.isnan(scored["firing_rate"])
    told = {name: cs3d.score(model, material().test) for name, model in arms(cs3d, TINY).items() if name in
            (FULL, BASELINE, "c3d")}  # fmt: skip
    assert told["c3d"]["macs_of_c3d"] == told["c3d"]["dense_energy_of_c3d"] == 1
    assert told[FULL]["macs_of_c3d"] < 0.75
    assert np.isnan(told[BASELINE]["event_energy_at_paper_size"])


def test_losses_by_hand() -> None:
    model = cs3d.build(TINY).eval()
    rows = {"voxels": torch.from_numpy(material().train["voxels"][:4]),
            "label": torch.from_numpy(material().train["label"][:4])}  # fmt: skip
    chosen = model(rows["voxels"]).log_softmax(-1)[torch.arange(4), rows["label"]]
    torch.testing.assert_close(model.losses(rows, "network")["entropy"], -chosen.mean())


def test_half_of_the_clips_are_mirrored() -> None:
    model, voxels = cs3d.build(TINY), torch.from_numpy(material().train["voxels"][:60])
    found = model.augment({"voxels": voxels}, torch.Generator().manual_seed(0))["voxels"]
    as_it_was = (found == voxels).flatten(1).all(1)
    mirrored = (found == voxels.flip(-1)).flatten(1).all(1)
    assert (as_it_was | mirrored).all()
    assert 15 < as_it_was.sum() < 45


def test_the_baseline_is_blind_to_order_and_the_method_is_not() -> None:
    torch.manual_seed(0)
    clips = material().test.subset(range(6))
    backwards = clips.with_fields(voxels=clips["voxels"][:, :, ::-1].copy())
    for make, blind in ((cs3d.baseline, True), (cs3d.build, False)):
        model = make(TINY)
        one, other = (predicted(model, part)["logits"] for part in (clips, backwards))
        assert np.allclose(one, other, atol=1e-5) == blind


def test_what_leaves_names_its_classes() -> None:
    export = cs3d.build(TINY).exported()
    assert export.manifest["labels"] == list(CLASSES)
    assert export.inputs["voxels"].shape == (2, 2, 8, 12, 12)


def test_an_answer_is_one_of_watch(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    t = np.sort(np.random.default_rng(0).integers(0, 10**6, 500))
    np.save(path, np.stack([t, t % 24, t % 23, t % 2], 1))
    assert cs3d.answer(cs3d.build(TINY), path, None)["events"] == 500
