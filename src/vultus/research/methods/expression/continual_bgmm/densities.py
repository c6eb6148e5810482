"""Heads that are fitted in closed form as classes arrive, and never see old samples again.

Each has `arrive(rows, labels, seed)`, called once per task with that task's samples only, `scores(rows)` over every
class seen so far, and `floats`, what it must keep.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]
    Labels = NDArray[np.int64]

NEGLIGIBLE = 0.01  # weight below which a component counts as pruned
_NARROWER = 0.5  # a component of the second reading covers part of a class
_UNUSUAL = 0.01  # share of the training samples that would be called unknown


@dataclass(frozen=True, slots=True)
class Prior:
    """Of the mixtures.

    Attributes:
        components: at most so many for each class.
        concentration: of their weights; small prunes more.
        tightness: of a component, as a share of the mean variance inside the classes of the first task.
        floor: added to every variance.
        iterations: at most.
    """

    components: int = 3
    concentration: float = 0.1
    tightness: float = 1.0
    floor: float = 1e-2
    iterations: int = 200


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Gaussians with diagonal covariance.

    Attributes:
        weights: (M,), sum 1.
        means, variances: (M, D).
        unusual: log-likelihood below which one in a hundred of its own samples lies.
    """

    weights: Rows
    means: Rows
    variances: Rows
    unusual: float

    @classmethod
    def fitted(cls, rows: Rows, prior: Prior, inside: Rows, seed: int) -> Mixture:
        """By variational Bayes with a Dirichlet process over the weights.

        Args:
            rows: (N, D).
            prior: of the mixture.
            inside: variance expected of a component, (D,).
            seed: of the start.
        """
        import warnings

        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import BayesianGaussianMixture

        model = BayesianGaussianMixture(
            n_components=min(prior.components, len(rows)),
            covariance_type="diag",
            weight_concentration_prior_type="dirichlet_process",
            weight_concentration_prior=prior.concentration,
            covariance_prior=_degrees(inside * prior.tightness),
            reg_covar=prior.floor,
            max_iter=prior.iterations,
            random_state=seed % 2**32,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(rows)
        bare = cls(model.weights_ / model.weights_.sum(), model.means_, model.covariances_, -np.inf)
        return cls(bare.weights, bare.means, bare.variances, float(np.quantile(bare.log_density(rows), _UNUSUAL)))

    def joint(self, rows: Rows) -> Rows:
        """Log of weight times density of each component; (N, M)."""
        far = ((rows[:, None, :] - self.means) ** 2 / self.variances + np.log(2 * np.pi * self.variances)).sum(axis=2)
        return np.asarray(np.log(np.maximum(self.weights, 1e-300)) - far / 2)

    def log_density(self, rows: Rows) -> Rows:
        """(N,)."""
        return _log_sum(self.joint(rows))

    @property
    def effective(self) -> int:
        """Components that are not pruned."""
        return int((self.weights > NEGLIGIBLE).sum())

    @property
    def floats(self) -> int:
        """Numbers to keep."""
        return self.weights.size + self.means.size + self.variances.size


@dataclass
class ClassMixtures:
    """First reading: a mixture for each class, fitted when the class arrives."""

    prior: Prior
    by_class: dict[int, Mixture] = field(default_factory=dict)
    inside: Rows | None = None

    def arrive(self, rows: Rows, labels: Labels, seed: int) -> None:
        """Fit the classes of a task."""
        self.inside = _inside(rows, labels) if self.inside is None else self.inside
        for label in np.unique(labels):
            own = rows[labels == label]
            self.by_class[int(label)] = Mixture.fitted(own, self.prior, self.inside, seed + int(label))

    def scores(self, rows: Rows) -> tuple[Labels, Rows]:
        """Classes seen so far, and the log-likelihood of each; (K,) and (N, K)."""
        seen = np.array(list(self.by_class), dtype=np.int64)
        return seen, np.stack([self.by_class[int(label)].log_density(rows) for label in seen], axis=1)

    def unknown(self, rows: Rows) -> NDArray[np.bool_]:
        """Less likely in every class than all but one in a hundred of that class's own samples; (N,)."""
        seen, found = self.scores(rows)
        return np.asarray((found < [self.by_class[int(label)].unusual for label in seen]).all(axis=1))

    @property
    def floats(self) -> int:
        """Numbers to keep."""
        return sum(mixture.floats for mixture in self.by_class.values())

    @property
    def effective(self) -> float:
        """Components in use, mean over the classes."""
        return float(np.mean([mixture.effective for mixture in self.by_class.values()]))


@dataclass
class GrowingMixture:
    """Second reading: one mixture that grows with each task, and a table from components to classes."""

    prior: Prior
    parts: list[tuple[Mixture, Labels, Rows, int]] = field(default_factory=list)
    inside: Rows | None = None

    def arrive(self, rows: Rows, labels: Labels, seed: int) -> None:
        """Add components for a task's samples, whatever their classes, and what the classes' shares in them are."""
        classes, numbers = np.unique(labels, return_inverse=True)
        self.inside = _inside(rows, labels) * _NARROWER if self.inside is None else self.inside
        prior = replace(self.prior, components=self.prior.components * len(classes))
        mixture = Mixture.fitted(rows, prior, self.inside, seed)
        joint = mixture.joint(rows)
        belongs = np.exp(joint - _log_sum(joint)[:, None])
        table = belongs.T @ np.eye(len(classes))[numbers] + 1e-6
        self.parts.append((mixture, classes, table / table.sum(axis=1, keepdims=True), len(rows)))

    def scores(self, rows: Rows) -> tuple[Labels, Rows]:
        """Classes seen so far, and the log of each one's share of the density; (K,) and (N, K)."""
        seen = np.concatenate([classes for _, classes, _, _ in self.parts])
        found = []
        for mixture, classes, table, size in self.parts:
            joint = mixture.joint(rows) + np.log(size)
            found += [_log_sum(joint + np.log(table[:, column])) for column in range(len(classes))]
        return seen, np.stack(found, axis=1)

    @property
    def floats(self) -> int:
        """Numbers to keep."""
        return sum(mixture.floats + table.size + 1 for mixture, _, table, _ in self.parts)


@dataclass
class NearestMean:
    """NCM: the class whose mean is nearest."""

    means: dict[int, Rows] = field(default_factory=dict)

    def arrive(self, rows: Rows, labels: Labels, seed: int) -> None:
        """Keep the means of a task's classes."""
        for label in np.unique(labels):
            self.means[int(label)] = rows[labels == label].mean(axis=0)

    def scores(self, rows: Rows) -> tuple[Labels, Rows]:
        """Classes seen so far, and minus the squared distance to each; (K,) and (N, K)."""
        means = np.stack(list(self.means.values()))
        return np.array(list(self.means), dtype=np.int64), -((rows[:, None, :] - means) ** 2).sum(axis=2)

    @property
    def floats(self) -> int:
        """Numbers to keep."""
        return sum(mean.size for mean in self.means.values())


@dataclass
class StreamingDiscriminant:
    """LDA whose one covariance is updated with every task (Hayes and Kanan, 2020)."""

    shrink: float = 1e-2
    means: dict[int, Rows] = field(default_factory=dict)
    scatter: Rows = field(default_factory=lambda: np.zeros((0, 0)))
    count: int = 0

    def arrive(self, rows: Rows, labels: Labels, seed: int) -> None:
        """Keep the means of a task's classes, and add their scatter to that of the others."""
        if not self.count:
            self.scatter = np.zeros((rows.shape[1],) * 2)
        for label in np.unique(labels):
            own = rows[labels == label]
            self.means[int(label)] = own.mean(axis=0)
            inside = own - self.means[int(label)]
            self.scatter = self.scatter + inside.T @ inside
        self.count += len(rows)

    def scores(self, rows: Rows) -> tuple[Labels, Rows]:
        """Classes seen so far, and the linear discriminant of each; (K,) and (N, K)."""
        shared = self.scatter / self.count
        size = len(shared)
        shared = (1 - self.shrink) * shared + self.shrink * np.trace(shared) / size * np.eye(size)
        means = np.stack(list(self.means.values()))
        turned = np.linalg.solve(shared, means.T)
        return np.array(list(self.means), dtype=np.int64), rows @ turned - (means.T * turned).sum(axis=0) / 2

    @property
    def floats(self) -> int:
        """Numbers to keep."""
        return sum(mean.size for mean in self.means.values()) + self.scatter.size


def _inside(rows: Rows, labels: Labels) -> Rows:
    """Mean variance inside the classes; (D,)."""
    return np.asarray(np.mean([rows[labels == label].var(axis=0) for label in np.unique(labels)], axis=0))


def _degrees(variance: Rows) -> Rows:
    """A prior variance as scikit-learn wants it: times the degrees of freedom, which it takes to be D."""
    return np.asarray(np.maximum(variance, 1e-6) * len(variance))


def _log_sum(values: Rows) -> Rows:
    """Log of the sum of exponentials along the second axis; (N,)."""
    most = values.max(axis=1, keepdims=True)
    return np.asarray(most[:, 0] + np.log(np.exp(values - most).sum(axis=1)))
