from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from vultus.errors import MissingExtraError
from vultus.evaluation import bench_scan
from vultus.evaluation.bench_scan import alike, faiss_flat, made_up, passes, same_people, scan
from vultus.evaluation.row import Bench


def test_scan(monkeypatch):
    pytest.importorskip("faiss")
    monkeypatch.setattr(bench_scan, "SMALL", 2000)
    rows = list(scan(Bench(quick=True, threads=1)))
    assert [row.goal for row in rows] == [">= 0.8 x", ">= 2.5 x", *[">= 1 x"] * 4, ">= 100 x"]
    for row in rows:
        assert row.ratio == pytest.approx(row.ours / row.peer)
        assert row.met == (row.ratio >= float(row.goal.split()[1]))
    limit = rows[0]
    told = [float(limit.reason.split(f"{way} ")[1].split()[0].rstrip(",")) for way in ("sum", "maximum", "copy")]
    assert limit.peer == pytest.approx(max(told), abs=0.06), "the fastest"
    assert "2,000 people in int8, 64 at a time" in rows[5].what


def test_same_people(monkeypatch):
    monkeypatch.setattr(bench_scan, "SMALL", 2000)
    rows = list(same_people(Bench(quick=True)))
    assert [(row.ours, row.met, row.n) for row in rows] == [(1, True, 20)] * 2


@pytest.mark.parametrize("make", [made_up, alike])
def test_people(make):
    templates = make(50)
    np.testing.assert_allclose(np.linalg.norm(templates.vectors, axis=1), 1, atol=1e-5)
    assert len(templates.names) == 50
    assert np.array_equal(make(50).vectors, templates.vectors)
    likeness = templates.vectors @ templates.vectors.T
    assert np.mean(likeness[np.triu_indices(50, 1)]) == pytest.approx(0.7 if make is alike else 0.0, abs=0.05)


def test_passes():
    rows = made_up(1001).vectors
    with ThreadPoolExecutor(2) as pool:
        ways = passes(rows, 2, pool)
        assert sum(ways["sum"]()) == pytest.approx(rows.sum(), abs=1e-2)
        assert max(ways["maximum"]()) == rows.max()
        assert len(ways["copy"]()) == 2


def test_without_faiss(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingExtraError, match="faiss-cpu is not installed"):
        faiss_flat(made_up(2).vectors, 1)
