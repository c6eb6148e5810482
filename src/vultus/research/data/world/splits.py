"""People for training, validation and test that are never the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.errors import ConfigError
from vultus.research.data.sample import Samples, disjoint
from vultus.research.data.world.people import People, draw

if TYPE_CHECKING:
    from collections.abc import Mapping

STRIDE = 10_000_000  # numbers of people that a seed has to give


def people(sizes: Mapping[str, int], seed: int = 0, accessories: float = 0.25) -> dict[str, People]:
    """Groups of people by name: numbers follow each other, so that no two groups share one.

    Args:
        sizes: how many people each group has, e.g. {"train": 800, "test": 200}.
        seed: another seed gives other numbers as well as other faces.
        accessories: share with glasses or a mask.

    Raises:
        ConfigError: more people than a seed has numbers for.
    """
    if sum(sizes.values()) > STRIDE:
        raise ConfigError(f"a seed has {STRIDE:,} people, not {sum(sizes.values()):,}")
    found, first = {}, seed * STRIDE
    for name, size in sizes.items():
        found[name] = draw(size, seed, first, accessories=accessories)
        first += size
    return found


def checked(**parts: Samples) -> dict[str, Samples]:
    """The same samples, once it is sure that nobody is in two of them.

    Raises:
        ConfigError: somebody is.
    """
    disjoint(*parts.values())
    return parts
