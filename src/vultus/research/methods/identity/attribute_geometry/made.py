"""Models by formula: attributes that move embeddings by planted amounts (A), and people who have attributes (C)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.evaluation.geometry.lattice import Curves, Person, unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.research.methods.identity.attribute_geometry import Config

    Rows = NDArray[np.float32]

SENSITIVITIES = (0.0, 0.03, 0.1, 0.3, 1.0)  # of embeddings of length 1, with jitter 0.02
_LENGTH, _JITTER = 32, 0.02


def analytic(config: Config, random: np.random.Generator, *, turning: bool) -> tuple[Person, NDArray[np.float64]]:
    """A person around a centre whose embeddings attributes move by planted amounts, at a random scale."""
    planted = random.permutation(SENSITIVITIES) * np.exp(random.uniform(-0.15, 0.15, len(SENSITIVITIES)))
    place = random.uniform(-1, 1, size=(config.points, 2))
    centre = unit(random.normal(size=(1, _LENGTH)))
    middle = 2 * centre + 0.7 * place @ np.linalg.qr(random.normal(size=(_LENGTH, 2)))[0].T
    frame = np.linalg.qr(random.normal(size=(_LENGTH, _LENGTH)))[0]
    angle = np.pi * place[:, :1] * turning
    blocks = [middle]
    for number, strength in enumerate(planted):
        way = np.cos(angle) * frame[2 * number] + np.sin(angle) * frame[2 * number + 1]
        blocks += [middle - 0.5 * strength * way, middle + 0.5 * strength * way]
    vectors = np.concatenate(blocks)
    vectors = (vectors + _JITTER * random.normal(size=vectors.shape)) * 10 ** random.uniform(-1, 1)
    return person(vectors.astype(np.float32), tuple(map(str, range(len(planted)))), config.points), planted


def person(vectors: Rows, names: tuple[str, ...], points: int) -> Person:
    """Blocks of `points` rows: as they are, then before and after each attribute."""
    row = np.arange(points)
    return Person("", vectors, {
        name: Curves(np.column_stack([row + (1 + 2 * n) * points, row, row + (2 + 2 * n) * points]), row)
        for n, name in enumerate(names)
    })  # fmt: skip


def citizens(
    config: Config, random: np.random.Generator
) -> tuple[Rows, NDArray[np.int64], NDArray[np.float64]]:  # fmt: skip
    """Embeddings of people by linear discriminants of other people; ten attributes that vary inside them ever more."""
    pictures, count, size = 6, 10, 256
    who = np.repeat(np.arange(config.citizens), pictures)
    signs = np.where(random.random((config.citizens, count)) < 0.5, 1.0, -1.0)[who]
    labels = np.where(random.random(signs.shape) < 0.5 * np.linspace(0, 1, count) ** 2, -signs, signs)
    latent = np.hstack([random.normal(size=(config.citizens, 8))[who], labels, random.normal(size=(len(who), 16))])
    seen = np.tanh(latent @ random.normal(size=(latent.shape[1], size)) / np.sqrt(latent.shape[1]))
    seen = seen + 0.05 * random.normal(size=seen.shape)
    trained = who < config.citizens // 2
    rows = seen - seen[trained].mean(axis=0)
    means = rows[trained].reshape(-1, pictures, size).mean(axis=1)
    inside = rows[trained] - means[who[trained]]
    values, vectors = np.linalg.eigh(inside.T @ inside / len(inside) + 1e-3 * np.eye(size))
    white = vectors / np.sqrt(values)
    weight = white @ np.linalg.svd(means @ white, full_matrices=False)[2][:48].T
    return (rows[~trained] @ weight).astype(np.float32), who[~trained], labels[~trained]
