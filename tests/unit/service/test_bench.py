from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from vultus.evaluation.row import Bench
from vultus.service import bench as module
from vultus.service.bench import _load_rows, _mixed, _Told, _while
from vultus.service.load import Hit, shot


def test_rows_say_what_was_reached() -> None:
    rates = {"engine": 100.0, "service": 90.0, "alone": 60.0, "alone on one thread": 40.0}
    rows = list(_load_rows(rates, [0.1] * 98 + [0.2, 0.9]))
    assert [(round(row.ratio, 2), row.met) for row in rows[:3]] == [(0.9, True), (2.25, True), (1.5, False)]
    assert rows[3].met is True


def test_a_long_run_counts() -> None:
    told = _Told()
    enrolled = [Hit("enrol", status, 0.1, body) for status, body in
                ((201, b'{"person": {"name": "Ada"}}'), (200, b'{"person": null}'))]  # fmt: skip
    told.take([Hit("a", 200, 0.1), Hit("a", 500, 0.1), Hit("b", 0, 0.1), *enrolled])
    assert (told.done, told.wrong, told.broken, told.names) == (5, 1, 1, ["Ada"])
    assert told.slope == 0.0
    told.memory = [(n * 1000, 100.0 + n) for n in range(8)]
    assert told.slope == pytest.approx(1.0)


def test_the_mix_has_everything() -> None:
    kinds = Counter(one.name.split()[0] for one in itertools.islice(_mixed("k", [bytes(1000)]), 4000))
    assert kinds["enrol"] >= 100
    assert kinds["identify"] == 500
    assert kinds["read"] == 1500
    assert {"picture", "body", "address", "header"} <= set(kinds)


def test_time_ends_a_run() -> None:
    assert list(_while([shot("a", "GET", "/", "")], 0.0)) == []


class Fake:
    """A service that answers everything well."""

    address, key = ("127.0.0.1", 1), "k"

    def __init__(self, *_: object) -> None:
        self.stopped = False

    def __enter__(self) -> Fake:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def memory_mb(self) -> float:
        return 100.0

    def names(self) -> set[str]:
        return {f"soak {n}" for n in range(10_000)} | {f"killed {n}" for n in range(10_000)}

    def kill_after(self, seconds: float) -> None:
        pass

    def alive(self) -> bool:
        return False

    def stop(self) -> int:
        return 0

    def problems(self) -> int:
        return 0


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> Bench:
    def fire(address: Any, shots: Any, clients: int, keep: Any = None) -> list[Hit]:
        hits = []
        for one in itertools.islice(shots, 50):
            name = one.raw.partition(b'name="name"\r\n\r\n')[2].partition(b"\r\n")[0].decode()
            hits.append(Hit(one.name, 200, 0.01, f'{{"person": {{"name": "{name}"}}}}'.encode()))
        return hits

    for name, value in (
        ("Started", Fake),
        ("Alone", Fake),
        ("fire", fire),
        ("_pictures", lambda bench: [bytes(999)] * 16),
    ):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(module, "_engine_rate", lambda *_: 100.0)
    return Bench(quick=True, data=Path("."))


def test_every_measurement_gives_rows_with_goals(faked: Bench) -> None:
    rows = [row for measurement in module.MEASUREMENTS for row in measurement.run(faked)]
    assert len(rows) == 9
    assert all(row.goal and row.met is not None for row in rows)
    assert {"service_load", "service_soak", "service_killed"} == set(faked.details)


def test_without_data_there_is_one_portrait(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("skimage")
    files = module._pictures(Bench(quick=True))
    assert len(set(files)) == 16


def test_the_engine_alone_is_timed() -> None:
    class Engine:
        def find(self, pictures: list[bytes]) -> None:
            pass

    bench = Bench(quick=True)
    bench.__dict__["engine"] = Engine()
    assert module._engine_rate(bench, [b""] * 32, 0.01) > 0
