"""Everything together: systems that agree, systems that collapsed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from unit.evaluation.geometry.planted import lattice
from vultus.evaluation.geometry.micro import Terms
from vultus.evaluation.geometry.study import separation, study

PLANTED = {"a": 0.0, "b": 0.1, "c": 0.3, "d": 1.0}


def test_separation_is_the_area_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    who = np.repeat(np.arange(8), 5)
    rows = random.normal(size=(8, 6))[who] + random.normal(size=(40, 6))
    flat = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    left, right = np.triu_indices(40, 1)
    expected = roc_auc_score(who[left] == who[right], (flat @ flat.T)[left, right])
    assert separation(rows, who) == pytest.approx(expected, abs=1e-6)
    assert np.isnan(separation(rows[:5], who[:5]))


def test_two_systems_agree_and_a_collapsed_one_is_warned_of() -> None:
    one = lattice(PLANTED, people=3, points=60)
    other = replace(lattice(PLANTED, people=12, points=30, seed=1), name="other")
    seen = []
    found = study({"kind": "lattice"}, (one, other), Terms(repeats=20), progress=lambda: seen.append(1))
    assert len(seen) == 2
    assert found["schema"] == "vultus.audit.geometry/1"
    assert found["agreement"][0]["rho"] == pytest.approx(1.0)
    assert all(system["auc"] > 0.95 for system in found["systems"])
    assert found["warnings"] == ["planted was measured on 3 people: the intervals are too narrow"]
    collapsed = study({}, (other,), Terms(repeats=20), auc=0.6)
    assert collapsed["warnings"] == [
        "other tells people apart in 60.0% of the comparisons only: directions in such a space mean little"
    ]
