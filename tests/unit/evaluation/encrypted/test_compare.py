from __future__ import annotations

from dataclasses import replace

import pytest

from vultus.errors import InputError
from vultus.evaluation.encrypted.compare import agreement, costs, goals
from vultus.evaluation.encrypted.costs import Cost
from vultus.evaluation.encrypted.ours import DEFAULT

OURS = Cost(
    "vultus", DEFAULT.words, "signed", 2048, 2048, 128, 128, "8 bits", "7 bits, sign", 100, 0.1, 1e-3, 1e-4, 1e-5,
    5e-5, 512, 512, 700.0, 1e-3, 0.0, True, 7,
)  # fmt: skip
LIGHTPHE = replace(
    OURS, backend="lightphe", scheme="Paillier, 19 digits", encrypt_s=2.0, dot_s=0.5, decrypt_s=0.04,
    template_bytes=65536.0, measured_dimension=64,
)  # fmt: skip
LEAN = replace(OURS, backend="tenseal", scheme="CKKS batched, N = 4096", dot_s=2e-6, template_bytes=3000.0)


def test_goals_are_held_against_the_same_run():
    rows = {(row.what.split(",")[0], row.peer_name.split(",")[0]): row for row in goals([OURS, LIGHTPHE, LEAN])}
    dot = rows["dot product", "lightphe"]
    assert (dot.ours, dot.peer, dot.unit) == (pytest.approx(1e5), 2.0, "comparisons/s")
    assert dot.ratio == pytest.approx(50_000)
    assert dot.met
    assert "ours modulus 2048 bits, exponents 7 bits, sign" in dot.reason
    assert dot.reason.endswith("measured on 64")
    assert rows["encryption", "lightphe"].met
    assert rows["decryption", "lightphe"].met
    assert rows["ciphertext bytes per template", "lightphe"].met
    assert rows["dot product", "tenseal"].met is False
    assert rows["dot product", "tenseal"].ratio == pytest.approx(0.2)
    assert rows["ciphertext bytes per template", "tenseal"].met


def test_a_goal_that_is_missed_says_so():
    slow = replace(OURS, dot_s=1e-3, template_bytes=2000.0)
    rows = {(row.what.split(",")[0], row.peer_name.split(",")[0]): row for row in goals([slow, LIGHTPHE])}
    assert rows["dot product", "lightphe"].met is False
    assert rows["ciphertext bytes per template", "lightphe"].met is False


def test_without_peers_there_is_nothing_to_compare():
    assert list(goals([OURS])) == []


def test_a_system_that_does_not_agree_is_named():
    assert agreement([OURS, LEAN]).met
    row = agreement([OURS, replace(LEAN, agrees=False)])
    assert (row.met, row.ours) == (False, 0.5)
    assert "tenseal CKKS batched, N = 4096" in row.reason


def test_every_system_of_ours_is_measured_and_agrees(study):
    rows = list(costs(study))
    table = study.bench.details["costs"]
    assert {line["scheme"] for line in table} == {choice.scheme for choice in study.choices}
    assert all(line["agrees"] and line["modulus_bits"] == 1024 and line["dimension"] == 16 for line in table)
    assert rows[0].met
    assert len(rows) == 1
    assert study.bench.details["templates"]["16"].startswith("synthetic, 60 people")


def test_a_system_that_cannot_be_measured_leaves_the_others(study, monkeypatch):
    def broken(choice, *rest):
        if choice.scheme != DEFAULT.words:
            raise InputError("no time")
        return OURS

    monkeypatch.setattr("vultus.evaluation.encrypted.compare.measure", broken)
    rows = list(costs(study))
    assert [row.what for row in rows if row.ours is None] == [
        "costs of vultus, Okamoto-Uchiyama, packed, 8 bits, 1024 bits, 16 dimensions"
    ]
    assert rows[0].reason == "not measured: no time"
    assert len(study.bench.details["costs"]) == 1


def test_the_further_dimensions_take_the_main_ways_alone(study):
    study.dimensions = (16, 24)
    list(costs(study))
    counts = [sum(line["dimension"] == dimension for line in study.bench.details["costs"]) for dimension in (16, 24)]
    assert counts == [len(study.choices), sum(choice.main for choice in study.choices)]
