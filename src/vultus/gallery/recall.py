"""How much of the exact answer a graph finds, and how wide it must look for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.gallery.doors import Recall

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from vultus.types import Candidate

RECALL, RECALL_AT = 0.99, 10
WIDTHS = (64, 128, 256, 512, 1024)  # templates looked at per probe, the first that reaches RECALL
N_PROBES = 200
_SAME = 1e-6  # two ways of adding up one similarity differ by less


def probes_like(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probes as they may come: near one of the templates, and halfway between two; float32, (N_PROBES, D)."""
    random = np.random.default_rng(0)
    one, other = (vectors[random.integers(0, len(vectors), N_PROBES)] for _ in range(2))
    between = one + np.where(np.arange(N_PROBES) % 2, 1.0, 0.3)[:, None] * other
    length = np.linalg.norm(between, axis=1, keepdims=True)
    return np.where(length > _SAME, between / np.maximum(length, _SAME), one).astype(np.float32)


def share_of(found: Sequence[Candidate], wanted: Sequence[Candidate]) -> float:
    """Part of the wanted that was found; of equal ones any will do."""
    return sum(one.similarity >= wanted[-1].similarity - _SAME for one in found) / len(wanted)


def widened(exact: Sequence[list[Candidate]], search: Callable[[int], list[list[Candidate]]]) -> tuple[int, Recall]:
    """Look wider and wider until enough of the exact answer is found.

    Args:
        exact: the `RECALL_AT` most similar people of each probe.
        search: the same by the graph, which looks at so many templates.

    Returns:
        How wide, and how much is found so.
    """
    share, width = 0.0, WIDTHS[0]
    for width in WIDTHS:
        share = float(np.mean([share_of(ours, wanted) for ours, wanted in zip(search(width), exact, strict=True)]))
        if share >= RECALL:
            break
    return width, Recall(share, RECALL_AT, len(exact), RECALL)
