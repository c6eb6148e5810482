"""Bench rows about searching: the exact door beside the machine's memory, faiss and a loop over rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import MissingExtraError
from vultus.evaluation.row import Bench, Row
from vultus.evaluation.timing import interleaved
from vultus.gallery.search import ExactDoor
from vultus.gallery.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

DIMENSION, TOP = 128, 10


def beside_faiss(bench: Bench) -> Iterator[Row]:
    """The exact door against faiss' `IndexFlatIP`, one probe and 64 at a time, with the same threads."""
    templates = made_up(bench.count(1_000_000, 20_000))
    door, peer = ExactDoor(templates), faiss_flat(templates.vectors, bench.threads)
    for n_probes in (1, 64):
        probes = made_up(n_probes, seed=1).vectors
        ours_s, peer_s = interleaved(
            lambda probes=probes: door.search(probes, TOP),  # type: ignore[misc]
            lambda probes=probes: peer(probes),  # type: ignore[misc]
            bench.count(15, 3),
        )
        yield Row(
            what=f"exact search of {door.n_people:,} people, {n_probes} at a time",
            ours=n_probes / ours_s, peer=n_probes / peer_s, peer_name="faiss IndexFlatIP", ratio=peer_s / ours_s,
            unit="probes/s", n=bench.count(15, 3) * n_probes, goal=">= 1 x", met=peer_s >= ours_s,
        )  # fmt: skip


def made_up(n_people: int, seed: int = 0) -> Templates:
    """People of one template each, evenly spread over the sphere."""
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((n_people, DIMENSION), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    numbers = np.arange(n_people, dtype=np.int64)
    return Templates(1, tuple(f"person {number}" for number in numbers), numbers, numbers, vectors)


def faiss_flat(rows: Floats, threads: int) -> Callable[[Floats], object]:
    """Faiss' exact search for the `TOP` most similar rows.

    Raises:
        MissingExtraError: faiss is not installed.
    """
    try:
        import faiss
    except ImportError:
        raise MissingExtraError("faiss-cpu", "bench") from None
    faiss.omp_set_num_threads(threads)
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    return lambda probes: index.search(probes, TOP)
