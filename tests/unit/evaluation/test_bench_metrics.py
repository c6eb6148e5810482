"""Bench rows about metrics."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from vultus.errors import MissingExtraError
from vultus.evaluation import bench_metrics
from vultus.evaluation.bench_metrics import made_up, rates
from vultus.evaluation.row import Bench


def test_rates() -> None:
    rows = list(rates(Bench(quick=True)))
    assert [row.goal for row in rows] == [">= 1 x", ">= 1 x", "<= 1e-6"]
    assert rows[0].ratio == pytest.approx(rows[0].ours / rows[0].peer)
    assert "200,000 scores" in rows[0].what
    assert rows[2].met


def test_scores_are_the_same_each_time() -> None:
    scores, same = made_up(1000)
    assert 60 < same.sum() < 140
    assert scores[same].mean() - scores[~same].mean() == pytest.approx(3, abs=0.4)
    assert np.array_equal(made_up(1000)[0], scores)


def test_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_metrics, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r'scikit-learn is not installed; run: pip install "vultus\[bench\]"'):
        list(rates(Bench(quick=True)))
