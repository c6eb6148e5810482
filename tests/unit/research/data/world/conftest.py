"""Rendered once for all tests of the world."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vultus.research.data.world import actions, people, render, renderer, scene
from vultus.research.data.world.people import People
from vultus.research.data.world.scene import Scene

BALD, NOTHING = 0, 0


@pytest.fixture(scope="session")
def bare() -> People:
    """Eight people without hair, glasses and beards in the way."""
    some = people.draw(8, seed=5, accessories=0.0)
    marks = some.marks.copy()
    marks[:, 3:6] = 0
    columns = {name: getattr(some, name) for name in some.__dataclass_fields__}
    return People(**{**columns, "hair": np.full(8, BALD), "marks": marks})


@pytest.fixture(scope="session")
def still(bare: People) -> Scene:
    """Neutral faces that look into a camera without noise."""
    drawn = scene.draw(
        bare, np.zeros((8, len(actions.NAMES)), np.float32), np.random.default_rng(1), turn=0.0, noise=0.0
    )
    return drawn.but(balance=np.zeros_like(drawn.balance), eyelids=np.zeros_like(drawn.eyelids))


@pytest.fixture(scope="session")
def truth(still: Scene) -> dict[str, Any]:
    """Every mode of the still faces, 96 pixels high."""
    return render(still, 96, renderer.MODES)
