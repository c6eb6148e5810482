"""System 33: what every arm is, and that the harness tells forgetting from knowing."""

from __future__ import annotations

import numpy as np
import pytest

from vultus.research.contract import FULL
from vultus.research.experiment import arms
from vultus.research.methods.expression import continual_bgmm as method
from vultus.research.methods.expression.continual_bgmm import Config
from vultus.research.methods.expression.continual_bgmm.densities import ClassMixtures, GrowingMixture

TINY = Config.tiny()


@pytest.fixture(scope="module")
def data():
    return method.data(TINY, 2, None)


def test_every_arm_answers_with_classes_that_have_arrived(data) -> None:
    test = data.test
    for name, model in arms(method, TINY, 2).items():
        model.fit(data.train, 2)
        answers = model.answers(test)
        assert len(answers) == 3, name
        for task, said in enumerate(answers):
            arrived = set(test["expression"][test["task"] <= task])
            assert set(said) <= arrived, name
        figures = method.score(model, test)
        assert {metric.name for metric in method.METRICS} == set(figures)
        assert 0 <= figures["final_accuracy"] <= 1
        tells = name in {"full", "destroyed", "au_only", "deep_only", "one_gaussian"}
        assert np.isfinite(figures["unknown_new"]) == tells, name


def test_only_the_head_differs_between_arms_of_the_same_vector(data) -> None:
    full, mean = method.build(TINY), method.ablations(TINY)["nearest_mean"]
    budgets = [model.fit(data.train, 2) for model in (full, mean)]
    assert full.branches is mean.branches
    assert budgets[0].steps == budgets[1].steps
    assert budgets[0].parameters - full.after[-1].floats == budgets[1].parameters - mean.after[-1].floats


def test_both_readings(data) -> None:
    first, second = method.build(TINY), method.ablations(TINY)["other_reading"]
    for model in (first, second):
        model.fit(data.train, 2)
    assert isinstance(first.after[-1], ClassMixtures)
    assert isinstance(second.after[-1], GrowingMixture)
    assert len(first.after[0].by_class) == 3
    assert len(first.after[-1].by_class) == 5


def test_memory_is_that_of_the_card(data) -> None:
    """K classes with three components of D means, D variances and a weight each."""
    model = method.build(TINY)
    model.fit(data.train, 2)
    width = model.branches.vectors("both").shape[1]
    assert model.after[-1].floats == 5 * 3 * (2 * width + 1)


def test_claims_are_about_arms_and_metrics_that_exist() -> None:
    names = set(arms(method, TINY, 0))
    assert {claim.over for claim in method.CLAIMS} - {""} <= names
    assert all(claim.arm == FULL for claim in method.CLAIMS)
    assert set(method.UNEQUAL) <= names
