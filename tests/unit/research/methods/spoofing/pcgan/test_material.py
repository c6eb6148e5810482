from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import ConfigError
from vultus.research.data.sample import disjoint
from vultus.research.methods.spoofing.pcgan.material import (
    CAMERAS,
    DEVELOPMENT,
    KINDS,
    KNOWN,
    PROBE,
    TARGET,
    Making,
    cameras,
    made,
)

SMALL = Making(side=32, train=6, development=3, target=5, each=2)


def test_every_camera_is_left_out_once_in_four_seeds() -> None:
    assert {cameras(SMALL, seed).target for seed in range(4)} == set(CAMERAS)
    plan = cameras(Making(held_out="street"), 9)
    assert plan.target == "street"
    assert set(plan.known.values()) == set(KNOWN)
    with pytest.raises(ConfigError, match="held_out is one of studio, phone, webcam, street or empty, not 'moon'"):
        cameras(Making(held_out="moon"), 0)


def test_nothing_tells_the_label_but_the_traces() -> None:
    train, test = made(SMALL, 6)
    disjoint(train, test)
    target = CAMERAS.index(cameras(SMALL, 6).target)
    assert target not in train["camera"]
    for camera in np.unique(train["camera"]):
        rows = train["camera"] == camera
        assert train["label"][rows].mean() == 0.5
        assert len(np.unique(train["kind"][rows & (train["label"] == 1)])) == 1
    for part in (train, test):
        attacked = part["label"] == 1
        assert not part["mask"][~attacked].any()
        assert (part["mask"][attacked].max((1, 2)) == 1).all()
        assert np.array_equal(part["kind"] > 0, attacked)
    assert (test["camera"][test["role"] != DEVELOPMENT] == target).all()
    assert (test["camera"][test["role"] == DEVELOPMENT] != target).all()


def test_the_target_shows_every_kind_and_probes_are_whole() -> None:
    _, test = made(SMALL, 2)
    shown = test["kind"][(test["role"] == TARGET) & (test["label"] == 1)]
    assert sorted(np.unique(shown)) == list(range(1, len(KINDS)))
    probes = test["role"] == PROBE
    assert probes.sum() == 3 * SMALL.target * SMALL.each
    assert (test["mask"][probes] == 1).all()


def test_the_same_seed_gives_the_same_pictures() -> None:
    one, other = made(SMALL, 3)[0], made(SMALL, 3)[0]
    assert all(np.array_equal(one[key], other[key]) for key in one.fields)
