"""The lattice of a system at hand: pictures of people, changed step by step and embedded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from vultus.errors import InputError, VultusError
from vultus.evaluation.geometry.changes import CHANGES, varied
from vultus.evaluation.geometry.lattice import Curves, Lattice, Person
from vultus.types import prominent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.types import Face

    Crops = NDArray[np.uint8]

_APART = 7919  # between the seeds of a picture's variants
FEWEST = 4  # pictures of a person, so that directions at different ones can be compared


class Engine(Protocol):
    """What is needed of an engine; `vultus.inference.engine.FaceEngine` has it."""

    @property
    def mirrored(self) -> tuple[bool, ...]:
        """Which views of a crop are mirrored."""

    def find(self, image: Path, *, embed: bool = True) -> list[Face]:
        """Faces of a picture."""

    def crops(self, image: Path, face: Face) -> Crops:
        """What the embedder looks at: RGB uint8, (V, S, S, 3)."""

    def embed_crops(self, crops: Crops) -> NDArray[np.float32]:
        """Unit rows, float32 (B, D), from (B, V, S, S, 3)."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A lattice, and where it came from.

    Attributes:
        lattice: of the people with enough pictures.
        vectors: of every picture as it is; float32, (N, D).
        people: who is on each; int64, (N,).
        left_out: pictures without a face that could be embedded, and why.
    """

    lattice: Lattice
    vectors: NDArray[np.float32]
    people: NDArray[np.int64]
    left_out: tuple[tuple[str, str], ...]


def make_lattice(
    engine: Engine,
    pictures: Mapping[str, Sequence[Path]],
    *,
    name: str = "",
    variants: int = 2,
    seed: int = 0,
    progress: Callable[[], None] = lambda: None,
) -> Made:
    """Change, embed and gather.

    Args:
        engine: finds, crops and embeds.
        pictures: by person.
        name: of the system.
        variants: of each picture: as it is, and with small random changes.
        seed: of those changes and of the noise.
        progress: called after each picture.

    Raises:
        InputError: nobody has enough pictures in which a face is found, or nothing is to be made of each.
    """
    if variants < 1:
        raise InputError(f"a lattice needs at least 1 variant of each picture, not {variants}")
    people, plain, who, left_out = [], [], [], []
    for number, (person, files) in enumerate(pictures.items()):
        blocks: list[NDArray[np.float32]] = []
        for path in files:
            try:
                block = _embedded(engine, path, variants, seed + 1000 * number + len(blocks))
            except VultusError as error:
                left_out.append((str(path), str(error)))
            else:
                blocks.append(block)
                plain.append(block[0, 0])
                who.append(number)
            progress()
        if len(blocks) >= FEWEST:
            people.append(_person(person, np.concatenate(blocks)))
    if not people:
        raise InputError(
            f"a lattice needs somebody with {FEWEST} pictures or more in which a face is found; give a folder of such "
            "people, each in a folder of its own"
        )
    lattice = Lattice(name, tuple(change.name for change in CHANGES), tuple(people))
    return Made(lattice, np.stack(plain), np.array(who), tuple(left_out))


def _embedded(engine: Engine, path: Path, variants: int, seed: int) -> NDArray[np.float32]:
    """Variants of one picture: each as it is, then changed twice by each attribute; float32, (variants, 1 + 2 A, D)."""
    face = prominent(engine.find(path, embed=False))
    if face is None:
        raise InputError("there is no face in the picture")
    cut = _upright(engine.crops(path, face), engine.mirrored)
    crops = []
    for variant in range(variants):
        base = cut if variant == 0 else np.stack([varied(view, seed + _APART * variant) for view in cut])
        crops.append(base)
        for change in CHANGES:
            crops += [
                np.stack([change.apply(view, level, seed + variant) for view in base])
                for level in filter(None, change.levels)
            ]
    looked_at = np.stack([_upright(one, engine.mirrored) for one in crops])
    return engine.embed_crops(looked_at).reshape(variants, 1 + 2 * len(CHANGES), -1)


def _upright(views: Crops, mirrored: Sequence[bool]) -> Crops:
    """Mirrored views mirrored back (or forth), so that all turn to the same side."""
    return np.stack([view[:, ::-1] if turned else view for view, turned in zip(views, mirrored, strict=True)])


def _person(name: str, blocks: NDArray[np.float32]) -> Person:
    """Rows of `blocks` (P, 1 + 2 A, D) as curves."""
    points, width = np.arange(len(blocks)), blocks.shape[1]
    curves = {}
    for number, change in enumerate(CHANGES):
        ends = [1 + 2 * number, 2 + 2 * number]
        steps = [ends[0], 0, ends[1]] if change.levels[1] == 0 else [0, *ends]
        curves[change.name] = Curves(points[:, None] * width + np.array(steps), points)
    return Person(name, blocks.reshape(-1, blocks.shape[2]), curves)
