"""Compare the doors of a gallery on made-up people, one JSON line each: time, share of the exact answer found.

OMP_NUM_THREADS=1 python tools/compare_doors.py 20000 100000

Times are of the processor, all threads together, so that a busy machine disturbs them less.

The people are random points of which 32 directions matter, 128 numbers long, about a common direction, one template
each; probes are the same people again, changed a little. Real templates may be easier or harder for a graph.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from importlib.metadata import version

import numpy as np

from vultus.gallery.doors import open_door
from vultus.gallery.templates import Templates

DIMENSION, DIRECTIONS, BACKGROUND = 128, 32, 0.7
N_PROBES, TOP = 200, 10
NAMES = ("exact", "graph")


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1, single precision."""
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def made_up(n_people: int) -> tuple[Templates, np.ndarray]:
    """A gallery and the probes."""
    random = np.random.default_rng(0)
    basis = np.linalg.qr(random.normal(size=(DIMENSION, DIRECTIONS + 1)))[0].T.astype(np.float32)
    spread = np.sqrt((1 - BACKGROUND) / DIRECTIONS)
    where = spread * random.standard_normal((n_people, DIRECTIONS), dtype=np.float32)
    again = where[random.integers(0, n_people, N_PROBES)]
    again = again + 0.4 * spread * random.standard_normal(again.shape, dtype=np.float32)
    vectors, probes = (unit(np.sqrt(BACKGROUND) * basis[0] + part @ basis[1:]) for part in (where, again))
    names = tuple(map(str, range(n_people)))
    return Templates(1, names, np.arange(n_people), np.arange(n_people), vectors), probes


def measure(n_people: int) -> None:
    """One line per door; milliseconds of one probe at a time."""
    templates, probes = made_up(n_people)
    wanted = None
    for name in NAMES:
        start = time.process_time()
        door = open_door(name, templates, "average", BACKGROUND)
        built = time.process_time() - start
        times, answers = [], []
        for probe in probes:
            start = time.process_time()
            answers.append([one.name for one in door.search(probe[None], TOP)[0]])
            times.append(1000 * (time.process_time() - start))
        wanted = wanted or answers
        found = np.mean([len({*ours} & {*exact}) / TOP for ours, exact in zip(answers, wanted, strict=True)])
        first = np.mean([ours[0] == exact[0] for ours, exact in zip(answers, wanted, strict=True)])
        print(json.dumps({
            "door": name, "people": n_people, "build_cpu_s": round(built, 2),
            "median_cpu_ms": round(float(np.median(times)), 3), "found_of_10": round(float(found), 4),
            "found_first": float(first), "told_recall": None if door.recall is None else door.recall.share,
            "threads": os.environ.get("OMP_NUM_THREADS"), "usearch": version("usearch"), "numpy": version("numpy"),
        }), flush=True)  # fmt: skip


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", nargs="+", type=int)
    for n_people in parser.parse_args().people:
        measure(n_people)


if __name__ == "__main__":
    main()
