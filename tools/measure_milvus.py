"""Measure what one shard of the milvus door costs, per index; writes results/milvus.json.

OMP_NUM_THREADS=1 python tools/measure_milvus.py 100000                                          # Milvus Lite, a file
python tools/measure_milvus.py 100000 --uri http://localhost:19530 --pid 4711      # a server here

The people are those of `compare_doors.py`: random points of which 32 directions matter, 128 numbers long, one template
each. Milvus Lite is Python around faiss: its bytes per row carry over to a server, its times do not. With `--pid` the
server's processor time is measured too. The record is measured with as many people, without cut-outs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from compare_doors import BACKGROUND, DIMENSION, TOP, made_up

from vultus.errors import StoreError
from vultus.gallery.ledger import StoreLedger
from vultus.gallery.milvus import MilvusDoor
from vultus.gallery.mirror import INDEXES, Mirror, connect, is_file
from vultus.gallery.record import NewFace
from vultus.gallery.search import ExactDoor
from vultus.gallery.store import Store
from vultus.gallery.templates import Templates

RESULT = Path(__file__).resolve().parents[1] / "results/milvus.json"
LITE = "Milvus Lite"
_TRANSACTION = 10_000
_PLACE = (10.0, 10.0, 110.0, 110.0), ((30.0, 40.0),) * 5


class Clock:
    """How long the copy took: everything sent, and then in the index."""

    def __enter__(self) -> Clock:
        self.sent_s = -time.perf_counter()
        return self

    def advance(self, steps: int = 1) -> None:
        """Nothing to do."""

    def __exit__(self, *_: object) -> None:
        self.sent_s += time.perf_counter()
        self.indexed_s = -time.perf_counter()

    def stop(self) -> None:
        """Everything is in the index."""
        self.indexed_s += time.perf_counter()


def cpu_s(pid: int | None) -> float:
    """Processor time of the server so far, or of this program."""
    if pid is None:
        return time.process_time()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def record(folder: Path, templates: Templates) -> tuple[Store, dict[str, float]]:
    """A gallery file with everybody, and what a face costs in it."""
    store = Store(folder / "people.vultus", vault=False)
    start = time.perf_counter()
    for first in range(0, len(templates.names), _TRANSACTION):
        with store.writing() as writer:
            writer.bind("made-up:0", DIMENSION)
            for at in range(first, min(first + _TRANSACTION, len(templates.names))):
                face = NewFace("folder/picture.jpg", f"{at:064x}", *_PLACE, 0.99, 0.9, (), templates.vectors[at])
                writer.add(writer.person(templates.names[at]), face)
    took = time.perf_counter() - start
    store.forget()
    size = sum(file.stat().st_size for file in folder.iterdir())
    start = time.perf_counter()
    StoreLedger(store).roll()
    roll_us = 1e6 * (time.perf_counter() - start) / len(templates.names)
    people = len(templates.names)
    return store, {"faces_per_s": people / took, "bytes_per_face": size / people, "roll_us_per_person": roll_us}


def opened(store: Store, uri: str, index: str) -> tuple[MilvusDoor, Clock]:
    """The door over a new copy, and how long it took."""
    clock, settle, finish = Clock(), Mirror.settle, Mirror.finish

    def watched(mirror: Mirror) -> None:
        settle(mirror)
        finish(mirror)
        clock.stop()
        Mirror.settle, Mirror.finish = settle, finish

    Mirror.settle, Mirror.finish = watched, lambda _: None
    try:
        return MilvusDoor(
            StoreLedger(store), "average", BACKGROUND, uri=uri, index=index, progress=lambda _: clock
        ), clock
    finally:
        Mirror.settle, Mirror.finish = settle, finish


def shard(
    store: Store, uri: str, index: str, probes: np.ndarray, wanted: list[list[str]], pid: int | None
) -> dict[str, Any]:
    """What one index costs."""
    door, clock = opened(store, uri, index)
    with closing(door):
        rows = door.n_templates
        rates = {"sent_rows_per_s": rows / clock.sent_s, "indexed_rows_per_s": rows / clock.indexed_s}
        door.search(probes[:1], TOP)
        singles = []
        for probe in probes:
            start = time.perf_counter()
            door.search(probe[None], TOP)
            singles.append(1000 * (time.perf_counter() - start))
        start, cpu = time.perf_counter(), cpu_s(pid)
        lifted = door._copier.lift(probes)
        for _ in range(5):
            door._copier.mirror.search(lifted, TOP, door._roll.parts, "", door._width)
        raw = 1000 * (time.perf_counter() - start) / len(probes) / 5
        cpu = 1000 * (cpu_s(pid) - cpu) / len(probes) / 5
        answers = door.search(probes, TOP)
        found = [len({one.name for one in ours} & {*theirs}) for ours, theirs in zip(answers, wanted, strict=True)]
        changes = change(store, door, probes[0])
        door._copier.clear()
        return {
            "index": index, "rows": rows, **{name: round(rate, 1) for name, rate in rates.items()}, **changes,
            "one_probe_median_ms": round(float(np.median(singles)), 3),
            "milvus_ms_per_probe": round(raw, 4), "milvus_cpu_ms_per_probe": round(cpu, 4),
            "found_of_10": round(float(np.mean(found)) / TOP, 4), "width": door._width,
            "told_recall": None if door.recall is None else door.recall.share,
        }  # fmt: skip


def change(store: Store, door: MilvusDoor, vector: np.ndarray) -> dict[str, float]:
    """How long until a new person is found, and until one is gone; sizes of the files before that."""
    sizes: dict[str, float] = {}
    if is_file(door._copier.uri):
        files = [file for file in Path(door._copier.uri).rglob("*") if file.is_file()]
        for what, suffix in (("index", ".idx"), ("data", ".parquet")):
            found = sum(file.stat().st_size for file in files if file.suffix == suffix)
            sizes[f"{what}_bytes_per_row"] = round(found / door.n_templates, 1)
    with store.writing() as writer:
        writer.add(writer.person("somebody new"), NewFace("new.jpg", "ff" * 32, *_PLACE, 0.99, 0.9, (), vector))
    start = time.perf_counter()
    door.follow()
    come = time.perf_counter() - start
    with store.writing() as writer:
        writer.remove("somebody new")
    start = time.perf_counter()
    door.follow()
    return {
        **sizes,
        "one_comes_ms": round(1000 * come, 1),
        "one_goes_ms": round(1000 * (time.perf_counter() - start), 1),
    }


def measure(people: int, uri: str, pid: int | None) -> dict[str, Any]:
    """One run."""
    templates, probes = made_up(people)
    wanted = [[one.name for one in row] for row in ExactDoor(templates, "average", BACKGROUND).search(probes, TOP)]
    before, shards = os.getloadavg()[0], []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "record").mkdir()
        store, cost = record(Path(folder) / "record", templates)
        with closing(store):
            for index in INDEXES:
                try:
                    shards.append(shard(store, uri or f"{folder}/{index}.db", index, probes, wanted, pid))
                except StoreError as error:
                    shards.append({"index": index, "reason": str(error)})
                print(json.dumps(shards[-1]), flush=True)
    return {
        "where": f"server {connect(uri).get_server_version()}" if uri else LITE,
        "command": f"python tools/measure_milvus.py {people}" + (" --uri ... --pid ..." if uri else ""),
        "dimension": DIMENSION, "people": people, "n_probes": len(probes), "top": TOP,
        "record": {name: round(value, 1) for name, value in cost.items()}, "shards": shards,
        "machine": {"processor": platform.processor() or platform.machine(), "threads": os.cpu_count(),
                    "load_before": round(before, 2), "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS")},
        "versions": {name: version(name) for name in ("milvus-lite", "pymilvus", "faiss-cpu", "numpy")},
    }  # fmt: skip


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=int)
    parser.add_argument("--uri", default="", help="a server, instead of Milvus Lite")
    parser.add_argument("--pid", type=int, help="process of the server, if it runs here")
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    run = measure(arguments.people, arguments.uri, arguments.pid)
    runs = json.loads(arguments.out.read_text())["runs"] if arguments.out.exists() else []
    runs = [one for one in runs if one["where"] != run["where"]] + [run]
    arguments.out.write_text(json.dumps({"runs": runs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
