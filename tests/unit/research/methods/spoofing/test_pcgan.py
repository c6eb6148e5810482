"""The method itself; the contract's sweep trains it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vultus.errors import ConfigError
from vultus.research.blocks.cost import cost
from vultus.research.data.sample import tensors
from vultus.research.methods.spoofing import pcgan
from vultus.research.methods.spoofing.pcgan import Config, Gate, Making

SMALL = replace(Config.tiny(), making=replace(Config.tiny().making, train=6, development=3, target=4))


@pytest.fixture(scope="module")
def data():
    return pcgan.data(SMALL, 5, None)


def test_the_paper_scale_has_the_sizes_it_tells() -> None:
    with torch.device("meta"):
        model = pcgan.build(Config())
        content, pattern, skip = model.converter.encoder(torch.zeros(1, 3, 1024, 1024))
        made = model.converter.generator(content, pattern, skip, (torch.zeros(1, 48), torch.zeros(1, 1, 1024, 1024)))
    assert tuple(content.shape) == (1, 8, 128, 128)
    assert tuple(pattern.shape) == (1, 512)
    assert tuple(made.shape) == (1, 3, 1024, 1024)
    counts = {name: sum(one.numel() for one in part.parameters()) for name, part in model.named_children()}
    clip = 85_799_424  # CLIP ViT-B/16 without its projection
    assert counts["detector"] == clip + 2 * 769 + 6 * 769 + 769 + 768
    assert 5e6 < counts["converter"] < 5e7
    assert model.detector.patch is not None


@pytest.mark.parametrize("config", [Config(), Config.check()], ids=["paper", "check"])
def test_the_page_tells_what_it_costs(checkout: Path, config: Config) -> None:
    page = checkout / "docs/methods/pcgan.md"
    if not page.exists():
        pytest.skip("the page comes with the run")
    with torch.device("meta"):
        model = pcgan.build(config)
        counts = [sum(one.numel() for one in part.parameters()) for _, part in model.named_children()]
        macs = cost(model.detector, (3, config.making.side, config.making.side)).macs
    told = " | ".join(f"{number:,}" for number in (*counts, macs))
    assert f", {config.making.side} px | {told} |" in page.read_text("utf-8")


def test_arms_differ_in_what_they_are_called_after() -> None:
    arms = {"full": pcgan.build(SMALL), "baseline": pcgan.baseline(SMALL), **pcgan.ablations(SMALL)}
    assert [name for name, arm in arms.items() if hasattr(arm, "converter")] == [
        "full", "identity_conversion", "without_patch_head",
    ]  # fmt: skip
    assert arms["without_patch_head"].detector.patch is None
    assert arms["baseline"].detector.kind is None
    assert set(pcgan.UNEQUAL) == {"baseline", "detector_alone", "generic_augmentation", "chance"}
    steps = {name: arm.stages()[-1].steps for name, arm in arms.items()}
    assert set(steps.values()) == {SMALL.detect_steps}


def test_real_pictures_come_first_and_as_many_new_ones_behind_them(data) -> None:
    batch = tensors(data.train.take(np.arange(8)))
    for name, arm in {"full": pcgan.build(SMALL), **pcgan.ablations(SMALL)}.items():
        arm.begin("detect")
        with torch.no_grad():
            got = arm.gathered(batch)
        assert len(got["image"]) == (8 if name == "detector_alone" else 16)
        assert torch.equal(got["label"][:8].long(), batch["label"])
        assert got["image"].abs().max() <= 1
        assert not arm.converter.training if hasattr(arm, "converter") else True


def test_mirrors_turn_pictures_and_masks_together(data) -> None:
    batch = tensors(data.train.take(np.arange(12)))
    model = pcgan.build(SMALL)
    got = model.augment(batch, torch.Generator().manual_seed(1))
    turned = [row for row in range(12) if not torch.equal(got["image"][row], batch["image"][row])]
    assert 0 < len(turned) < 12
    for row in range(12):
        wanted = batch["mask"][row].flip(1) if row in turned else batch["mask"][row]
        assert torch.equal(got["mask"][row], wanted)


def test_every_loss_is_finite_and_named(data) -> None:
    torch.manual_seed(0)
    model, batch = pcgan.build(SMALL), tensors(data.train.take(np.arange(8)))
    assert set(model.losses(batch, "converter")) == {"rec", "gan", "patch", "cycle", "kind", "hidden", "waves"}
    assert {"image", "patch"} <= set(model.losses(batch, "critics"))
    assert set(model.losses(batch, "detector")) == {"live", "kind", "centre", "patch", "crops"}
    assert set(pcgan.baseline(SMALL).losses(batch, "detector")) == {"live"}


def test_what_is_exported_says_what_it_was_trained_on(data) -> None:
    model = pcgan.build(SMALL).eval()
    wanted = model.exported()
    assert "rendered" in wanted.manifest["trained_on"]
    image = torch.rand(2, 3, 32, 32) * 255
    with torch.inference_mode():
        both, patches = Gate(model.detector)(image)
        found = model.predict({"image": image.movedim(1, 3)})
    torch.testing.assert_close(both.sum(1), torch.ones(2))
    torch.testing.assert_close(both[:, 1], found["score"])
    torch.testing.assert_close(patches, found["patches"])
    assert cost(model.detector, (3, 32, 32)).macs > 1e6


def test_labels_are_shuffled_with_their_masks(data) -> None:
    attacked = data.destroyed["label"] == 1
    assert (data.destroyed["mask"][attacked].max((1, 2)) == 1).all()
    assert not data.destroyed["mask"][~attacked].any()
    assert np.array_equal(data.destroyed["image"], data.train["image"])
    assert not np.array_equal(data.destroyed["label"], data.train["label"])


def test_sizes_must_be_some() -> None:
    with pytest.raises(ConfigError, match="train, development, target and each are 1 at least"):
        Making(train=0)
