from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import UnknownNameError
from vultus.research.data.world import domains

FLAT = np.full((3, 32, 32, 3), 128, np.uint8)


def test_a_domain_has_its_pattern_whoever_is_in_it() -> None:
    means = {}
    for name in domains.DOMAINS:
        many = domains.shift(np.repeat(FLAT, 8, 0), name, np.random.default_rng(0)).astype(float)
        means[name] = many.mean(0)
        other = domains.shift(np.repeat(FLAT, 8, 0), name, np.random.default_rng(1)).astype(float).mean(0)
        if domains.DOMAINS[name].pattern > 0.01:
            assert np.corrcoef((means[name] - means[name].mean()).ravel(), (other - other.mean()).ravel())[0, 1] > 0.5
    assert means["street"][..., 0].mean() > means["street"][..., 2].mean() + 10
    assert np.abs(means["studio"] - 128).max() < 2


def test_one_channel_and_what_lies_beside_it() -> None:
    grey = domains.shift(FLAT[..., 0], "webcam", np.random.default_rng(0))
    assert grey.shape == (3, 32, 32)
    depth = np.zeros((1, 100, 100), np.float32)
    depth[0, 50, 50] = 1
    assert domains.misaligned(depth, "street")[0].argmax() == 5250 + 200 - 202


def test_unknown_domains_are_told() -> None:
    with pytest.raises(UnknownNameError, match="unknown domain 'moon'"):
        domains.shift(FLAT, "moon", np.random.default_rng(0))
    with pytest.raises(UnknownNameError, match="unknown domain 'moon'"):
        domains.misaligned(FLAT[..., 0], "moon")
