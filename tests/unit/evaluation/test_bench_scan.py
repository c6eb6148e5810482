from __future__ import annotations

import sys

import numpy as np
import pytest

from vultus.errors import MissingExtraError
from vultus.evaluation.bench_scan import beside_faiss, faiss_flat, made_up
from vultus.evaluation.row import Bench


def test_beside_faiss(monkeypatch):
    pytest.importorskip("faiss")
    one, many = beside_faiss(Bench(quick=True, threads=1))
    assert (one.what, many.n) == ("exact search of 20,000 people, 1 at a time", 192)
    assert one.ratio == pytest.approx(one.ours / one.peer)


def test_made_up_people():
    templates = made_up(50)
    np.testing.assert_allclose(np.linalg.norm(templates.vectors, axis=1), 1, atol=1e-5)
    assert len(templates.names) == 50
    assert np.array_equal(made_up(50).vectors, templates.vectors)


def test_without_faiss(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingExtraError, match="faiss-cpu is not installed"):
        faiss_flat(made_up(2).vectors, 1)
