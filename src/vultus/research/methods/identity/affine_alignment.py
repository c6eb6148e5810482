"""System 6: affine alignment between the embedding spaces of different face recognition models.

Rubab, Tong, Ross, "Are Face Embeddings Compatible Across Deep Neural Network Models?", arXiv 2604.07282. The maps are
`gallery/alignment.py`, which moves galleries from model to model; here they are held to what the paper says of them.

In: rows of the same pictures in two spaces, and who is on each. Out: rows of the first space in the second. People are
enrolled by the second model; probes are embedded by the first and mapped. Nobody is both fitted on and tested, and a
probe is never the picture that was enrolled.

Deviations. The paper's models and photographs are not public as a set; the material made here stands in: people and
nuisances as latent numbers, pictures as a fixed non-linear function of both, and models that are trained in closed
form (random features, then linear discriminants) on people of their own. Real spaces come by `--data`. Models that
were never trained can be aligned too (docs/results.md has them), so no claim rests on that two models can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.gallery.alignment import fit
from vultus.metrics.identification import mate_rank
from vultus.metrics.rows import unit
from vultus.metrics.verification import tmr_at_fmr
from vultus.research.contract import BASELINE, Budget, Claim, Data, Metric

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Rows = NDArray[np.float32]

FMR = 1e-2


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes; the paper's own are not public, these are those of usual models.

    Attributes:
        people: fitted on, and as many tested on.
        pictures: of each person.
        first, second: length of the two models' embeddings.
        identity, nuisance: latent numbers of a person, and of what else changes in a picture.
        pixels: numbers of a picture.
        share: weight of the nuisance in a picture.
    """

    people: int = 500
    pictures: int = 5
    first: int = 128
    second: int = 256
    identity: int = 32
    nuisance: int = 32
    pixels: int = 512
    share: float = 1.5

    @classmethod
    def check(cls) -> Config:
        """Seconds on two processors."""
        return cls(people=150, first=48, second=64, identity=16, nuisance=16, pixels=256)

    @classmethod
    def tiny(cls) -> Config:
        """The same."""
        return cls.check()


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """The same pictures in two spaces.

    Attributes:
        first, second: float32, (N, D1) and (N, D2), unit rows.
        people: who is on each picture; int64, (N,).
    """

    first: Rows
    second: Rows
    people: NDArray[np.int64]

    def shuffled(self, seed: int) -> Faces:
        """The same rows with the pairs taken apart."""
        order = np.random.default_rng(seed).permutation(len(self.second))
        return Faces(self.first, self.second[order], self.people)


class Aligned:
    """A map of one of the kinds of `alignment.fit`."""

    def __init__(self, method: str) -> None:
        self.method = method

    def fit(self, train: Faces, seed: int) -> Budget:
        """Fit on pairs; the seed changes nothing, since the solution is closed."""
        self._map = fit(train.first, train.second, self.method, people=train.people.tolist())
        return Budget(self._map.weight.size, 1, len(train.people))

    def apply(self, first: Rows) -> Rows:
        """Rows of the first space in the second."""
        return self._map.apply(first)


class Unaligned:
    """The first space taken for the second: numbers are left out or filled up with zeros."""

    def fit(self, train: Faces, seed: int) -> Budget:
        """Nothing is fitted."""
        self._length = train.second.shape[1]
        return Budget(0, 0, 0)

    def apply(self, first: Rows) -> Rows:
        """Rows cut or filled up to the second space's length."""
        kept = first[:, : self._length]
        return unit(np.pad(kept, ((0, 0), (0, self._length - kept.shape[1]))))


class RandomTurn(Unaligned):
    """A turn that knows nothing of the pairs."""

    def fit(self, train: Faces, seed: int) -> Budget:
        """Draw the turn."""
        budget = super().fit(train, seed)
        size = max(train.first.shape[1], self._length)
        self._turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))[0].astype(np.float32)
        return budget

    def apply(self, first: Rows) -> Rows:
        """Turned rows."""
        filled = np.pad(first, ((0, 0), (0, len(self._turn) - first.shape[1])))
        return unit((filled @ self._turn)[:, : self._length])


METRICS = (
    Metric("tmr_at_fmr_1e-2"),
    Metric("rank_1"),
    # The part of the weaker model's own true match rate that survives the map; it may pass 1 by chance.
    Metric("share_of_own", best=1.2),
)
CLAIMS = (
    Claim("tmr_at_fmr_1e-2", over=BASELINE, by=0.3),
    Claim("rank_1", over=BASELINE, by=0.3),
    Claim("share_of_own", by=0.85),
    Claim("tmr_at_fmr_1e-2", over="least_squares", by=-0.02),
    Claim("tmr_at_fmr_1e-2", over="procrustes", by=-0.02),
    Claim("tmr_at_fmr_1e-2", over="a_tenth_of_the_pairs", by=0.02),
)
SEEDS = 3
UNEQUAL = {
    BASELINE: "nothing is fitted",
    "a_tenth_of_the_pairs": "how many pairs a map needs is what it shows",
}


def build(config: Config) -> Aligned:
    """The affine map with a ridge."""
    return Aligned("ridge")


def baseline(config: Config) -> Unaligned:
    """Comparing without a map."""
    return Unaligned()


def chance(config: Config) -> RandomTurn:
    """A random turn."""
    return RandomTurn()


class _Fewer(Aligned):
    """The same map from a tenth of the pairs."""

    def fit(self, train: Faces, seed: int) -> Budget:
        few = train.people < np.quantile(train.people, 0.1)
        return super().fit(Faces(train.first[few], train.second[few], train.people[few]), seed)


def ablations(config: Config) -> dict[str, Aligned]:
    """The ridge left out, the stretching left out, and most of the pairs left out."""
    return {
        "least_squares": Aligned("least_squares"),
        "procrustes": Aligned("procrustes"),
        "a_tenth_of_the_pairs": _Fewer("ridge"),
    }


def data(config: Config, seed: int, folder: Path | None) -> Data:
    """Two models' rows of the same pictures, people halved between fitting and testing."""
    faces = _made(config, seed) if folder is None else _read(folder)
    half = np.random.default_rng(seed).permutation(np.unique(faces.people))
    fitted = np.isin(faces.people, half[: len(half) // 2])
    train, test = (Faces(faces.first[part], faces.second[part], faces.people[part]) for part in (fitted, ~fitted))
    return Data(train, test, train.shuffled(seed))


def score(model: Any, test: Faces) -> Mapping[str, float]:
    """Verification and identification of mapped probes in a gallery of the second model."""
    mapped = model.apply(test.first)
    _, enrolled = np.unique(test.people, return_index=True)
    probes = np.setdiff1d(np.arange(len(test.people)), enrolled)
    across = _rates(mapped[probes], test.second[enrolled], test.people[probes], test.people[enrolled])
    own = [
        _rates(rows[probes], rows[enrolled], test.people[probes], test.people[enrolled])[0]
        for rows in (test.first, test.second)
    ]
    return {"tmr_at_fmr_1e-2": across[0], "rank_1": across[1], "share_of_own": across[0] / max(min(own), FMR)}


def _rates(probes: Rows, gallery: Rows, people: NDArray[np.int64], known: NDArray[np.int64]) -> tuple[float, float]:
    similarity = probes @ gallery.T
    same = people[:, None] == known[None, :]
    ranks = mate_rank(similarity, np.argmax(same, axis=1))
    return tmr_at_fmr(similarity[same], similarity[~same], FMR), float(np.mean(ranks == 1))


def _made(config: Config, seed: int) -> Faces:
    """Pictures from latent numbers, and two models trained on other people's."""
    random = np.random.default_rng(seed)
    look = random.normal(size=(config.identity + config.nuisance, config.pixels))
    spaces = []
    total = 2 * config.people
    latents = random.normal(size=(total, config.identity))
    pictures, people = _pictures(config, latents, look, random)
    for length in (config.first, config.second):
        others = random.normal(size=(2 * config.people, config.identity))
        spaces.append(_Model(*_pictures(config, others, look, random), length, random).embed(pictures))
    return Faces(spaces[0], spaces[1], people)


def _pictures(
    config: Config, latents: NDArray[np.float64], look: NDArray[np.float64], random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    people = np.repeat(np.arange(len(latents)), config.pictures)
    nuisance = config.share * random.normal(size=(len(people), config.nuisance))
    inside = np.hstack([latents[people], nuisance]) @ look / np.sqrt(len(look))
    return np.tanh(inside) + 0.05 * random.normal(size=inside.shape), people


class _Model:
    """Random features of its own, then linear discriminants of its own people."""

    def __init__(
        self, pictures: NDArray[np.float64], people: NDArray[np.int64], length: int, random: np.random.Generator
    ) -> None:
        pixels = pictures.shape[1]
        self._features = random.normal(size=(pixels, 3 * length)) / np.sqrt(pixels)
        rows = np.maximum(pictures @ self._features, 0)
        self._mean = rows.mean(axis=0)
        rows = rows - self._mean
        means = np.stack([rows[people == one].mean(axis=0) for one in np.unique(people)])
        within = rows - means[people]
        values, vectors = np.linalg.eigh(within.T @ within / len(rows) + 1e-3 * np.eye(rows.shape[1]))
        white = vectors / np.sqrt(values)
        between = np.linalg.svd(means @ white, full_matrices=False)[2][:length]
        self._weight = white @ between.T

    def embed(self, pictures: NDArray[np.float64]) -> Rows:
        rows = (np.maximum(pictures @ self._features, 0) - self._mean) @ self._weight
        return unit(rows.astype(np.float32))


def _read(folder: Path) -> Faces:
    """Two spaces of the same pictures: first.npz and second.npz, each with `vectors` (N, D) and `people` (N,)."""
    found = []
    for name in ("first", "second"):
        path = folder / f"{name}.npz"
        try:
            with np.load(path, allow_pickle=False) as file:
                found.append((unit(file["vectors"].astype(np.float32)), file["people"]))
        except (OSError, KeyError, ValueError) as error:
            raise InputError(
                f"{path} must hold `vectors` (N, D) and `people` (N,) of a model, but cannot be read: {error}"
            ) from error
    if not np.array_equal(found[0][1], found[1][1]):
        raise InputError(f"first.npz and second.npz in {folder} must be of the same pictures in the same order")
    return Faces(found[0][0], found[1][0], np.unique(found[0][1], return_inverse=True)[1].astype(np.int64))
