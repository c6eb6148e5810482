from __future__ import annotations

import pytest

from vultus.errors import UnknownNameError
from vultus.evaluation.bench import run_suite
from vultus.evaluation.row import Bench
from vultus.research.data.world.bench import MEASUREMENTS, PACKAGES


def test_every_row_runs() -> None:
    bench = Bench(threads=1, quick=True)
    report = run_suite(MEASUREMENTS, bench, ("speed", "tracks"), PACKAGES)
    assert [row["unit"] for row in report["rows"]] == ["faces/s"] * 2 + ["frames/s"] * 2
    assert all(row["ours"] > 0 for row in report["rows"])
    assert report["rows"][0]["goal"] == ">= 500/s"
    assert "numba" in report["versions"]


def test_the_detector_is_asked_about_frontal_faces() -> None:
    bench = Bench(threads=1, quick=True)
    (row,) = run_suite(MEASUREMENTS, bench, ("detected",))["rows"]
    assert row["n"] == 4
    assert row["ours"] >= 0.75
    assert set(bench.details["detected"]) == {"expression", "hair", "wear", "skin tone"}
    with pytest.raises(UnknownNameError, match="unknown measurement 'beauty'"):
        run_suite(MEASUREMENTS, bench, ("beauty",))
