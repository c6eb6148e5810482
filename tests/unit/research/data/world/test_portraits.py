from __future__ import annotations

import numpy as np
import pytest

from vultus.research.data import world
from vultus.research.data.world import actions, people, portraits


def test_faces_are_samples_with_everything_known() -> None:
    found = world.faces(14, seed=3, size=32, modes=("rgb", "depth"))
    assert found["image"].shape == (14, 32, 32, 3)
    assert found["depth"].shape == (14, 32, 32)
    assert sorted(np.bincount(found["expression"], minlength=7)) == [2] * 7
    assert {"actions", "identity", "pose_deg", "skin_tone", "age"} <= {*found.fields}
    assert found.subjects is not None
    assert len(np.unique(found.subjects)) == 14
    assert found["image"].std((1, 2, 3)).min() > 8, "a blank picture"


def test_a_seed_is_a_set() -> None:
    one, again, other = (world.faces(6, seed=seed, size=24) for seed in (1, 1, 2))
    assert np.array_equal(one["image"], again["image"])
    assert not np.array_equal(one["image"], other["image"])


def test_people_come_again_and_expressions_can_be_chosen() -> None:
    some = people.draw(3, seed=1)
    found = world.faces(6, seed=1, size=24, people=some, expressions=("happy", "sad"))
    assert found.subjects is not None
    assert found.subjects.tolist() == [0, 1, 2, 0, 1, 2]
    smiles = found["actions"][found["expression"] == 0, actions.number("AU12")]
    assert smiles.min() > 0.3


def test_expressions_change_the_picture_more_than_noise() -> None:
    some = people.draw(1, seed=2, accessories=0.0).take(np.zeros(7, np.int64))
    posed, labels = portraits.posed(some, 5, turn=0.0, noise=0.0)
    posed = posed.but(light=posed.light[:1].repeat(7, 0), background=posed.background[:1].repeat(7, 0),
                      camera=posed.camera[:1].repeat(7, 0))  # fmt: skip
    images = world.render(posed, 64)["rgb"].astype(float)
    neutral = images[labels == actions.EXPRESSIONS.index("neutral")][0]
    for word in ("happy", "surprise", "angry", "disgust"):
        shown = images[labels == actions.EXPRESSIONS.index(word)][0]
        assert np.abs(shown - neutral).max() > 40
    assert sorted(labels) == list(range(7))
    assert posed.pose_deg == pytest.approx(0)
