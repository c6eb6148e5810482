from __future__ import annotations

import numpy as np
import pytest

from unit.evaluation.audit.made import made
from vultus.errors import InputError
from vultus.evaluation.audit.audit import Terms, audit
from vultus.metrics.fairness import group_rates


def ages(group):
    return {"age": np.where(np.arange(len(group)) % 2 == 0, "old", "young")}


def test_the_document_of_an_audit():
    found = made([(0.1, 0.1), (0.02, 0.1)], people=80, labels=ages)
    report = audit(found, Terms(threshold=0.5, threshold_from="the contract"))
    assert [part["attributes"] for part in report["attributes"]] == [["group"], ["age"], ["group", "age"]]
    assert report["threshold"] == {"value": 0.5, "fmr_target": None, "from": "the contract"}
    own = group_rates(
        found.scores, found.same, *(found.labels["group"][side] for side in (found.left, found.right)), 0.5
    )
    first = report["attributes"][0]
    assert [row["fmr"]["value"] for row in first["groups"]] == pytest.approx(own.fmr_within.tolist())
    assert [row["fnmr"]["value"] for row in first["groups"]] == pytest.approx(own.fnmr.tolist())
    assert first["summaries"]["fmr_max_min"] == pytest.approx(own.fmr_within.max() / own.fmr_within.min())
    assert len(report["attributes"][2]["groups"]) == 4
    assert len(audit(found, Terms(threshold=0.5, intersections=False))["attributes"]) == 2


def test_the_one_threshold_keeps_its_false_match_rate():
    report = audit(made([(0.1, 0.1), (0.02, 0.1)]), Terms(fmr=0.01))
    assert report["overall"]["fmr"]["value"] <= 0.01
    assert report["threshold"]["fmr_target"] == 0.01
    for row in report["attributes"][0]["groups"]:
        assert row["matched_fmr"]["fnmr"]["n"] == row["fnmr"]["n"]


def test_what_is_too_little_is_told():
    found = made([(0.1, 0.1), (0.0, 0.1)], people=40)
    words = " ".join(audit(found, Terms(threshold=0.5))["warnings"])
    assert "No false match seen among b" in words
    few = " ".join(audit(made([(0.1, 0.1), (0.1, 0.1)], people=10), Terms(threshold=0.5))["warnings"])
    assert "Too few people or comparisons to judge (group): a, b." in few
    unknown = made([(0.1, 0.1)] * 3)
    unknown.labels["group"][:5] = ""
    assert "5 people have no label of group and are in no group of it." in audit(unknown)["warnings"]


def test_one_group_cannot_be_compared():
    with pytest.raises(InputError, match="made: no attribute has two groups, so nothing can be compared"):
        audit(made([(0.1, 0.1)]))
