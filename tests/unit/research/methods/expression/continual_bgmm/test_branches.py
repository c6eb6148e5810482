"""Branches: networks that are trained once and frozen, and what becomes one vector."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vultus.research.data.sample import Samples
from vultus.research.methods.expression.continual_bgmm.branches import Fusion, Plan, Tower, branches_of, read, taught

PLAN = Plan("conv", 3, 12, 12)


def samples(shift: int = 0) -> Samples:
    """Bright and dark pictures of a first task, others of a second, and drills whose unit is the brightness."""
    rng = np.random.default_rng(0)
    task = np.repeat([0, 1, -1], 20)
    level = rng.integers(0, 2, 60)
    image = (60 + 120 * level[:, None, None, None] + rng.integers(0, 40, (60, 16, 16, 3))).astype(np.uint8)
    expression = np.where(task == 0, level, np.where(task == 1, 2, -1)) + 0 * shift
    actions = np.stack([level, 1 - level], axis=1).astype(np.float32) * (task < 0)[:, None]
    return Samples({"image": image, "expression": expression, "task": task, "actions": actions})


@pytest.mark.parametrize(("kind", "width"), [("conv", 64), ("resnet18", 512)])
def test_shapes(kind: str, width: int) -> None:
    tower = Tower(5, 32, kind).eval()
    pictures = torch.rand(2, 3, 32, 32)
    assert tower(pictures).shape == (2, 5)
    assert tower.features(pictures).shape == (2, width)


def test_a_tower_learns_and_is_frozen() -> None:
    train = samples().subset(np.arange(20))
    torch.manual_seed(0)
    tower = taught(Tower(2, 16), train["image"], train["expression"], 40, 0, 2e-3)
    said = read(tower, train["image"], features=False)
    assert (said.argmax(axis=1) == train["expression"]).mean() > 0.9
    assert not any(one.requires_grad for one in tower.parameters())
    assert not tower.training
    assert read(tower, train["image"], features=True).shape == (20, 64)


def test_scales_come_from_the_first_task_alone() -> None:
    rng = np.random.default_rng(0)
    deep, units = rng.normal(size=(50, 8)) * 3, rng.normal(size=(50, 4)) + 2
    fusion = Fusion.of(deep, units, 3)
    both = fusion.join(deep, units, "both")
    assert both.shape == (50, 7)
    assert both[:, :3].var(axis=0).mean() == pytest.approx(1)
    assert both[:, 3:].var(axis=0).mean() == pytest.approx(1)
    assert (fusion.join(deep, units, "deep") == both[:, :3]).all()
    assert (fusion.join(deep, units, "au") == both[:, 3:]).all()
    far = fusion.join(deep + 100, units, "au")
    assert (far == both[:, 3:]).all()


def test_arms_of_a_seed_share_their_branches() -> None:
    one = branches_of(samples(), PLAN, 1)
    assert branches_of(samples(), PLAN, 1) is one
    other = branches_of(samples(), PLAN, 2)
    assert other is not one
    assert other.units is one.units, "the estimator of action units was trained elsewhere, once"
    assert one.vectors("both").shape == (60, 5)
    assert one.vectors("both", samples()) == pytest.approx(one.vectors("both"))
    assert set(one.budget) == {"deep", "au"}


def test_the_deep_branch_never_sees_later_tasks() -> None:
    """Other pictures and classes in the second task change nothing in the network, nor in the scales."""
    plain = samples()
    image = plain["image"].copy()
    image[20:40] = 255 - image[20:40]
    changed = plain.with_fields(image=image, expression=np.where(plain["task"] == 1, 3, plain["expression"]))
    one, other = branches_of(plain, PLAN, 5), branches_of(changed, PLAN, 5)
    assert one is not other
    for a, b in zip(one.deep.parameters(), other.deep.parameters(), strict=True):
        assert torch.equal(a, b)
    assert (one.fusion.axes == other.fusion.axes).all()
    assert one.fusion.unit_scale == other.fusion.unit_scale
