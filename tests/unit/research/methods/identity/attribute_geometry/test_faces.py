"""Drawn faces, and networks that are trained on them."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from vultus.research.methods.identity.attribute_geometry import Config
from vultus.research.methods.identity.attribute_geometry.faces import DRAWN, _looks, draw, networks


def test_every_trait_and_attribute_is_visible() -> None:
    plain = draw(np.full((1, 12), 0.5, np.float32), np.zeros((1, 5)), 24, np.random.default_rng(0))
    assert plain.shape == (1, 24, 24)
    for number in range(12):
        traits = np.full((1, 12), 0.5, np.float32)
        traits[0, number] = 1.0
        assert np.abs(draw(traits, np.zeros((1, 5)), 24, np.random.default_rng(0)) - plain).max() > 0.02, number
    for number, name in enumerate(DRAWN):
        look = np.eye(5)[[number]]
        assert np.abs(draw(np.full((1, 12), 0.5, np.float32), look, 24, np.random.default_rng(0)) - plain).max() > 0.03
        assert name
    light = draw(np.full((1, 12), 0.5, np.float32), np.eye(5)[[0]], 24, np.random.default_rng(0))
    assert (light - plain).mean() == pytest.approx(0.1, abs=1e-6)
    contrast = draw(np.full((1, 12), 0.5, np.float32), np.eye(5)[[1]], 24, np.random.default_rng(0))
    assert contrast.mean() == pytest.approx(plain.mean(), abs=1e-6)
    assert contrast.std() > 1.2 * plain.std()


def test_networks_of_one_start_augmented_ever_further() -> None:
    config = Config.tiny()
    found, auc = networks(config, np.random.default_rng(0), 0)
    reaches = [0.325, 0.45, 0.575, 0.7, 0.95, 1.2]
    assert list(found) == [("", 0.2), *((name, reach) for name in ("brightness", "contrast") for reach in reaches)]
    assert all(len(people) == config.held_out for people in found.values())
    one = found["", 0.2][0]
    assert one.vectors.shape == (config.pictures * 11, 64)
    assert np.linalg.norm(one.vectors, axis=1) == pytest.approx(1.0, abs=1e-4)
    assert np.abs(one.vectors - found["brightness", 1.2][0].vectors).max() > 1e-3
    assert 0 <= auc <= 1


def test_pictures_reach_as_far_as_they_are_augmented() -> None:
    for reach in (0.3, 1.2):
        look = np.abs(_looks(2000, np.random.default_rng(0), "contrast", reach)).max(axis=0)
        assert look == pytest.approx([0.2, reach, 1, 1, 1], rel=0.01)
    assert np.abs(_looks(2000, np.random.default_rng(0))).max(axis=0) == pytest.approx([0.2, 0.2, 1, 1, 1], rel=0.01)
