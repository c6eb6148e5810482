from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vultus.errors import MissingExtraError
from vultus.evaluation import bench_load
from vultus.evaluation.bench_load import memory, mixed_sizes, resident_mib, same_faces, threads_agree


def test_mixed_sizes_stay_within_bounds_and_repeat():
    pictures = [np.random.default_rng(0).integers(0, 255, (90, 120, 3), dtype=np.uint8)]
    sizes = [picture.shape for picture in mixed_sizes(pictures, 40, longest=640)]
    assert len(set(sizes)) > 30
    assert all(max(shape) <= 641 and min(shape[:2]) >= 1 and shape[2] == 3 for shape in sizes)
    assert [picture.shape for picture in mixed_sizes(pictures, 40, longest=640)] == sizes


def test_memory_compares_quarters(bench, monkeypatch):
    readings = iter([50.0] * 6 + [100.0] * 6 + [101.0] * 6 + [103.0] * 6)
    monkeypatch.setattr(bench_load, "resident_mib", lambda: next(readings))
    (row,) = memory(bench)
    assert (row.ours, row.n, row.met) == (3.0, 24, True)
    readings = iter([50.0] * 12 + [200.0] * 12)
    assert not next(memory(bench)).met


def test_resident_memory_grows_with_an_array():
    before = resident_mib()
    held = np.ones(30_000_000)
    assert 200 < resident_mib() - before < 300
    assert held[-1] == 1


def test_resident_memory_elsewhere(monkeypatch):
    here = resident_mib()
    monkeypatch.setattr(bench_load, "_STATM", Path("nowhere"))
    pytest.importorskip("psutil")
    assert resident_mib() == pytest.approx(here, rel=0.2)
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.raises(MissingExtraError, match=r'psutil is not installed; run: pip install "vultus\[bench\]"'):
        resident_mib()


def test_threads_agree_on_a_pure_engine(bench):
    (row,) = threads_agree(bench)
    assert (row.ours, row.n, row.met) == (1.0, 8, True)


def test_threads_that_disagree_are_caught(bench, engine, make_face):
    calls = iter(range(1000))
    engine.find = lambda picture: [make_face([1, next(calls)])]
    (row,) = threads_agree(bench)
    assert not row.met


def test_same_faces_looks_at_every_bit(make_face):
    one = make_face([1, 2])
    assert same_faces([one], [make_face([1, 2])])
    assert not same_faces([one], [])
    assert not same_faces([one], [make_face([1, 2.00001])])
    assert not same_faces([one], [make_face([1, 2], score=0.98)])
    assert not same_faces([one], [replace(one, embedding=None)])
