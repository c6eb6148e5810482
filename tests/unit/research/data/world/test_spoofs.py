from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vultus.errors import ConfigError, UnknownNameError
from vultus.research.data import world
from vultus.research.data.world import spoofs

IMAGES = world.faces(4, seed=12, size=64)["image"]


@pytest.mark.parametrize("kind", spoofs.KINDS)
def test_an_attack_changes_what_its_mask_says_by_its_strength(kind: str) -> None:
    weak, mask = spoofs.attack(IMAGES, kind, np.random.default_rng(1), 0.3)
    strong, _ = spoofs.attack(IMAGES, kind, np.random.default_rng(1), 1.0)
    assert mask.shape == IMAGES.shape[:3]
    assert mask.all() == (kind in ("print", "replay"))
    apart = [np.abs(one.astype(int) - IMAGES).mean() for one in (weak, strong)]
    assert 0 < apart[0] < apart[1]
    if not mask.all():
        inside, outside = (np.abs(strong.astype(int) - IMAGES).mean(-1)[where].mean() for where in (mask, ~mask))
        assert inside > 5 * outside


def test_a_region_can_be_given() -> None:
    where = np.zeros(IMAGES.shape[:3], bool)
    where[:, 20:40, 20:40] = True
    false, mask = spoofs.attack(IMAGES, "print", np.random.default_rng(0), 1.0, where)
    assert np.array_equal(mask, where)
    assert np.array_equal(false[:, :10], IMAGES[:, :10])


def test_levels_are_as_separable_as_they_say(checkout: Path) -> None:
    """Read off the measured curve of each kind."""
    rows = json.loads((checkout / "results/world_calibration.json").read_text())["attacks"]["rows"]
    for kind in spoofs.KINDS:
        measured = sorted({(row["strength"], row["auc"]) for row in rows if row["kind"] == kind})
        found = np.interp(spoofs.LEVELS[kind], *np.array(measured).T)
        assert found == pytest.approx([0.65, 0.75, 0.9], abs=0.06), kind


def test_bad_input() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(UnknownNameError, match="unknown attack 'puppet'"):
        spoofs.attack(IMAGES, "puppet", rng)
    with pytest.raises(ConfigError, match="the strength of an attack is 0 to 1"):
        spoofs.attack(IMAGES, "print", rng, 2.0)
    with pytest.raises(ConfigError, match="attacks take uint8 pictures"):
        spoofs.attack(IMAGES[..., 0], "print", rng)
