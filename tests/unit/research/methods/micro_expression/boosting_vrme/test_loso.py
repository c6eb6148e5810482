"""One person left out after the other."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from vultus.research.methods.micro_expression.boosting_vrme import Config
from vultus.research.methods.micro_expression.boosting_vrme.films import Filming, films
from vultus.research.methods.micro_expression.boosting_vrme.loso import folds, summary

QUICK = replace(Config.tiny(), width=4, steps=2)


def test_everybody_is_left_out_once_and_counts_are_pooled() -> None:
    whole = films(Filming(people=3, films=1, frames=300), 5)
    whole = replace(whole, subjects=np.array(["a", "b", "c"]))
    steps: list[None] = []
    rows = list(folds(QUICK, whole, 0, tell=lambda: steps.append(None)))
    assert [row["person"] for row in rows] == ["a", "b", "c"]
    assert len(steps) == 3 * 2 * QUICK.steps
    assert set(rows[0]["arms"]) == {f"{one}, {way}" for one in ("one network", "two networks")
                                    for way in ("grown", "fixed")}  # fmt: skip
    rows = json.loads(json.dumps(rows))
    again = list(folds(QUICK, whole, 0, done=("a", "b")))
    assert again == rows[2:]
    marked = int((whole["marks"][:, :, 0] >= 0).sum())
    for arm in summary(rows).values():
        assert sum(one["hits"] + one["missed"] for one in arm["folds"].values()) == marked


def test_rates_by_hand() -> None:
    """Two folds: three of four marked ones spotted, one false; classes right but for one."""
    first = {"pairs": [[[[0, 9], [20, 29]], [[0, 9], [20, 29]]]], "hits": [[0, 0], [3, 0]]}
    second = {"pairs": [[[[0, 9]], [[0, 9], [50, 59]]], [[[5, 9]], []]], "hits": [[1, 1]]}
    rows = [{"person": "a", "arms": {"one": first}}, {"person": "b", "arms": {"one": second}}]
    found = summary(rows)["one"]
    assert found["folds"]["b"] == {"hits": 1, "false": 1, "missed": 1}
    assert found["spotting"] == {"precision": 0.75, "recall": 0.75, "f1": 0.75}
    # classes 0, 1, 3: precisions 1/2, 1, 0; recalls 1, 1, 0
    assert found["recognition"]["harmonic_f1"] == 2 * 0.5 * (2 / 3) / (0.5 + 2 / 3)
    assert abs(found["recognition"]["f1"] - (2 / 3 + 1 + 0) / 3) < 1e-12
    assert found["recognition_3"] == {"n": 2, "f1": 1.0, "harmonic_f1": 1.0}
    assert found["strs_3"] == 0.75
    assert found["strs"] == 0.75 * found["recognition"]["harmonic_f1"]


def test_nothing_spotted_is_nothing_recognised() -> None:
    rows = [{"person": "a", "arms": {"one": {"pairs": [[[[0, 9]], []]], "hits": []}}}]
    found = summary(rows)["one"]
    assert found["strs"] == found["strs_3"] == 0
    assert found["recognition"] == {"n": 0, "f1": 0.0, "harmonic_f1": 0.0}
