"""One probe against a growing encrypted gallery: time and memory, and whether the best is the plain best."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.evaluation.bench_load import resident_mib
from vultus.evaluation.encrypted.costs import median, population
from vultus.evaluation.encrypted.ours import DEFAULT, Ours
from vultus.evaluation.row import Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from numpy.typing import NDArray

    from vultus.evaluation.encrypted.study import Study

    Floats = NDArray[np.float64]

SIZES, _QUICK_SIZES = (1_000, 3_000, 10_000, 30_000, 100_000), (100, 250)
_GOAL_S = 10.0
_REPEATS, _BUDGET_S = 5, 15.0


def scaling(study: Study) -> Iterator[Row]:
    """Enrol more and more synthetic people and search them; every score is checked against the plain one."""
    sizes = _QUICK_SIZES if study.bench.quick else SIZES
    dimension, threads = study.dimensions[0], study.bench.threads
    vectors, _ = population(sizes[-1], 1, dimension)
    system = Ours(study.main_bits, dimension, DEFAULT)
    numbers = system.layout(dimension).quantise(vectors)
    asked = numbers.values[sizes[0] // 2]
    exact = numbers.values.astype(np.int64) @ asked.astype(np.int64)
    before = resident_mib()
    table: list[dict[str, Any]] = []
    with Gallery(system, dimension, threads) as gallery:
        for size in sizes:
            study.bench.tell(f"an encrypted gallery of {size:,} people")
            start = time.perf_counter()
            gallery.add(numbers.values[gallery.size : size])
            added_s = time.perf_counter() - start
            table.append({"people": size, "added_s": added_s, **gallery.search(asked, exact[:size]),
                          "bytes": gallery.bytes, "memory_mib": memory_mib() - before})  # fmt: skip
    study.bench.details["scaling"] = {
        "bits": study.main_bits, "dimension": dimension, "threads": threads, "rows": table,
    }  # fmt: skip
    for line in table:
        yield _row(line, study)


class Gallery:
    """Blocks of a growing gallery in the processes of a scorer, each growth in blocks of its own.

    Args:
        system: its key.
        dimension: of the templates.
        threads: processes that score, and threads that decrypt.
    """

    def __init__(self, system: Ours, dimension: int, threads: int) -> None:
        from vultus.gallery.encrypted.pool import ScorerPool

        self._system, self._layout, self._threads = system, system.layout(dimension), threads
        self._scorer = ScorerPool(system.private.public, self._layout, workers=threads)
        self._filled: list[NDArray[np.int64]] = []
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._scorer.close()

    @property
    def bytes(self) -> int:
        """Of all ciphertexts."""
        return len(self._scorer) * self._layout.dimension * self._system.private.public.cipher_bytes

    def add(self, values: NDArray[np.int32]) -> None:
        """Enrol whole numbers (N, D)."""
        from vultus.gallery.encrypted.block import encrypt_templates

        first = len(self._scorer) * self._layout.slots
        # A block at a time: two copies of a whole gallery would count as its memory.
        for start in range(0, len(values), self._layout.slots):
            part = values[start : start + self._layout.slots]
            (block,) = encrypt_templates(self._system.private.public, self._layout, part, self._system.hider)
            self._scorer.put(len(self._scorer), block)
        self._filled.append(first + np.arange(len(values)))
        self.size += len(values)

    def search(self, asked: NDArray[np.int32], exact: NDArray[np.int64]) -> dict[str, Any]:
        """Median seconds of scoring, of the same with new nonces, and of decryption; and whether all is right."""
        from vultus.gallery.encrypted.block import read_scores

        kept: list[list[int]] = []
        score_s, _ = median(lambda: kept.append(self._scorer.score(asked)), _REPEATS, _BUDGET_S)
        self._scorer.score(asked, fresh=True)  # makes the tables of nonces
        answer_s, repeats = median(lambda: kept.append(self._scorer.score(asked, fresh=True)), _REPEATS, _BUDGET_S)
        read: list[NDArray[np.int64]] = []
        decrypt_s, _ = median(
            lambda: read.append(read_scores(self._system.private, self._layout, kept[-1], threads=self._threads)),
            _REPEATS,
            _BUDGET_S,
        )
        found = read[-1][np.concatenate(self._filled)]
        return {
            "score_s": score_s,
            "answer_s": answer_s,
            "decrypt_s": decrypt_s,
            "repeats": repeats,
            "exact": bool((found == exact).all()),
            "top1": bool(found.argmax() == exact.argmax()),
        }


def memory_mib() -> float:
    """Resident memory of this process and of its workers, where the system tells it."""
    files = [Path(f"/proc/{child.pid}/statm") for child in multiprocessing.active_children()]
    pages = sum(int(file.read_text("ascii").split()[1]) for file in files if file.exists())
    return resident_mib() + (pages * os.sysconf("SC_PAGE_SIZE") / 2**20 if pages else 0.0)


def _row(line: dict[str, Any], study: Study) -> Row:
    seconds = line["answer_s"] + line["decrypt_s"]
    last = line["people"] == SIZES[-1]
    return Row(
        what=f"search among {line['people']:,} encrypted people, scored, re-randomised and decrypted",
        ours=seconds,
        unit="s",
        n=line["repeats"],
        goal=f"in seconds: at most {_GOAL_S:g}" if last else "",
        met=seconds <= _GOAL_S and line["exact"] if last else None,
        reason=f"{study.main_bits} bits, {study.bench.threads} processes: scoring {line['score_s']:.3f} s, with new "
        f"nonces {line['answer_s']:.3f} s, decryption {line['decrypt_s']:.3f} s; {line['bytes'] / 1e6:.1f} MB of "
        f"ciphertext, {line['memory_mib']:.0f} MiB more memory in all processes; all scores exact: {line['exact']}",
    )
