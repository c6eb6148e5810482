from __future__ import annotations

from vultus.evaluation.encrypted.ablation import WITHOUT, ablations


def test_each_accelerator_is_switched_off_in_its_stage(study):
    study.dimensions = (64,)
    rows = list(ablations(study))
    assert {row.what.split(":")[0] for row in rows} == {"packing", "multi-exponentiation", "fixed-base table", "CRT"}
    assert all(row.peer_name == WITHOUT and row.goal == "at least 1.5 times" for row in rows)
    assert all(row.met is (row.ratio >= 1.5) for row in rows)
    packing = [row for row in rows if row.what.startswith("packing")]
    assert all(row.ratio > 5 for row in packing)
