from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.evaluation.audit.rates import group_errors
from vultus.evaluation.audit.systems import accuracy
from vultus.research.methods.fairness import subgroup_audit as method
from vultus.research.methods.fairness.subgroup_audit import Config

LARGE = Config(people=800, genuine=30, impostor=120, sets=1)


def test_both_systems_are_equally_accurate_and_not_equally_fair():
    made = method.data(LARGE, 3, None)
    (fair, at), (unfair, same) = made.test.sets
    assert at == same
    assert made.test.planted.tolist() == [False, True]
    names = tuple("0123")
    rows = [group_errors(one, names, made.train, at) for one in (fair, unfair)]
    np.testing.assert_allclose([row.fmr.value for row in rows[0]], 0.02, atol=0.006)
    np.testing.assert_allclose([row.fmr.value for row in rows[1]], made.test.truth[1], atol=0.01)
    assert made.test.truth[1][0] == pytest.approx(0.05)
    assert rows[1][1].fnmr.value == pytest.approx(0.2, abs=0.03)
    decided = [((one.scores >= at) == one.same).mean() for one in (fair, unfair)]
    assert decided[0] == pytest.approx(decided[1], abs=0.006)
    assert accuracy(fair, at) > 0.9


def test_the_control_has_the_labels_of_other_people():
    made = method.data(Config.tiny(), 3, None)
    assert not np.array_equal(made.train, made.destroyed)
    assert sorted(made.train) == sorted(made.destroyed)


def test_figures_of_a_perfect_audit():
    class Oracle(method.Audit):
        def look(self, found, threshold):
            p = 0.001 if len(seen) % 2 else 0.9
            seen.append(found)
            return p, np.tile([0.0, 1.0], (4, 1))

    seen: list[object] = []
    made = method.data(Config.tiny(), 3, None)
    oracle = Oracle()
    oracle.fit(made.train, 3)
    assert method.score(oracle, made.test) == {"auc": 1.0, "power": 1.0, "false_alarms": 0.0, "coverage": 1.0}


def test_disparities_cannot_be_planted_in_real_data():
    with pytest.raises(InputError, match="planted disparities can only be made"):
        method.data(Config.tiny(), 1, Path())
