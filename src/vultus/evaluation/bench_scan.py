"""Bench rows about searching: the exact door beside the machine's memory, faiss and a loop over rows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, pairwise
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import MissingExtraError
from vultus.evaluation.row import Bench, Row
from vultus.evaluation.timing import interleaved, seconds
from vultus.gallery.record import Names
from vultus.gallery.search import ExactDoor
from vultus.gallery.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

DIMENSION, TOP = 128, 10
FULL, SMALL = 1_000_000, 20_000
_OF_LIMIT, _OF_FLOAT, _OF_FAISS, _OF_LOOP, _SAME = 0.8, 2.5, 1.0, 100.0, 0.999
_DIRECTIONS, _BACKGROUND = 32, 0.7


def scan(bench: Bench) -> Iterator[Row]:
    """The exact door, both ways of looking, beside what memory allows, faiss and a loop over rows."""
    templates = made_up(bench.count(FULL, SMALL))
    probes = made_up(1024, seed=1).vectors
    doors = {kernel: ExactDoor(templates, kernel=kernel) for kernel in ("float32", "int8")}
    for door in doors.values():
        door.search(probes[:1], TOP)
    yield _beside_memory(bench, templates.vectors, doors["float32"], probes)
    yield from _bytes_beside_floats(bench, doors, probes)
    yield from _beside_faiss(bench, templates.vectors, doors, probes)
    yield _beside_a_loop(bench, templates.vectors, doors["float32"], probes)


def same_people(bench: Bench) -> Iterator[Row]:
    """Whether bytes and floats find the same, among people spread evenly and among people like real ones."""
    n_probes = bench.count(1_000, 20)
    for name, templates in (
        ("spread evenly", made_up(bench.count(FULL, SMALL))),
        (f"of {_DIRECTIONS} directions about a common one", alike(bench.count(FULL, SMALL))),
    ):
        random = np.random.default_rng(2)
        near = templates.vectors[random.integers(0, len(templates.vectors), n_probes)]
        probes = unit(near + 0.05 * random.standard_normal(near.shape, dtype=np.float32))
        answers = [ExactDoor(templates, kernel=kernel).search(probes, TOP) for kernel in ("float32", "int8")]
        same = float(np.mean([one == other for one, other in zip(*answers, strict=True)]))
        yield Row(
            what=f"searches with the same {TOP} people and similarities in bytes as in floats, people {name}",
            ours=same, unit="share", n=n_probes, goal=f">= {_SAME:g}", met=same >= _SAME,
            reason="same people, same order, similarities equal to the last bit",
        )  # fmt: skip


def _beside_memory(bench: Bench, rows: Floats, door: ExactDoor, probes: Floats) -> Row:
    each, turns = cycle(probes[:, None]), bench.count(25, 3)
    with ThreadPoolExecutor(bench.threads) as pool:
        taken = _in_turns({"ours": lambda: door.search(next(each), TOP), **passes(rows, bench.threads, pool)}, turns)
    speed = {way: rows.nbytes / one / 1e9 for way, one in taken.items()}
    ours = speed.pop("ours")
    limit = max(speed.values())
    return Row(
        what=f"exact search of {door.n_people:,} people in float32, one at a time: bytes of the matrix",
        ours=ours, peer=limit, peer_name="fastest numpy sum, maximum or copy of the same matrix, on as many threads",
        ratio=ours / limit, unit="GB/s", n=turns, goal=f">= {_OF_LIMIT:g} x", met=ours / limit >= _OF_LIMIT,
        reason=f"{taken['ours'] * 1e3:.1f} ms per probe, all of them medians of the same {turns} turns; "
        + ", ".join(f"{way} {one:.1f}" for way, one in speed.items())
        + f" GB/s of the matrix; the copy also writes, {2 * speed['copy']:.1f} GB/s in all",
    )  # fmt: skip


def _bytes_beside_floats(bench: Bench, doors: dict[str, ExactDoor], probes: Floats) -> Iterator[Row]:
    each = cycle(probes[:, None])
    ours_s, peer_s = interleaved(
        lambda: doors["int8"].search(next(each), TOP), lambda: doors["float32"].search(next(each), TOP),
        bench.count(25, 3),
    )  # fmt: skip
    yield Row(
        what=f"exact search of {doors['int8'].n_people:,} people in bytes, one at a time",
        ours=1 / ours_s, peer=1 / peer_s, peer_name="the same in float32", ratio=peer_s / ours_s, unit="probes/s",
        n=bench.count(25, 3), goal=f">= {_OF_FLOAT:g} x", met=peer_s / ours_s >= _OF_FLOAT,
    )  # fmt: skip


def _beside_faiss(bench: Bench, rows: Floats, doors: dict[str, ExactDoor], probes: Floats) -> Iterator[Row]:
    peer = faiss_flat(rows, bench.threads)
    repeats = bench.count(9, 3)
    for n_probes in (1, 64):
        each = cycle(probes.reshape(-1, n_probes, DIMENSION))
        for kernel, door in doors.items():
            ours_s, peer_s = interleaved(
                lambda door=door, each=each: door.search(next(each), TOP),  # type: ignore[misc]
                lambda each=each: peer(next(each)),  # type: ignore[misc]
                repeats,
            )
            yield Row(
                what=f"exact search of {door.n_people:,} people in {kernel}, {n_probes} at a time",
                ours=n_probes / ours_s, peer=n_probes / peer_s, peer_name="faiss IndexFlatIP", ratio=peer_s / ours_s,
                unit="probes/s", n=repeats * n_probes, goal=f">= {_OF_FAISS:g} x", met=peer_s / ours_s >= _OF_FAISS,
            )  # fmt: skip


def _beside_a_loop(bench: Bench, rows: Floats, door: ExactDoor, probes: Floats) -> Row:
    def loop() -> None:
        distances = [
            1 - np.dot(probes[0], row) / (np.sqrt(np.dot(probes[0], probes[0])) * np.sqrt(np.dot(row, row)))
            for row in rows
        ]
        np.argsort(distances)[:TOP]

    ours_s = float(np.median([seconds(lambda: door.search(probes[:1], TOP)) for _ in range(bench.count(9, 3))]))
    peer_s = seconds(loop)
    return Row(
        what=f"exact search of {door.n_people:,} people in float32, one at a time, beside a loop",
        ours=1 / ours_s, peer=1 / peer_s, peer_name="a distance row by row, as DeepFace.find does, written anew",
        ratio=peer_s / ours_s, unit="probes/s", n=1, goal=f">= {_OF_LOOP:g} x", met=peer_s / ours_s >= _OF_LOOP,
        reason="the loop's rows are arrays already, which spares it the data frame",
    )  # fmt: skip


def passes(rows: Floats, threads: int, pool: Executor) -> dict[str, Callable[[], object]]:
    """Numpy's ways over a whole matrix, each by several threads at once: what memory allows."""
    target = np.empty_like(rows)
    parts = [slice(first, last) for first, last in pairwise(np.linspace(0, len(rows), threads + 1).astype(int))]
    ways: dict[str, Callable[[slice], object]] = {
        "sum": lambda part: rows[part].sum(),
        "maximum": lambda part: rows[part].max(),
        "copy": lambda part: np.copyto(target[part], rows[part]),
    }
    return {name: lambda way=way: list(pool.map(way, parts)) for name, way in ways.items()}  # type: ignore[misc]


def _in_turns(ways: dict[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """Median seconds of each way; they take turns, so that a slow spell of the machine hits all of them."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(turns + 1):
        for name, way in ways.items():
            one = seconds(way)
            if turn:  # the first is not counted
                taken[name].append(one)
    return {name: float(np.median(one)) for name, one in taken.items()}


def made_up(n_people: int, seed: int = 0) -> Templates:
    """People of one template each, evenly spread over the sphere."""
    random = np.random.default_rng(seed)
    return _people(unit(random.standard_normal((n_people, DIMENSION), dtype=np.float32)))


def alike(n_people: int, seed: int = 0) -> Templates:
    """People of one template each, about a common direction and in few others, as real templates lie."""
    random = np.random.default_rng(seed)
    basis = np.linalg.qr(random.normal(size=(DIMENSION, _DIRECTIONS + 1)))[0].T.astype(np.float32)
    where = random.standard_normal((n_people, _DIRECTIONS), dtype=np.float32)
    where *= np.float32(np.sqrt((1 - _BACKGROUND) / _DIRECTIONS))
    return _people(unit(np.float32(np.sqrt(_BACKGROUND)) * basis[0] + where @ basis[1:]))


def unit(rows: Floats) -> Floats:
    """Rows of length 1."""
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def _people(vectors: Floats) -> Templates:
    numbers = np.arange(len(vectors), dtype=np.int64)
    return Templates(1, Names(f"person {number}" for number in numbers), numbers, numbers, vectors, numbers)


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
