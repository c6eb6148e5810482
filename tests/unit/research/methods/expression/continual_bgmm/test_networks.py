"""Networks that go on, are held back, or begin anew."""

from __future__ import annotations

import numpy as np
import pytest

from vultus.research.methods.expression.continual_bgmm.networks import Perceptron


def task(classes: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.array(classes), 30)
    return np.eye(6)[labels] * 3 + rng.normal(size=(len(labels), 6)) * 0.3, labels


def learnt(kind: str, brake: float = 300.0) -> tuple[Perceptron, float, float]:
    head = Perceptron(kind, 6, 150, brake)
    for number, classes in enumerate(((0, 1, 2), (3, 4), (5,))):
        head.arrive(*task(classes, number), seed=1)
    old, new = task((0, 1, 2), 9), task((5,), 9)
    accuracy = [
        float((seen[scores.argmax(axis=1)] == labels).mean())
        for rows, labels in (old, new)
        for seen, scores in (head.scores(rows),)
    ]
    return head, accuracy[0], accuracy[1]


def test_going_on_forgets_and_beginning_anew_does_not() -> None:
    _, old, new = learnt("fine_tuned")
    assert new > 0.9
    assert old < 0.5
    joint, old, new = learnt("joint")
    assert min(old, new) > 0.9
    assert joint.taken == 150 * (1 + 2 + 3)


def test_a_brake_keeps_what_a_free_network_loses() -> None:
    held, old, _ = learnt("ewc", brake=1e4)
    assert old > learnt("fine_tuned")[1]
    assert held.floats > learnt("fine_tuned")[0].floats


def test_only_classes_that_have_arrived_are_answered() -> None:
    head = Perceptron("fine_tuned", 6, 20)
    assert head.scores(np.zeros((2, 6)))[1].shape == (2, 0)
    assert head.floats == 0
    head.arrive(*task((4, 1), 0), seed=0)
    assert head.scores(np.zeros((2, 6)))[0].tolist() == [1, 4]


def test_the_same_seed_gives_the_same_network() -> None:
    one, other = learnt("ewc")[0], learnt("ewc")[0]
    rows = np.ones((3, 6))
    assert one.scores(rows)[1] == pytest.approx(other.scores(rows)[1])
