"""Measure what one shard of the milvus door costs, per index, with Milvus Lite; writes results/milvus.json.

OMP_NUM_THREADS=1 python tools/measure_milvus.py 100000

The people are those of `compare_doors.py`: random points of which 32 directions matter, 128 numbers long, one template
each. Milvus Lite is not a server: it is written in Python around faiss, so bytes per row are close to a server's, and
times are an upper bound. The record is measured with as many people, without cut-outs.
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

from vultus.gallery.ledger import StoreLedger
from vultus.gallery.milvus import MilvusDoor
from vultus.gallery.mirror import INDEXES, Mirror
from vultus.gallery.record import NewFace
from vultus.gallery.search import ExactDoor
from vultus.gallery.store import Store
from vultus.gallery.templates import Templates

RESULT = Path(__file__).resolve().parents[1] / "results/milvus.json"
_TRANSACTION = 10_000


def record(folder: Path, templates: Templates) -> tuple[Store, dict[str, float]]:
    """A gallery file with everybody, and what a face costs in it."""
    store = Store(folder / "people.vultus", vault=False)
    start = time.perf_counter()
    for first in range(0, len(templates.names), _TRANSACTION):
        with store.writing() as writer:
            writer.bind("made-up:0", DIMENSION)
            for at in range(first, min(first + _TRANSACTION, len(templates.names))):
                place = (10.0, 10.0, 110.0, 110.0), ((30.0, 40.0),) * 5
                face = NewFace("folder/picture.jpg", f"{at:064x}", *place, 0.99, 0.9, (), templates.vectors[at])
                writer.add(writer.person(templates.names[at]), face)
    took = time.perf_counter() - start
    store.forget()
    size = sum(file.stat().st_size for file in folder.iterdir())
    start = time.perf_counter()
    StoreLedger(store).roll()
    roll_us = 1e6 * (time.perf_counter() - start) / len(templates.names)
    people = len(templates.names)
    return store, {"faces_per_s": people / took, "bytes_per_face": size / people, "roll_us_per_person": roll_us}


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


def shard(folder: Path, store: Store, index: str, probes: np.ndarray, wanted: list[list[str]]) -> dict[str, Any]:
    """What one index costs."""
    uri = str(folder / f"{index}.db")
    clock = Clock()
    settle, finish = Mirror.settle, Mirror.finish

    def watched(mirror: Mirror) -> None:
        settle(mirror)
        finish(mirror)
        clock.stop()
        Mirror.settle, Mirror.finish = settle, finish

    Mirror.settle, Mirror.finish = watched, lambda _: None
    with closing(
        MilvusDoor(StoreLedger(store), "average", BACKGROUND, uri=uri, index=index, progress=lambda _: clock)
    ) as door:
        door.search(probes[:1], TOP)
        singles = []
        for probe in probes:
            start = time.perf_counter()
            door.search(probe[None], TOP)
            singles.append(1000 * (time.perf_counter() - start))
        start = time.perf_counter()
        answers = door.search(probes, TOP)
        batch = 1000 * (time.perf_counter() - start) / len(probes)
        found = [len({one.name for one in ours} & {*theirs}) for ours, theirs in zip(answers, wanted, strict=True)]
        rows = door.n_templates
        with store.writing() as writer:
            person_id = writer.person("somebody new")
            place = (10.0, 10.0, 110.0, 110.0), ((30.0, 40.0),) * 5
            writer.add(
                person_id, NewFace("new.jpg", f"{index:>064}".encode().hex()[:64], *place, 0.99, 0.9, (), probes[0])
            )
        start = time.perf_counter()
        door.follow()
        change = 1000 * (time.perf_counter() - start)
        with store.writing() as writer:
            writer.remove("somebody new")
        width = door._width
    files = [file for file in Path(uri).rglob("*") if file.is_file()]
    indexed = sum(file.stat().st_size for file in files if file.suffix == ".idx")
    stored = sum(file.stat().st_size for file in files if file.suffix == ".parquet")
    return {
        "index": index, "rows": rows, "sent_rows_per_s": round(rows / clock.sent_s, 1),
        "indexed_rows_per_s": round(rows / clock.indexed_s, 1),
        "index_bytes_per_row": round(indexed / rows, 1), "data_bytes_per_row": round(stored / rows, 1),
        "one_probe_median_ms": round(float(np.median(singles)), 3), "batch_ms_per_probe": round(batch, 3),
        "found_of_10": round(float(np.mean(found)) / TOP, 4), "width": width, "one_change_ms": round(change, 1),
    }  # fmt: skip


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=int)
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    templates, probes = made_up(arguments.people)
    wanted = [[one.name for one in row] for row in ExactDoor(templates, "average", BACKGROUND).search(probes, TOP)]
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "record").mkdir()
        store, cost = record(Path(folder) / "record", templates)
        with closing(store):
            rows = []
            for index in INDEXES:
                rows.append(shard(Path(folder), store, index, probes, wanted))
                print(json.dumps(rows[-1]), flush=True)
    arguments.out.write_text(json.dumps({
        "command": f"OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', '')} python tools/measure_milvus.py "
                   f"{arguments.people}",
        "dimension": DIMENSION, "people": arguments.people, "n_probes": len(probes), "top": TOP,
        "record": {name: round(value, 1) for name, value in cost.items()}, "shards": rows,
        "machine": {"processor": platform.processor() or platform.machine(), "threads": os.cpu_count(),
                    "load_before": round(before, 2)},
        "versions": {name: version(name) for name in ("milvus-lite", "pymilvus", "faiss-cpu", "numpy")},
    }, indent=1) + "\n")  # fmt: skip


if __name__ == "__main__":
    main()
