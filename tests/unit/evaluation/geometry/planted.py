"""An analytic embedder: attributes move embeddings by known amounts, in directions that stay or turn."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vultus.evaluation.geometry.lattice import Curves, Lattice, Person

SIZE = 32


def person(
    random: np.random.Generator,
    planted: Mapping[str, float],
    *,
    points: int = 600,
    jitter: float = 0.02,
    turning: bool = False,
) -> Person:
    """Points around a centre; a step from 0 to 2 moves by the planted sensitivity, and every embedding has noise."""
    centre = random.normal(size=SIZE)
    place = random.uniform(-1, 1, size=(points, 2))
    middle = 2 * centre / np.linalg.norm(centre) + 0.5 * place @ random.normal(size=(2, SIZE)) / np.sqrt(SIZE)
    frame = np.linalg.qr(random.normal(size=(SIZE, SIZE)))[0]
    blocks, curves = [middle + jitter * random.normal(size=middle.shape)], {}
    for number, (name, strength) in enumerate(planted.items()):
        way = np.tile(frame[2 * number], (points, 1))
        if turning:
            angle = np.pi * place[:, :1]
            way = np.cos(angle) * frame[2 * number] + np.sin(angle) * frame[2 * number + 1]
        start = points * (1 + 2 * number)
        for half in (-0.5, 0.5):
            blocks.append(middle + half * strength * way + jitter * random.normal(size=middle.shape))
        rows = np.arange(points)
        curves[name] = Curves(np.column_stack([start + rows, rows, start + points + rows]), rows)
    return Person("p", np.concatenate(blocks).astype(np.float32), curves)


def lattice(
    planted: Mapping[str, float], *, people: int = 3, seed: int = 0, points: int = 600, jitter: float = 0.02,
    turning: bool = False,
) -> Lattice:  # fmt: skip
    random = np.random.default_rng(seed)
    each = tuple(person(random, planted, points=points, jitter=jitter, turning=turning) for _ in range(people))
    return Lattice("planted", tuple(planted), each)
