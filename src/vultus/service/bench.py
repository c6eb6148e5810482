"""`vultus bench service`: a service of its own process, on this machine, under load.

The peers are the engine itself, given batches in this process, and a server that takes one request at a time. Each
measurement is bounded; pictures are those of the evaluation data, or the portrait that scikit-image carries.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from vultus.evaluation.row import Measurement, Row
from vultus.service.load import Shot, document, fire, form, shot
from vultus.service.process import Alone, Started

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vultus.evaluation.row import Bench
    from vultus.service.load import Hit

HOME = "/v1/collections/default"
CLIENTS = 16
PACKAGES = ("vultus", "numpy", "onnxruntime", "opencv-python-headless", "fastapi", "starlette", "uvicorn", "uvloop")
THROUGHPUT_GOAL, P99_GOAL, ALONE_GOAL = 0.85, 5.0, 2.0
_PEOPLE = 40
_SOAK_S, _SOAK_REQUESTS = 170.0, 20_000
_FLAT_MB_PER_1000 = 1.0
_EVERY = 40  # of the soak's requests, one enrols


def load(bench: Bench) -> Iterator[Row]:
    """/identify with 16 clients: against the engine's own batches, and against a server of one request at a time."""
    files = _pictures(bench)
    rates: dict[str, list[float]] = {"engine": [], "service": [], "alone": [], "alone on one thread": []}
    waits: list[float] = []
    for _ in range(bench.count(6, 1)):  # in many short turns, so that all have the same weather
        bench.tell("the engine in batches")
        rates["engine"].append(_engine_rate(bench, files, bench.count(8, 2)))
        with TemporaryDirectory(prefix="vultus-bench-") as folder, Started(Path(folder), bench.pack) as server:
            _enrol_some(server, files)
            bench.tell(f"/identify with {CLIENTS} clients")
            hits, took = _for(server, _identify(server.key, files), bench.count(8, 3))
            rates["service"].append(len(hits) / took)
            waits += [hit.seconds for hit in hits]
        for name, threads in (("alone", bench.threads), ("alone on one thread", 1)):
            bench.tell(f"a server of one request at a time, {threads} threads")
            with TemporaryDirectory(prefix="vultus-bench-") as folder, Alone(Path(folder), bench.pack, threads) as peer:
                hits, took = _for(peer, _identify("", files), bench.count(8, 2))
                rates[name].append(len(hits) / took)
    bench.details["service_load"] = {
        "pictures_per_s": rates,
        "wait_ms": {str(share): round(float(np.percentile(waits, share)) * 1000, 2) for share in (50, 90, 99, 100)},
    }
    yield from _load_rows({name: float(np.median(found)) for name, found in rates.items()}, waits)


def _load_rows(rates: dict[str, float], waits: Sequence[float]) -> Iterator[Row]:
    ours, what, unit = rates["service"], f"/identify, {CLIENTS} clients", "pictures/s"
    goal = f">= {THROUGHPUT_GOAL:g} x peer"
    batches = rates["engine"]
    yield Row(what, ours, batches, "the engine's own batches of 16, in process", ours / batches, unit, len(waits), goal,
              ours >= THROUGHPUT_GOAL * batches)  # fmt: skip
    # The service gives its engine a thread per batch; the peer with the same engine, and with all the machine has.
    for name, peer in (
        ("alone on one thread", "one request at a time, the same engine"),
        ("alone", "one request at a time, its engine on all processors"),
    ):
        reached = ours >= ALONE_GOAL * rates[name]
        yield Row(
            what, ours, rates[name], peer, ours / rates[name], unit, len(waits), f">= {ALONE_GOAL:g} x peer", reached
        )
    p50, p99 = (float(np.percentile(waits, share)) * 1000 for share in (50, 99))
    yield Row(f"p99 of a request, {CLIENTS} clients", p99, p50, "p50", p99 / p50, "ms", len(waits),
              f"<= {P99_GOAL:g} x p50", p99 <= P99_GOAL * p50)  # fmt: skip


@dataclass(slots=True)
class _Told:
    """What a long run saw."""

    statuses: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    wrong: int = 0
    names: list[str] = field(default_factory=list)
    memory: list[tuple[int, float]] = field(default_factory=list)
    done: int = 0

    def take(self, hits: Iterable[Hit]) -> None:
        for hit in hits:
            self.done += 1
            self.statuses[f"{hit.name} {hit.status}"] += 1
            self.broken += hit.status == 0
            self.wrong += hit.status >= 500
            if hit.name == "enrol" and hit.status in (200, 201):
                self.names += [document(hit)["person"]["name"]] if document(hit)["person"] else []

    @property
    def slope(self) -> float:
        """Megabytes per 1,000 requests, over the second half: the first fills caches."""
        half = self.memory[len(self.memory) // 2 :]
        if len(half) < 3:
            return 0.0
        at, size = np.array(half).T
        return float(np.polyfit(at / 1000, size, 1)[0])


def soak(bench: Bench) -> Iterator[Row]:
    """20,000 good and hostile requests: flat memory, no 5xx, and whoever's enrolment was answered is there."""
    files = _pictures(bench)
    wanted = _SOAK_REQUESTS if not bench.quick else 400
    told = _Told()
    until = time.monotonic() + (_SOAK_S if not bench.quick else 20.0)
    with TemporaryDirectory(prefix="vultus-bench-") as folder, Started(Path(folder), bench.pack) as server:
        _enrol_some(server, files)
        shots = _mixed(server.key, files)
        while told.done < wanted and time.monotonic() < until:
            bench.tell(f"good and hostile requests, {told.done} of {wanted}")
            told.take(fire(server.address, itertools.islice(shots, 500), CLIENTS, keep=_enrolled))
            told.memory.append((told.done, server.memory_mb()))
        missing = len(set(told.names) - server.names())
    bench.details["service_soak"] = {
        "requests": dict(sorted(told.statuses.items())), "memory_mb": told.memory, "enrolled": len(told.names),
    }  # fmt: skip
    whole = told.done >= wanted
    why = "" if whole else f"stopped after {told.done} requests, when its time was over"
    yield Row("5xx and broken connections, good and hostile requests", float(told.wrong + told.broken), unit="requests",
              n=told.done, goal="0", met=told.wrong + told.broken == 0, reason=why)  # fmt: skip
    yield Row("acknowledged enrolments that are missing", float(missing), unit="people", n=len(told.names), goal="0",
              met=missing == 0)  # fmt: skip
    yield Row("memory of the service, second half of the run", told.slope, unit="MB per 1,000 requests", n=told.done,
              goal=f"<= {_FLAT_MB_PER_1000:g}", met=told.slope <= _FLAT_MB_PER_1000)  # fmt: skip


def killed(bench: Bench) -> Iterator[Row]:
    """`kill -9` under load and a new start, some times over: what was acknowledged is there, and the logs are whole."""
    files = _pictures(bench)
    told = _Told()
    times, problems = bench.count(5, 1), 0
    with TemporaryDirectory(prefix="vultus-bench-") as folder:
        counter = itertools.count()
        for number in range(times):
            bench.tell(f"kill -9, {number + 1} of {times}")
            with Started(Path(folder), bench.pack) as server:
                server.kill_after(2.0 + 0.37 * number)
                shots = (
                    _enrol(server.key, f"killed {next(counter)}", files[n % len(files)], n) for n in itertools.count()
                )
                told.take(_until_gone(server, shots))
        with Started(Path(folder), bench.pack) as server:
            missing = len(set(told.names) - server.names())
            server.stop()
        problems = server.problems()
    bench.details["service_killed"] = {"kills": times, "acknowledged": len(told.names), "missing": missing}
    yield Row("acknowledged enrolments missing after kill -9 under load", float(missing), unit="people",
              n=len(told.names), goal="0", met=missing == 0)  # fmt: skip
    yield Row("problems of files and audit logs after kill -9 under load", float(problems), unit="problems", n=times,
              goal="0", met=problems == 0)  # fmt: skip


MEASUREMENTS = (Measurement("load", load), Measurement("soak", soak), Measurement("killed", killed))


def _pictures(bench: Bench) -> list[bytes]:
    """Files of pictures with a face each."""
    if bench.data is not None:
        return [path.read_bytes() for path in bench.lfw(bench.count(256, 16))]
    from vultus.inference.image import jpeg

    portrait = next(iter(bench.photographs()))
    return [jpeg(np.ascontiguousarray(np.roll(portrait, 2 * n, axis=1)), 90) for n in range(bench.count(64, 16))]


def _engine_rate(bench: Bench, files: Sequence[bytes], seconds: float) -> float:
    """Pictures per second of the engine in batches of 16, decoding included, all processors."""
    batches = [list(files[start : start + 16]) for start in range(0, len(files), 16)]
    bench.engine.find(batches[0])
    done, began = 0, time.perf_counter()
    for batch in itertools.cycle(batches):
        bench.engine.find(batch)
        done += len(batch)
        if time.perf_counter() - began > seconds:
            break
    return done / (time.perf_counter() - began)


def _for(server: Started | Alone, shots: Sequence[Shot], seconds: float) -> tuple[list[Hit], float]:
    """Requests for so long; those that were answered well, and how long it took."""
    fire(server.address, iter(shots[: 2 * CLIENTS]), CLIENTS)
    until = time.perf_counter() + seconds
    began = time.perf_counter()
    hits = fire(server.address, _while(shots, until), CLIENTS)
    return [hit for hit in hits if hit.status == 200], time.perf_counter() - began


def _while(shots: Sequence[Shot], until: float) -> Iterator[Shot]:
    for one in itertools.cycle(shots):
        if time.perf_counter() > until:
            return
        yield one


def _identify(key: str, files: Sequence[bytes]) -> list[Shot]:
    shots = []
    for data in files:
        body, kind = form({}, [("images", "a.jpg", data)])
        shots.append(shot("identify", "POST", f"{HOME}/identify", key, body, kind))
    return shots


def _enrol(key: str, name: str, data: bytes, number: int) -> Shot:
    # A few bytes behind the picture make it a new one.
    fields = {"name": name, "override_quality": "true", "face": "largest"}
    body, kind = form(fields, [("images", "a.jpg", data + number.to_bytes(4, "big"))])
    return shot("enrol", "POST", f"{HOME}/persons", key, body, kind)


def _enrol_some(server: Started, files: Sequence[bytes]) -> None:
    fire(server.address, iter([_enrol(server.key, f"person {n}", files[n % len(files)], n) for n in range(_PEOPLE)]), 4)


def _enrolled(hit: Hit) -> bool:
    return hit.name == "enrol" and hit.status in (200, 201)


def _mixed(key: str, files: Sequence[bytes]) -> Iterator[Shot]:
    """Requests of all kinds, for ever: one in forty enrols, one in eight asks who is in a picture, half are hostile."""
    from vultus.service.hostile import attacks

    good = _identify(key, files)
    reads = [shot("read", "GET", path, key) for path in ("/v1/system", f"{HOME}/persons?limit=20", "/v1/collections")]
    bad = attacks(key, files[0])
    for number in itertools.count():
        if number % _EVERY == 0:
            yield _enrol(key, f"soak {number}", files[number // _EVERY % len(files)], number)
        elif number % 8 == 1:
            yield good[number // 8 % len(good)]
        elif number % 2:
            yield reads[number % len(reads)]
        else:
            yield bad[number // 2 % len(bad)]


def _until_gone(server: Started, shots: Iterator[Shot]) -> list[Hit]:
    """Answers of a service that is about to be killed."""
    return fire(server.address, itertools.takewhile(lambda _: server.alive(), shots), CLIENTS, keep=_enrolled)
