from __future__ import annotations

import pytest

from vultus.evaluation.encrypted.ours import DEFAULT
from vultus.evaluation.encrypted.rates import error_rates
from vultus.evaluation.encrypted.study import Study
from vultus.evaluation.row import Bench


def test_encrypted_decisions_beside_plain_ones(study):
    study.dimensions = (64,)
    rows = {row.what: row for row in error_rates(study)}
    mine = rows[f"equal error rate, {DEFAULT.words}"]
    assert mine.goal == "within 0.001"
    assert abs(mine.ours - mine.peer) < 0.05
    assert "all as in the clear: True" in mine.reason
    assert f"top-1 of a search, {DEFAULT.words}" in rows
    table = study.bench.details["accuracy"]["rows"]
    assert [(line["backend"], line["pipeline"]) for line in table[:2]] == [("plain", "signed"), ("plain", "min-max")]
    assert all(line["agrees"] for line in table)
    assert {line["n_pairs"] for line in table} == {120}


def test_peers_stand_in_their_own_pipeline():
    pytest.importorskip("tenseal")
    study = Study(Bench(quick=True), backends=("tenseal",), bits=(1024,), dimensions=(16,))
    rows = list(error_rates(study))
    assert [row.what for row in rows] == ["equal error rate of the min-max pipeline in float"]
    exact = [line for line in study.bench.details["accuracy"]["rows"] if "BFV" in line["scheme"]]
    assert exact[0]["difference"] == 0.0
    assert exact[0]["n_encrypted"] >= 2
