"""Dry runs: long runs without networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vultus.batch import dryrun
from vultus.batch.dryrun import HashEngine, run_gallery, run_journal
from vultus.errors import ConfigError
from vultus.evaluation.row import Bench


def test_equal_bytes_give_equal_unit_vectors_and_no_thresholds() -> None:
    engine = HashEngine()
    (one,), (same,), (other,) = (engine.find(data) for data in (b"a", b"a", b"b"))
    assert one.embedding is not None
    assert same.embedding is not None
    assert other.embedding is not None
    assert np.array_equal(one.embedding.vector, same.embedding.vector)
    assert one.embedding.similarity(other.embedding) < 0.5
    with pytest.raises(ConfigError, match="a hash has no calibration: it recognises nobody"):
        _ = engine.calibration


def test_a_run_over_a_folder_and_again() -> None:
    pytest.importorskip("pyarrow")
    got = run_journal(60)
    assert got["computed_again"] == 0
    assert len(got["mib"]) == 60
    assert len(run_gallery(60)["mib"]) == 60


def test_rows_say_whether_memory_stayed_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = {"run_journal": [50.0] * 10 + [60.0] * 10, "run_gallery": [50.0] * 10 + [99.0] * 10}

    def fresh(name: str, n_files: int) -> dict[str, Any]:
        return {"mib": samples[name], "seconds": 2.0, "again_s": 1.0, "computed_again": 0, "after_mib": 70.0}

    monkeypatch.setattr(dryrun, "_fresh", fresh)
    rows = [row for measurement in dryrun.MEASUREMENTS for row in measurement.run(Bench(quick=True))]
    assert [(row.ours, row.met) for row in rows] == [
        (10.0, True),
        (200.0, None),
        (0.0, True),
        (49.0, False),
        (200.0, None),
    ]
    assert "a hash stands in for the embedding" in rows[0].reason


def test_a_run_in_a_process_of_its_own() -> None:
    assert dryrun._fresh("run_gallery", 40)["mib"]
