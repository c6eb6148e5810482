"""Bench rows about keeping a large gallery: filling it, opening it again, its memory, and what the vault costs."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.evaluation.bench_load import resident_mib
from vultus.evaluation.bench_scan import DIMENSION, FULL, SMALL, TOP, made_up
from vultus.evaluation.row import Bench, Row
from vultus.evaluation.timing import seconds
from vultus.gallery.kernel import GROUP, product
from vultus.gallery.keys import ENV_KEY, new_key
from vultus.gallery.matrix import kept_templates, templates_of
from vultus.gallery.record import NewFace
from vultus.gallery.search import ExactDoor
from vultus.gallery.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vultus.gallery.part import Kernel

_CONTRACT = "made-up:0000000000000000"
_AT_ONCE, _ONE_BY_ONE = 10_000, 500
_POINTS = ((0.0, 0.0),) * 5
_FASTER, _OPEN_S, _MEMORY = 5.0, 1.0, 1.3
_SEARCHES = 40


def insert(bench: Bench) -> Iterator[Row]:
    """Templates stored in whole transactions, beside one commit each; the vault is on."""
    n_faces = bench.count(100_000, 1_000)
    vectors = made_up(n_faces).vectors
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.closing(_store(Path(folder) / "a", vault=True)) as store:
            ours = n_faces / seconds(lambda: fill(store, vectors, _AT_ONCE))
        n_single = bench.count(_ONE_BY_ONE, 50)
        with contextlib.closing(_store(Path(folder) / "b", vault=True)) as store:
            peer = n_single / seconds(lambda: fill(store, vectors[:n_single], 1))
    yield Row(
        what=f"{n_faces:,} templates stored, {_AT_ONCE:,} per commit", ours=ours, peer=peer,
        peer_name=f"one commit each, {n_single:,} of them", ratio=ours / peer, unit="templates/s", n=n_faces,
        goal=f">= {_FASTER:g} x", met=ours / peer >= _FASTER,
        reason="vault on; a commit is on the disk when it returns",
    )  # fmt: skip


def reopen(bench: Bench) -> Iterator[Row]:
    """A gallery opened by another program: processor time, memory, time of a search; vault on and off."""
    n_people = bench.count(FULL, SMALL)
    got: dict[bool, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for vault in (False, True):
            path = Path(folder) / f"vault-{vault}"
            bench.tell(f"filling a gallery of {n_people:,} people, vault {'on' if vault else 'off'}")
            with contextlib.closing(_store(path, vault=vault)) as store:
                fill(store, made_up(n_people).vectors, _AT_ONCE)
                first = seconds(lambda store=store: templates_of(store))  # type: ignore[misc]
            got[vault] = {"first_s": first} | {kernel: _elsewhere(path, kernel) for kernel in ("float32", "int8")}
            for file in Path(folder).iterdir():
                file.unlink()
    yield from _rows(n_people, got)


def _rows(n_people: int, got: dict[bool, dict[str, Any]]) -> Iterator[Row]:
    on, off = got[True], got[False]
    matrix_mib = n_people * DIMENSION * 4 / 2**20
    for name, one in (("on", on), ("off", off)):
        cpu = one["float32"]["open_cpu_s"]
        yield Row(
            what=f"opening a gallery of {n_people:,} people again, vault {name}", ours=cpu, unit="s of processor time",
            n=1, goal=f"< {_OPEN_S:g} s", met=cpu < _OPEN_S,
            reason=f"from the kept matrix until the first answer, {one['float32']['open_s']:.2f} s by the clock; "
            f"the first time from the rows, {one['first_s']:.1f} s" if one["float32"]["kept"] else "no matrix was kept",
        )  # fmt: skip
    for kernel, words in (("float32", "in float32"), ("int8", "in bytes, float32 kept besides")):
        for name, one in (("on", on), ("off", off)):
            ratio = one[kernel]["mib"] / matrix_mib
            yield Row(
                what=f"memory of a gallery of {n_people:,} people searched {words}, vault {name}",
                ours=one[kernel]["mib"], peer=matrix_mib, peer_name="the matrix in float32", ratio=ratio, unit="MiB",
                n=1, goal=f"<= {_MEMORY:g} x", met=ratio <= _MEMORY,
                reason="growth of resident memory, names included"
                + (", pages of the kept file included" if name == "off" else ""),
            )  # fmt: skip
    for kernel in ("float32", "int8"):
        ours, peer = on[kernel]["search_s"], off[kernel]["search_s"]
        yield Row(
            what=f"a search among {n_people:,} people in {kernel}, vault on", ours=1 / ours, peer=1 / peer,
            peer_name="vault off", ratio=peer / ours, unit="probes/s", n=_SEARCHES,
            reason="one probe at a time, median",
        )  # fmt: skip


def fill(store: Store, vectors: NDArray[np.float32], at_once: int) -> None:
    """Store one made-up person per template."""
    for start in range(0, len(vectors), at_once):
        with store.writing() as writer:
            writer.bind(_CONTRACT, vectors.shape[1])
            for at, template in enumerate(vectors[start : start + at_once], start):
                picture = sha256(at.to_bytes(8, "little")).hexdigest()
                face = NewFace("made up", picture, (0.0, 0.0, 90.0, 90.0), _POINTS, 0.9, 0.9, (), template)
                writer.add(writer.person(f"person {at}"), face)


def report(path: str, kernel: Kernel) -> None:
    """Open a gallery, search, and write what it took to the standard output, as JSON; run in a process of its own."""
    from vultus.inference.session import available_devices

    # What every program that looks for faces has loaded before: onnxruntime, which has run something.
    available_devices()
    product(np.ones((1, GROUP), np.float32), np.ones((GROUP, GROUP), np.float32))
    Store(Path(path).with_name("empty"), vault=True).close()
    probes = made_up(_SEARCHES + 1, seed=3).vectors
    gc.collect()
    before, cpu, clock = resident_mib(), time.process_time(), time.perf_counter()
    store = Store(path, create=False)
    templates = kept_templates(store)
    door = ExactDoor(templates if templates is not None else store.templates(), kernel=kernel)
    kept = templates is not None
    del templates
    door.search(probes[:1], TOP)
    opened = time.process_time() - cpu, time.perf_counter() - clock
    taken = [seconds(lambda at=at: door.search(probes[at : at + 1], TOP)) for at in range(1, _SEARCHES)]  # type: ignore[misc]
    gc.collect()
    sys.stdout.write(json.dumps({
        "open_cpu_s": opened[0], "open_s": opened[1], "mib": resident_mib() - before, "kept": kept,
        "search_s": float(np.median(taken)),
    }))  # fmt: skip


def _elsewhere(path: Path, kernel: str) -> dict[str, Any]:
    code = f"from vultus.evaluation.bench_store import report; report({str(path)!r}, {kernel!r})"
    environment = {**os.environ, ENV_KEY: _KEY.secret.hex()}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    got: dict[str, Any] = json.loads(done.stdout)
    return got


def _store(path: Path, *, vault: bool) -> Store:
    return Store(path, vault=vault, key=_KEY)


_KEY = new_key("bench")
