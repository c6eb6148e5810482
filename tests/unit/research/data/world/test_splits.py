from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import ConfigError
from vultus.research.data import world
from vultus.research.data.world import splits


def test_groups_share_nobody_and_neither_do_seeds() -> None:
    one, two = (splits.people({"train": 30, "test": 10}, seed) for seed in (0, 1))
    every = np.concatenate([group.ids for split in (one, two) for group in split.values()])
    assert len(np.unique(every)) == 80
    faces = {name: world.faces(20, 1, 16, people=group) for name, group in one.items()}
    assert splits.checked(**faces).keys() == {"train", "test"}
    assert not {row.tobytes() for row in one["train"].identity} & {row.tobytes() for row in one["test"].identity}


def test_a_leak_is_told() -> None:
    group = splits.people({"train": 5})["train"]
    train, test = (world.faces(5, seed, 16, people=group) for seed in (1, 2))
    with pytest.raises(ConfigError, match="share 5 subjects"):
        splits.checked(train=train, test=test)
    with pytest.raises(ConfigError, match="a seed has 10,000,000 people"):
        splits.people({"train": splits.STRIDE + 1})
