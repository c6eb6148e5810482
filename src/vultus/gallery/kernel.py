"""A coarse copy of templates, one byte per number, whose products tell in a quarter of the time who is out of question.

Reading the matrix is what a search costs, so fewer bytes are a faster search. Each number of a template, less the mean
of its column, becomes one of 255 levels; so does each number of a probe. The product of two such rows is exact in whole
numbers and differs from the similarity by a known amount at most (Cauchy-Schwarz on what rounding took away). Whoever
may be among the most similar is then compared in float32. Nobody is missed, and no similarity is rounded.

The products are computed by onnxruntime's `MatMulInteger`, which uses the byte instructions of the processor (AMX,
VNNI, those of Arm); see docs/decisions/0014 for what else was tried.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

GROUP = 64  # scores of which only the largest is looked at first
_LEAST_ROWS, _MOST_ROWS = 65_536, 524_288  # of a block: long ones are read faster, but all processors want one
_PART_ROWS = 4_096  # as much as a processor's own cache holds in float32
_SAMPLE_ROWS = 65_536
_LEVELS = 127
_MAPS = Path("/proc/self/maps")
_LARGE, _COLLAPSE = 2**24, 25  # MADV_COLLAPSE of Linux 6.1 and newer; others refuse it
_ROOM = threading.local()
_ROUNDING = 1e-5  # of a similarity: float32 beside exact numbers, generously


@dataclass(frozen=True, slots=True)
class Terms:
    """What scores of some probes mean: `score * step + base` is a similarity up to `slack`; float64, (Q,)."""

    step: NDArray[np.float64]
    base: NDArray[np.float64]
    slack: NDArray[np.float64]

    def scores(self, similarities: Sequence[float]) -> NDArray[np.float64]:
        """The lowest scores that may stand for a similarity, one per probe, or more."""
        found: NDArray[np.float64] = (np.array(similarities) - self.slack - self.base) / self.step
        return found

    def least(self, probe: int, score: float) -> float:
        """The lowest similarity that a score of a probe may stand for."""
        return float(score * self.step[probe] + self.base[probe] - self.slack[probe])


@dataclass(frozen=True, slots=True)
class Coarse:
    """Probes in whole numbers.

    Attributes:
        levels: uint8, (Q, D).
        terms: of the scores they get.
    """

    levels: NDArray[np.uint8]
    terms: Terms


class Integers:
    """The coarse copy of rows (n, D).

    Attributes:
        bounds: first row of each block, and the number of rows.
        block_rows: of each block but the last.
    """

    def __init__(self, rows: Floats, block_rows: int = 0) -> None:
        self._dimension = rows.shape[1]
        self.block_rows = block_rows or _block_rows(len(rows))
        self.bounds = [*range(0, len(rows), self.block_rows), len(rows)]
        sample = rows[:: max(1, len(rows) // _SAMPLE_ROWS)]
        self._middle = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
        reach = np.zeros(self._dimension, dtype=np.float32)
        for part in _parts(rows):
            np.maximum(reach, np.abs(part - self._middle).max(axis=0), out=reach)
        self._scale = np.maximum(reach / _LEVELS, np.finfo(np.float32).tiny * _LEVELS)
        # The longest row of levels, and the most that rounding took from a row.
        self._longest, self._lost = 0.0, 0.0
        self._sessions = [self._block(rows[a:b]) for a, b in zip(self.bounds, self.bounds[1:], strict=False)]
        _tidy_memory()

    def coarse(self, probes: Floats) -> Coarse:
        """Probes (Q, D), ready to be compared."""
        most = _most()
        wide = probes.astype(np.float64)
        weighted = wide * self._scale
        step = np.maximum(np.abs(weighted).max(axis=1) / most, np.finfo(np.float64).tiny * most)
        levels = np.rint(weighted / step[:, None])
        missed = np.linalg.norm(weighted - levels * step[:, None], axis=1)
        slack = missed * self._longest + np.linalg.norm(wide, axis=1) * self._lost + _ROUNDING
        terms = Terms(step, wide @ self._middle.astype(np.float64), slack)
        return Coarse((levels + most + 1).astype(np.uint8), terms)

    def scores(self, block: int, levels: NDArray[np.uint8], *, passing: bool = False) -> NDArray[np.int32]:
        """Products with the rows of a block, (Q, rows of it, filled up to whole groups).

        Args:
            block: its place in `bounds`.
            levels: see `Coarse`.
            passing: a single probe's may be overwritten by the next ones of this thread, which saves making room.
        """
        n_rows = -(-(self.bounds[block + 1] - self.bounds[block]) // GROUP) * GROUP
        # Numpy's memory comes in large pages, that of onnxruntime page by page, which took a quarter of the time.
        room = _room(n_rows) if passing and len(levels) == 1 else np.empty(len(levels) * n_rows, dtype=np.int32)
        found: NDArray[np.int32] = room.reshape(len(levels), n_rows)
        _run_into(found, self._sessions[block], {"probes": levels})
        return found

    def _block(self, rows: Floats) -> Any:
        columns = np.zeros((self._dimension, -(-len(rows) // GROUP) * GROUP), dtype=np.int8)
        at = 0
        for part in _parts(rows):
            centred = part - self._middle
            levels = np.rint(centred / self._scale)
            columns[:, at : at + len(part)] = levels.T
            at += len(part)
            self._longest = max(self._longest, _longest(levels))
            self._lost = max(self._lost, _longest(centred - levels * self._scale))
        return _session(columns)


def product(probe: Floats, rows: Floats) -> Floats:
    """Similarities of one probe (1, D) to rows (n, D), as (1, n), good until the next ones of this thread.

    The thread that calls computes them. Numpy would leave it to threads of its BLAS, which then keep a processor busy
    for some 30 ms with waiting for more.
    """
    found = _room(len(rows)).view(np.float32).reshape(-1, 1)
    _run_into(found, _one_by_many(), {"rows": rows, "probe": probe.reshape(-1, 1)})
    return found.T


def blocks_of(n_rows: int, most: int) -> list[slice]:
    """Blocks of whole groups but for the last, of equal length, as many for each processor."""
    step = _block_rows(n_rows, most)
    return [slice(at, min(at + step, n_rows)) for at in range(0, n_rows, step)]


def groups_of(scores: NDArray[Any]) -> NDArray[Any]:
    """The largest score of each group; (Q, n) to (Q, n / GROUP). Group g holds the rows g, g + n / GROUP, ..."""
    n_probes, n_rows = scores.shape
    largest: NDArray[Any] = scores.reshape(n_probes, GROUP, n_rows // GROUP).max(axis=1)
    return largest


def at_least(scores: NDArray[Any], largest: NDArray[Any], bound: float) -> NDArray[np.int64]:
    """Rows whose score (n,) reaches a bound; `largest` are their groups'."""
    groups = np.flatnonzero(largest >= bound)
    lines, columns = np.nonzero(scores.reshape(GROUP, -1)[:, groups] >= bound)
    return lines * len(largest) + groups[columns]


def _parts(rows: Floats) -> list[Floats]:
    return [rows[at : at + _PART_ROWS] for at in range(0, len(rows), _PART_ROWS)]


def _longest(rows: Floats) -> float:
    return float(np.sqrt(np.einsum("nd,nd->n", rows, rows).max(initial=0.0)))


def processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _block_rows(n_rows: int, most: int = _MOST_ROWS) -> int:
    """Whole groups, equal blocks, as many for each processor."""
    n_blocks = max(1, -(-n_rows // most))
    n_blocks = max(1, min(-(-n_blocks // processors()) * processors(), n_rows // _LEAST_ROWS))
    return max(GROUP, -(-n_rows // n_blocks // GROUP) * GROUP)


def _tidy_memory() -> None:
    """Give memory that was freed back to the system, and have large blocks kept in large pages; where it is Linux.

    Building leaves as much freed memory behind as the copy takes. Reading the copy takes a fifth less time in pages of
    2 MB, which numpy asks for when it makes an array, and onnxruntime does not.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library or system
        library = ctypes.CDLL(None)
        library.malloc_trim(0)
        for line in _MAPS.read_text("ascii").splitlines():
            place, rights, *rest = line.split()
            first, last = (int(end, 16) for end in place.split("-"))
            if rights == "rw-p" and len(rest) == 3 and last - first >= _LARGE:  # memory of no file and no stack
                library.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), _COLLAPSE)
        # Large pages have filled the gaps again.
        library.malloc_trim(0)


@cache
def _one_by_many() -> Any:
    from vultus.inference.session import open_graph
    from vultus.weights.onnx_graph import Graph

    graph = Graph("product")
    rows, probe = graph.input("rows", np.float32, ("n", "D")), graph.input("probe", np.float32, ("D", 1))
    found = graph.node("MatMul", rows, probe, name="scores")
    graph.output(found, np.float32, ("n", 1), found)
    return open_graph(graph.save(), {})


@cache
def _most() -> int:
    """The highest level of a probe: 127, or 63 where the processor adds up pairs of products in 16 bits."""
    columns = np.full((GROUP, GROUP), -128, dtype=np.int8)
    probes = np.full((1, GROUP), 255, dtype=np.uint8)
    found = _session(columns, 128).run(None, {"probes": probes})[0]
    return _LEVELS if np.all(found == GROUP * -128 * 127) else _LEVELS // 2


def _room(size: int) -> NDArray[np.int32]:
    """Memory of this thread, which is used again the next time."""
    room: NDArray[np.int32] | None = getattr(_ROOM, "room", None)
    if room is None or len(room) < size:
        # Some to spare: blocks differ by a few rows, and what is never written to takes no memory.
        room = _ROOM.room = np.empty(1 << (size - 1).bit_length(), dtype=np.int32)
    return room[:size]


def _run_into(found: NDArray[Any], session: Any, inputs: dict[str, NDArray[Any]]) -> None:
    """Have a session write its answer into an array."""
    binding = session.io_binding()
    for name, value in inputs.items():
        binding.bind_cpu_input(name, value)
    binding.bind_output("scores", "cpu", 0, found.dtype.type, found.shape, found.ctypes.data)
    session.run_with_iobinding(binding)


def _session(columns: NDArray[np.int8], middle: int | None = None) -> Any:
    """Products of probes, about `middle`, with columns (D, n)."""
    from vultus.inference.session import open_graph
    from vultus.weights.onnx_graph import Graph

    graph = Graph("scan")
    probes = graph.input("probes", np.uint8, ("Q", len(columns)))
    known = graph.outside("columns", np.int8, columns.shape)
    zero = graph.constant(np.array(_most() + 1 if middle is None else middle, dtype=np.uint8))
    found = graph.node("MatMulInteger", probes, known, zero, name="scores")
    graph.output(found, np.int32, ("Q", columns.shape[1]), found)
    return open_graph(graph.save(), {"columns": columns})
