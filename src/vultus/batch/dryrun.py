"""Bench rows about long runs: what a journal costs, and that memory stays flat.

Nothing is recognised here: the files are no pictures, and a hash of their bytes stands in for the embedding.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import ConfigError
from vultus.evaluation.bench_load import resident_mib
from vultus.evaluation.row import Bench, Measurement, Row
from vultus.types import Box, Embedding, Face, Quality

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vultus.batch.run import Done
    from vultus.types import Calibration

CONTRACT = "hash:0000000000000000"
_DIMENSION = 128
_LIMIT_MIB = 32.0
_PER_FOLDER = 1000
_SAMPLES = 200
_POINTS = np.zeros((5, 2), dtype=np.float32)


class HashEngine:
    """One face per file, whose embedding is a hash of the bytes."""

    contract = CONTRACT

    @property
    def calibration(self) -> Calibration:
        """None.

        Raises:
            ConfigError: always.
        """
        raise ConfigError("a hash has no calibration: it recognises nobody")

    def find(self, image: Any) -> list[Face]:
        """The one face."""
        data = image if isinstance(image, bytes) else Path(image).read_bytes()
        numbers = np.frombuffer(hashlib.shake_128(data).digest(_DIMENSION), np.int8).astype(np.float32)
        embedding = Embedding(numbers / np.linalg.norm(numbers), CONTRACT)
        return [Face(Box(np.array([0.0, 0.0, 90.0, 90.0])), _POINTS, 0.9, Quality(0.9, (), {}), embedding)]

    def find_each(
        self, sources: Iterable[Any], *, embed: bool = True, batch: int = 16
    ) -> Iterator[tuple[Any, list[Face]]]:
        """As `FaceEngine.find_each`."""
        rest = iter(sources)
        while chunk := list(islice(rest, batch)):
            yield from [(source, self.find(source)) for source in chunk]


class _Memory:
    """Takes samples of resident memory as files go through; a `vultus.batch.job.Watch`."""

    def __init__(self, n_files: int) -> None:
        self.mib: list[float] = []
        self._every, self._n_done = max(n_files // _SAMPLES, 1), 0

    def phase(self, words: str) -> None:
        """Not measured."""

    def planned(self, n_files: int) -> None:
        """Not measured."""

    def done(self, one: Done | None = None) -> None:
        self._n_done += 1
        if self._n_done % self._every == 0:
            self.mib.append(resident_mib())


def journal(bench: Bench) -> Iterator[Row]:
    """A folder into a table, then once more with nothing new."""
    n = bench.count(200_000, 400)
    got = _fresh("run_journal", n)
    yield _row("growth of resident memory over a dry run of the journal", n, got)
    yield Row("files of a dry run per second, journal included", n / got["seconds"], unit="1/s", n=n, reason=_STUBBED)
    again = f"{got['again_s']:.1f} s to see that all {n:,} files are known, {got['computed_again']} computed again"
    yield Row("files of a dry run computed again by a second run", float(got["computed_again"]), unit="files", n=n,
              goal="0", met=got["computed_again"] == 0, reason=again)  # fmt: skip


def gallery(bench: Bench) -> Iterator[Row]:
    """A folder of people into a gallery."""
    n = bench.count(50_000, 400)
    got = _fresh("run_gallery", n)
    yield _row("growth of resident memory over a dry run of enrolment", n, got)
    yield Row("files of a dry run enrolled per second", n / got["seconds"], unit="1/s", n=n, reason=_STUBBED)


MEASUREMENTS = (Measurement("journal_dry_run", journal), Measurement("enrol_dry_run", gallery))
_STUBBED = "a hash stands in for the embedding"


def run_journal(n_files: int) -> dict[str, Any]:
    """The run behind `journal`, in this process."""
    from vultus.batch.job import Terms, make_table
    from vultus.batch.run import run_local
    from vultus.inference.source import walk

    with tempfile.TemporaryDirectory() as folder:
        files, target, memory = _files(Path(folder), n_files), Path(folder) / "faces.parquet", _Memory(n_files)

        def run(watch: _Memory, *, resume: bool) -> tuple[float, int]:
            start = perf_counter()
            paths = (str(item.value) for item in walk(files, {"image"}, ordered=False))
            engine = HashEngine()
            summary = make_table(
                paths, target, lambda book: run_local(book, engine), Terms(CONTRACT), watch, resume=resume
            )
            return perf_counter() - start, summary.computed

        seconds, _ = run(memory, resume=False)
        after_table = resident_mib()
        again_s, computed = run(_Memory(n_files), resume=True)
        return {"mib": memory.mib, "seconds": seconds, "again_s": again_s, "computed_again": computed,
                "after_mib": after_table}  # fmt: skip


def run_gallery(n_files: int) -> dict[str, Any]:
    """The run behind `gallery`, in this process."""
    from vultus.gallery.collection import Gallery
    from vultus.gallery.keys import new_key
    from vultus.inference.source import walk

    with tempfile.TemporaryDirectory() as folder:
        files, memory = _files(Path(folder), n_files), _Memory(n_files)
        start = perf_counter()
        with Gallery.open(Path(folder) / "people.vultus", engine=HashEngine(), crops=False, key=new_key()) as people:
            pairs = ((Path(str(item.value)).stem, Path(str(item.value))) for item in walk(files, {"image"}))
            for _ in people.enroll_many(pairs):
                memory.done()
        return {"mib": memory.mib, "seconds": perf_counter() - start, "after_mib": resident_mib()}


def _files(folder: Path, count: int) -> Path:
    """So many small files of different bytes."""
    home = folder / "files"
    for number in range(count):
        place = home / f"{number // _PER_FOLDER:05d}"
        if number % _PER_FOLDER == 0:
            place.mkdir(parents=True)
        (place / f"{number:08d}.jpg").write_bytes(b"file %d" % number)
    return home


def _fresh(name: str, n_files: int) -> dict[str, Any]:
    """Run one of the functions above in a process of its own, where nothing else has left memory behind."""
    code = f"import json, sys; from vultus.batch import dryrun; json.dump(dryrun.{name}({n_files}), sys.stdout)"
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))


def _row(what: str, n: int, got: dict[str, Any]) -> Row:
    mib = got["mib"]
    quarter = max(len(mib) // 4, 1)
    middle, end = median(mib[quarter : 2 * quarter]), median(mib[-quarter:])
    reason = (
        f"median of the last quarter ({end:.0f} MiB) against the second quarter, {got['after_mib']:.0f} MiB at the end"
    )
    return Row(what, end - middle, unit="MiB", n=n, goal=f"flat: below {_LIMIT_MIB:g} MiB",
               met=end - middle < _LIMIT_MIB, reason=f"{reason}; {_STUBBED}")  # fmt: skip
