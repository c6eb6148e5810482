from __future__ import annotations

import contextlib
import json

import pytest

from vultus.evaluation import bench_store
from vultus.evaluation.bench_scan import made_up
from vultus.evaluation.bench_store import fill, insert, reopen, report
from vultus.evaluation.row import Bench
from vultus.gallery import matrix
from vultus.gallery.store import Store


def test_insert():
    (row,) = insert(Bench(quick=True))
    assert (row.n, row.goal) == (1000, ">= 5 x")
    assert row.ratio == pytest.approx(row.ours / row.peer)


def test_reopen(monkeypatch):
    monkeypatch.setattr(bench_store, "SMALL", 300)
    rows = list(reopen(Bench(quick=True)))
    assert [row.unit for row in rows] == ["s of processor time"] * 2 + ["MiB"] * 4 + ["probes/s"] * 2
    assert rows[0].reason == "no matrix was kept"
    assert rows[2].peer == pytest.approx(300 * 128 * 4 / 2**20)


@pytest.mark.parametrize("kernel", ["float32", "int8"])
def test_report(kernel, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(matrix, "KEPT_FROM", 50)
    with contextlib.closing(Store(tmp_path / "a")) as store:
        fill(store, made_up(60).vectors, 25)
        assert store.counts() == (60, 60)
        assert store.revision() == 3
        matrix.templates_of(store)
    report(str(tmp_path / "a"), kernel)
    got = json.loads(capsys.readouterr().out)
    assert got["kept"]
    assert {"open_cpu_s", "open_s", "mib", "search_s"} < set(got)
