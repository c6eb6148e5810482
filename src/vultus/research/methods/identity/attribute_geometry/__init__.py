"""System 39: the geometry of face embeddings under attributes that people can name.

Leroy, Mastropietro, Nurisso, Vaccarino, "Attributes Shape the Embedding Space of Face Recognition Models", ICML 2025.
The measures are `evaluation/geometry`, which `vultus audit geometry` uses; here they are held to planted truths.

In: models whose dependence on attributes is known. (A) Embedders made by formula, each at another scale, in which an
attribute moves embeddings by a planted amount, half of the directions turning from picture to picture. (B) Small
networks trained on drawn faces, then trained on with brightness, with contrast or with nothing augmented, from mildly
(pictures vary from 1 to 3.5 times as much as they would) to widely (6 times), each embedding at another scale. (C) A
closed-form recogniser of people whose ten attributes vary inside people from never to freely. Out: how much a model
follows each attribute (1 - energy; KS between people). The control has the names of the attributes shuffled.

Deviations. The paper's models, GAN lattice and CelebA are not at hand: faces are drawn, and the models are so small
that they train in seconds. Pictures carry camera noise; without it the small networks are so smooth that energies stay
near 0 whatever the augmentation. Real lattices and faces go through `vultus audit geometry`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.geometry import micro
from vultus.evaluation.geometry.lattice import Curves, Person, field_of, unit
from vultus.evaluation.geometry.macro import Distances, entropies, spearman
from vultus.evaluation.geometry.probe import balanced_accuracy
from vultus.research.contract import BASELINE, Budget, Claim, Data, Metric
from vultus.research.methods.identity.attribute_geometry.faces import (
    AUGMENTED,
    DRAWN,
    MILD,
    NATURAL,
    TARGETS,
    WIDE,
    networks,
)
from vultus.research.methods.identity.attribute_geometry.made import SENSITIVITIES, analytic, citizens

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Rows = NDArray[np.float32]

_RESCALINGS = 10


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes; the card's tiny model, trained longer than in `check`.

    Attributes:
        models: analytic embedders.
        points: lattice points of each person of an analytic embedder.
        people: that the networks are trained on.
        held_out: other people, on whom they are measured.
        pictures: lattice points of each of those.
        steps, more: of training, and of training on with one attribute augmented.
        batch: pictures of a step.
        side: of a picture, pixels.
        citizens: people of the macroscale, half of them to train on.
    """

    models: int = 6
    points: int = 600
    people: int = 120
    held_out: int = 6
    pictures: int = 400
    steps: int = 400
    more: int = 300
    batch: int = 128
    side: int = 24
    citizens: int = 800

    @classmethod
    def check(cls) -> Config:
        """Minutes on two processors."""
        return cls(pictures=200, steps=200, more=150, batch=96)

    @classmethod
    def tiny(cls) -> Config:
        """Seconds; the networks learn next to nothing."""
        return cls(models=2, points=80, people=10, held_out=2, pictures=20, steps=3, more=2, batch=16, citizens=160)


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """Which attribute a curve, and whose attributes a picture, is said to be of.

    Attributes:
        analytic, drawn: number of the attribute of each curve of a person; int64, (A P,).
        citizens: picture of whose labels each picture has; int64, (N,).
    """

    analytic: NDArray[np.int64]
    drawn: NDArray[np.int64]
    citizens: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """What the measures look at.

    Attributes:
        analytic: people with their curves, of each embedder one, and the sensitivity planted for each attribute.
        networks: people by what was augmented, "", "brightness" or "contrast", and how far.
        auc: of the worst network on people it was not trained on.
        citizens, who, labels: embeddings (N, D), people (N,) and 1 or -1 for each attribute, (N, A).
    """

    analytic: tuple[tuple[Person, NDArray[np.float64]], ...]
    networks: Mapping[tuple[str, float], tuple[Person, ...]]
    auc: float
    citizens: Rows
    who: NDArray[np.int64]
    labels: NDArray[np.float64]


class Geometry:
    """Energy over the nearest pictures, and KS between people."""

    def fit(self, train: Names, seed: int) -> Budget:
        """Take the names; nothing is fitted."""
        self.names, self.random = train, np.random.default_rng(seed)
        return Budget(0, 1, len(train.drawn))

    def follows(self, person: Person, name: str) -> float:
        """How much the embeddings of a person follow an attribute."""
        moved = field_of(person, name)
        return 1.0 - micro.energy(moved.along, micro.nearest(moved.at, 10))

    def divides(self, rows: Rows, side: NDArray[np.bool_]) -> float:
        """How far an attribute divides people."""
        return float(np.mean(Distances(rows).ks(side)))


class Displacement(Geometry):
    """How far embeddings move, and how far the means of two kinds of people lie apart."""

    def follows(self, person: Person, name: str) -> float:
        """Mean length of a step."""
        return float(field_of(person, name).length.mean())

    def divides(self, rows: Rows, side: NDArray[np.bool_]) -> float:
        """Distance of the means."""
        return float(np.linalg.norm(rows[side].mean(axis=0) - rows[~side].mean(axis=0)))


class Probe(Geometry):
    """How well a linear rule reads an attribute."""

    def follows(self, person: Person, name: str) -> float:
        """Whether a picture is of the first or the last step."""
        rows = person.curves[name].rows
        both = np.concatenate([person.vectors[rows[:, 0]], person.vectors[rows[:, 2]]])
        return balanced_accuracy(both, np.arange(len(both)) < len(rows))

    def divides(self, rows: Rows, side: NDArray[np.bool_]) -> float:
        """Whether people have it."""
        return balanced_accuracy(rows, side)


class Strangers(Geometry):
    """Energy over pictures drawn by chance instead of the nearest ones."""

    def follows(self, person: Person, name: str) -> float:
        """The same without the neighbourhood."""
        along = field_of(person, name).along
        return 1.0 - micro.energy(along, micro.strangers(len(along), 10, int(self.random.integers(1 << 30))))


class Ball(Geometry):
    """Energy over all pictures within half the mean distance."""

    def follows(self, person: Person, name: str) -> float:
        """The same with another neighbourhood."""
        moved = field_of(person, name)
        found = micro.ball_energy(moved.at, moved.along, 0.5)
        return 0.0 if np.isnan(found) else 1.0 - found


class Dice(Geometry):
    """Knows nothing."""

    def follows(self, person: Person, name: str) -> float:
        """A random number."""
        return float(self.random.random())

    def divides(self, rows: Rows, side: NDArray[np.bool_]) -> float:
        """Another."""
        return float(self.random.random())


METRICS = (
    # Of planted sensitivity and what is measured, over all attributes of all analytic embedders.
    Metric("rank_correlation"),
    # How much less the network follows an attribute that was augmented; the smaller one of the two targets.
    Metric("targeted_rise"),
    # The largest change, up or down, of an attribute that was not augmented.
    Metric("off_target", worst=1.0, best=0.0),
    # The augmented network is told from another one, with the scale of each drawn between 0.1 and 10.
    Metric("found_at_any_scale", worst=0.5),
    # Of how far an attribute was augmented and how little it is followed; five networks, each at a scale of its own.
    Metric("graded_mildly"),
    Metric("graded_widely"),
    # What never varies inside people over what varies freely.
    Metric("macro_ratio", best=100.0),
    # Of what is measured between people with the entropy inside them.
    Metric("macro_correlation", best=-1.0),
    # Of the networks themselves: a collapsed one proves nothing.
    Metric("verification_auc", worst=0.5),
)
CLAIMS = (
    Claim("rank_correlation", by=0.95),
    Claim("rank_correlation", over=BASELINE, by=0.1),
    Claim("rank_correlation", over="any_neighbours", by=0.1),
    Claim("rank_correlation", over="linear_probe", by=0.1),
    Claim("targeted_rise", by=0.15),
    Claim("off_target", by=0.12),
    Claim("found_at_any_scale", over=BASELINE, by=0.1),
    Claim("graded_mildly", by=0.95),
    Claim("graded_mildly", over=BASELINE, by=0.1),
    Claim("graded_mildly", over="linear_probe", by=0.1),
    Claim("macro_ratio", by=3.0),
    Claim("macro_correlation", by=-0.5),
    Claim("verification_auc", by=0.9),
)
UNEQUAL: dict[str, str] = {}
SEEDS = 10


def build(config: Config) -> Geometry:
    """The measures as they are offered to users."""
    return Geometry()


def baseline(config: Config) -> Displacement:
    """Distances."""
    return Displacement()


def chance(config: Config) -> Dice:
    """Random numbers."""
    return Dice()


def ablations(config: Config) -> dict[str, Geometry]:
    """Another baseline, the neighbourhood left out, and another neighbourhood."""
    return {"linear_probe": Probe(), "any_neighbours": Strangers(), "ball": Ball()}


def data(config: Config, seed: int, folder: Path | None) -> Data:
    """Models with planted truths, and the names of the attributes."""
    if folder is not None:
        raise InputError("planted attributes can only be made; measure your own system with: vultus audit geometry")
    random = np.random.default_rng(seed)
    embedders = tuple(analytic(config, random, turning=number % 2 == 1) for number in range(config.models))
    trained, auc = networks(config, random, seed)
    rows, who, labels = citizens(config, random)
    sizes = len(SENSITIVITIES), len(DRAWN)
    names = Names(
        np.repeat(np.arange(sizes[0]), config.points), np.repeat(np.arange(sizes[1]), config.pictures),
        np.arange(len(who)),
    )  # fmt: skip
    shuffled = Names(*(random.permutation(one) for one in (names.analytic, names.drawn, names.citizens)))
    return Data(names, Models(embedders, trained, auc, rows, who, labels), shuffled)


def score(model: Geometry, test: Models) -> Mapping[str, float]:
    """What a measure makes of the planted truths."""
    named = [(_renamed(person, model.names.analytic), planted) for person, planted in test.analytic]
    found = np.array([model.follows(person, name) for person, planted in named for name in person.curves])
    graded = {key: [_renamed(one, model.names.drawn) for one in people] for key, people in test.networks.items()}
    trained = {key: people for (key, reach), people in graded.items() if reach in {NATURAL, AUGMENTED}}
    follows = {
        (key, name): float(np.mean([model.follows(person, name) for person in people]))
        for key, people in trained.items() for name in DRAWN
    }  # fmt: skip
    moved = {(key, name): follows["", name] - follows[key, name] for key in TARGETS for name in DRAWN}
    dependence, inside = _between(model, test)
    return {
        "rank_correlation": _finite(spearman(found, np.concatenate([planted for _, planted in named]))[0]),
        "targeted_rise": min(moved[name, name] for name in TARGETS),
        "off_target": max(abs(value) for (key, name), value in moved.items() if key != name),
        "found_at_any_scale": _found(model, trained),
        "graded_mildly": _graded(model, graded, MILD),
        "graded_widely": _graded(model, graded, WIDE),
        "macro_ratio": dependence[0] / max(dependence[-1], 1e-6),
        "macro_correlation": _finite(spearman(dependence, inside)[0]),
        "verification_auc": test.auc,
    }


def _renamed(person: Person, names: NDArray[np.int64]) -> Person:
    """The person's curves, put together by what they are said to be of."""
    rows = np.concatenate([one.rows for one in person.curves.values()])
    curves = {
        name: Curves(rows[names == number], np.flatnonzero(names == number))
        for number, name in enumerate(person.curves)
    }  # fmt: skip
    return Person(person.name, person.vectors, curves)


def _found(model: Geometry, trained: Mapping[str, list[Person]]) -> float:
    """Share of the comparisons of an augmented network with another one in which it follows its attribute less."""
    random = np.random.default_rng(0)
    right = []
    for _ in range(_RESCALINGS):
        scaled = {
            key: _scaled(people, scale)
            for (key, people), scale in zip(trained.items(), 10.0 ** random.uniform(-1, 1, 3), strict=True)
        }
        for name in TARGETS:
            follows = {key: np.mean([model.follows(one, name) for one in people]) for key, people in scaled.items()}
            right += [float(follows[name] < follows[key]) for key in scaled if key != name]
    return float(np.mean(right))


def _graded(model: Geometry, networks: Mapping[tuple[str, float], list[Person]], reaches: tuple[float, ...]) -> float:
    """Rank correlation of how far an attribute was augmented and how little the network follows it, on average."""
    random = np.random.default_rng(0)
    found = []
    for name in TARGETS:
        row = [networks[name if reach > NATURAL else "", reach] for reach in reaches]
        for _ in range(_RESCALINGS):
            scales = 10.0 ** random.uniform(-1, 1, len(row))
            follows = [
                np.mean([model.follows(one, name) for one in _scaled(people, scale)])
                for people, scale in zip(row, scales, strict=True)
            ]
            found.append(_finite(spearman(-np.array(follows), np.array(reaches))[0]))
    return float(np.mean(found))


def _scaled(people: list[Person], scale: float) -> list[Person]:
    return [Person(one.name, one.vectors * np.float32(scale), one.curves) for one in people]


def _between(model: Geometry, test: Models) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each attribute how far it divides people, one picture of each, and its entropy inside them."""
    labels = test.labels[model.names.citizens]
    first = np.unique(test.who, return_index=True)[1]
    rows = unit(test.citizens[first])
    divides = np.array([model.divides(rows, one[first] > 0) for one in labels.T])
    return divides, np.array([entropies(one, test.who)[0] for one in test.labels.T])


def _finite(value: float) -> float:
    return value if np.isfinite(value) else 0.0
