from __future__ import annotations

import json

import pytest

from vultus.errors import InputError, MissingExtraError, UnknownNameError
from vultus.evaluation import bench as module
from vultus.evaluation.bench import CORE, bench_core, run_suite
from vultus.evaluation.row import Bench, Measurement, Row

KEYS = {"what", "ours", "peer", "peer_name", "ratio", "unit", "n", "goal", "met", "reason"}


def two_rows(bench):
    bench.details["seen"] = bench.threads
    yield Row("one", 2.0, 1.0, "peer", 2.0, "things/s", 7)
    raise InputError("the second one needs something")


def test_a_row_that_cannot_run_says_why_and_the_rest_goes_on():
    suite = (Measurement("first", two_rows), Measurement("second", lambda bench: [Row("last")]))
    told = []
    report = run_suite(suite, Bench(threads=1, tell=told.append), packages=["pytest", "not-a-package"])
    assert [row["what"] for row in report["rows"]] == ["one", "first", "last"]
    assert report["rows"][1]["reason"] == "not measured: the second one needs something"
    assert all(set(row) == KEYS for row in report["rows"])
    assert told == ["first (1 of 2)", "second (2 of 2)"]
    assert report["details"] == {"seen": 1}
    assert {"processor", "processors", "processors_used", "threads", "quick"} <= set(report["machine"])
    assert {"python", "numpy", "pytest"} <= set(report["versions"])
    assert "not-a-package" not in report["versions"]
    assert json.loads(json.dumps(report, allow_nan=False))["schema"] == "vultus.bench/1"


def test_only_what_was_asked_for(monkeypatch):
    monkeypatch.setattr(module, "check_peer", lambda: pytest.fail("no peer is needed"))
    report = bench_core(only=["import_time"], quick=True)
    assert report["rows"][0]["what"] == "import vultus"
    with pytest.raises(UnknownNameError, match="unknown measurement 'imports'; did you mean 'import_time'"):
        bench_core(only=["imports"])


def test_a_missing_peer_is_said_before_anything_runs(monkeypatch):
    def missing():
        raise MissingExtraError("dlib-bin", "bench")

    monkeypatch.setattr(module, "check_peer", missing)
    with pytest.raises(MissingExtraError, match="dlib-bin is not installed"):
        bench_core()


def test_every_measurement_of_the_milestone_is_there():
    assert [measurement.name for measurement in CORE] == [
        "descriptors",
        "boxes",
        "embedding",
        "cnn_detection",
        "recipes",
        "overhead",
        "lfw",
        "open_sets",
        "detection",
        "memory",
        "threads_agree",
        "import_time",
        "help_time",
        "installed_size",
    ]


def test_without_data_the_rows_that_need_it_say_so(engine, monkeypatch):
    pytest.importorskip("dlib")
    report = bench_core(only=["descriptors", "embedding", "lfw", "open_sets", "detection"], quick=True)
    assert len(report["rows"]) == 5
    assert all("needs the evaluation data" in row["reason"] and row["ours"] is None for row in report["rows"])
