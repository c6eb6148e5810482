"""Mixtures of classes that arrive one after another, beside scipy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from vultus.research.methods.expression.continual_bgmm.densities import (
    ClassMixtures,
    GrowingMixture,
    Mixture,
    NearestMean,
    Prior,
    StreamingDiscriminant,
)

HEADS = (lambda: ClassMixtures(Prior()), lambda: GrowingMixture(Prior()), NearestMean, StreamingDiscriminant)


def crossed(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two classes with the same mean: one shows both or nothing, the other one or the other."""
    rng = np.random.default_rng(seed)
    corners = np.array([[[1, 1], [-1, -1]], [[1, -1], [-1, 1]]]) * 2.0
    labels = np.arange(count) % 2
    return corners[labels, rng.integers(0, 2, count)] + 0.3 * rng.normal(size=(count, 2)), labels


def test_densities_are_those_of_scipy() -> None:
    rng = np.random.default_rng(0)
    mixture = Mixture(np.array([0.3, 0.7]), rng.normal(size=(2, 3)), rng.uniform(0.5, 2, (2, 3)), 0.0)
    rows = rng.normal(size=(20, 3))
    wanted = sum(
        weight * multivariate_normal(mean, np.diag(variance)).pdf(rows)
        for weight, mean, variance in zip(mixture.weights, mixture.means, mixture.variances, strict=True)
    )
    assert np.exp(mixture.log_density(rows)) == pytest.approx(wanted)
    assert mixture.floats == 2 * (2 * 3 + 1)


def test_a_mixture_tells_apart_what_a_mean_cannot() -> None:
    rows, labels = crossed(200, 0)
    probes, truth = crossed(200, 1)

    def accuracy(head) -> float:
        head.arrive(rows, labels, 0)
        seen, scores = head.scores(probes)
        return float((seen[scores.argmax(axis=1)] == truth).mean())

    assert accuracy(ClassMixtures(Prior(tightness=0.1))) > 0.98
    assert accuracy(NearestMean()) < 0.7
    assert accuracy(ClassMixtures(Prior(components=1))) < 0.7


@pytest.mark.parametrize("make", HEADS)
def test_classes_are_added_without_the_old_samples(make) -> None:
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(6, 5)) * 6
    labels = np.repeat(np.arange(6), 40)
    rows = centres[labels] + rng.normal(size=(240, 5))
    head = make()
    kept = []
    for task in ((0, 1, 2), (4,), (3, 5)):
        now = np.isin(labels, task)
        head.arrive(rows[now], labels[now], 1)
        seen, scores = head.scores(rows[labels < 3])
        kept.append(scores[:, :3])
        assert scores.shape == (120, len(seen))
    assert sorted(seen) == [0, 1, 2, 3, 4, 5]
    seen, scores = head.scores(rows)
    assert (seen[scores.argmax(axis=1)] == labels).mean() > 0.95
    assert head.floats > 0
    if not isinstance(head, StreamingDiscriminant):  # its covariance goes on
        assert kept[0] == pytest.approx(kept[-1])


def test_unneeded_components_are_pruned() -> None:
    rows = np.random.default_rng(0).normal(size=(300, 4))
    mixture = Mixture.fitted(rows, Prior(components=6, concentration=1e-3), np.ones(4), 0)
    assert mixture.effective < 6
    assert mixture.weights.sum() == pytest.approx(1)


def test_what_is_unlike_every_class_is_unknown() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 200)
    rows = rng.normal(size=(400, 3)) + 5 * labels[:, None]
    head = ClassMixtures(Prior())
    head.arrive(rows, labels, 0)
    assert head.unknown(np.full((5, 3), 40.0)).all()
    assert head.unknown(rows).mean() <= 0.02


def test_fewer_samples_than_components() -> None:
    head = ClassMixtures(Prior(components=3))
    head.arrive(np.array([[0.0, 1.0], [0.1, 1.1], [5.0, 5.0], [5.1, 5.2]]), np.array([0, 0, 1, 1]), 0)
    assert head.scores(np.zeros((1, 2)))[1].shape == (1, 2)
    assert head.by_class[0].weights.size == 2
