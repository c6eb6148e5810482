from __future__ import annotations

from pathlib import Path

import pytest

from vultus.evaluation.row import Bench
from vultus.research.bench import epoch, network, overhead


def test_a_step_beside_one_by_hand() -> None:
    rows = list(overhead(Bench(quick=True, threads=1)))
    assert [row.what.split()[-1] for row in rows] == ["memory", "files"]
    for row in rows:
        assert row.ratio == pytest.approx(row.ours / row.peer)
    assert rows[0].met == (rows[0].ratio <= 1.1)
    assert (rows[1].goal, rows[1].met) == ("", None)


def test_an_epoch() -> None:
    whole, step = epoch(Bench(quick=True, threads=1))
    assert (whole.what, whole.n) == ("one epoch of made pictures, 256 pictures", 2)
    assert 0 < step.ours < 1e3 * whole.ours
    assert sum(one.numel() for one in network().parameters()) < 100_000


@pytest.mark.shared
def test_an_epoch_of_real_pictures(shared: Path) -> None:
    whole, _ = epoch(Bench(quick=True, threads=1, data=shared))
    assert whole.what == "one epoch of FER2013, 256 pictures"
