"""Embeddings of pictures that were changed step by step along one attribute, of each of several people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, ShapeError
from vultus.evaluation.columns import read_columns
from vultus.metrics.rows import unit as rows_of_length_one

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

LIST = "df_param_step.csv"
_COLUMNS = ("index", "id_curve", "moving_dimension", "param_step")


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Pictures of one person changed along one attribute.

    Attributes:
        rows: of the embeddings at steps 0, 1 and 2; int64, (P, 3).
        points: which picture was changed; the same number under two attributes is the same picture; int64, (P,).
    """

    rows: NDArray[np.int64]
    points: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One person's part of a lattice.

    Attributes:
        name: of the person.
        vectors: embeddings, of any length; float, (N, D).
        curves: by attribute; all people have the same attributes.
    """

    name: str
    vectors: NDArray[np.floating]
    curves: Mapping[str, Curves]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """How an attribute moves the embeddings of one person.

    Attributes:
        at: where, unit rows, at step 1; float32, (P, D).
        along: where to, unit rows, from step 0 to step 2; zeros where nothing moved; float32, (P, D).
        half: the same from step 0 to step 1.
        length: of the way from step 0 to step 2; float32, (P,).
    """

    at: NDArray[np.float32]
    along: NDArray[np.float32]
    half: NDArray[np.float32]
    length: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """One system's embeddings of the lattice.

    Attributes:
        name: of the system.
        attributes: in the order of the reports.
        people: each with all attributes.
    """

    name: str
    attributes: tuple[str, ...]
    people: tuple[Person, ...]


def unit(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Rows of length one in single precision; zeros stay zeros."""
    return rows_of_length_one(np.asarray(rows)).astype(np.float32)


def field_of(person: Person, attribute: str) -> Field:
    """The field of one attribute.

    Raises:
        ShapeError: a step is not among the embeddings, or an embedding is not finite.
    """
    rows = person.curves[attribute].rows
    if rows.ndim != 2 or rows.shape[1] != 3 or rows.size == 0 or rows.min() < 0 or rows.max() >= len(person.vectors):
        raise ShapeError("rows", f"(P, 3) below {len(person.vectors)} embeddings", f"{rows.shape} of {attribute}")
    first, middle, last = (np.asarray(person.vectors[rows[:, step]], np.float32) for step in range(3))
    if not (np.isfinite(first).all() and np.isfinite(middle).all() and np.isfinite(last).all()):
        raise ShapeError("vectors", "finite", f"not finite for {person.name} along {attribute}")
    return Field(unit(middle), unit(last - first), unit(middle - first), np.linalg.norm(last - first, axis=1))


def read_lattices(folder: Path) -> tuple[Lattice, ...]:
    """Read `df_param_step.csv` (index, id_curve, moving_dimension, param_step) and a .npy file of each person.

    The files hold float (N, D), row `index` each; they lie beside the list (one system) or in a folder per system.

    Raises:
        InputError: a file, column or step is missing, or an array has another shape.
    """
    curves = _curves(folder / LIST)
    homes = [folder] if any(folder.glob("*.npy")) else sorted(path for path in folder.iterdir() if path.is_dir())
    lattices = []
    for home in homes:
        people = tuple(Person(path.stem, _array(path, curves), curves) for path in sorted(home.glob("*.npy")))
        if people:
            lattices.append(Lattice(home.name, tuple(curves), people))
    if not lattices:
        raise InputError(f"{folder} has {LIST}, but no .npy file of a person, neither in it nor in a folder of it")
    return tuple(lattices)


def read_array(path: Path) -> NDArray[np.floating]:
    """A matrix of numbers from a .npy file, left on the disk until it is read; never unpickled.

    Raises:
        InputError: it is none.
    """
    try:
        rows = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.dtype.kind != "f" or rows.size == 0:
        raise InputError(f"{path} must hold embeddings, float (N, D)")
    return rows


def _array(path: Path, curves: Mapping[str, Curves]) -> NDArray[np.floating]:
    rows = read_array(path)
    needed = 1 + max(int(one.rows.max()) for one in curves.values())
    if len(rows) < needed:
        raise InputError(f"{path} has {len(rows)} embeddings, but {LIST} speaks of {needed}")
    return rows


def _curves(path: Path) -> dict[str, Curves]:
    found = read_columns(path, _COLUMNS)
    index, step = found.numbers("index").astype(np.int64), found.numbers("param_step").astype(np.int64)
    curve, attribute = np.array(found.values["id_curve"]), np.array(found.words("moving_dimension"))
    if index.min() < 0:
        raise InputError(f"{found.line(int(index.argmin()))}: index must be a row of the arrays, but is {index.min()}")
    out = {}
    for name in dict.fromkeys(attribute.tolist()):
        here = np.flatnonzero(attribute == name)
        order = here[np.lexsort((step[here], curve[here]))]
        whole = order.size % 3 == 0 and (step[order].reshape(-1, 3) == np.arange(3)).all()
        if not whole or (curve[order].reshape(-1, 3) != curve[order][::3, None]).any():
            raise InputError(f"{path}: each curve of {name} must have the steps 0, 1 and 2, once each")
        rows = index[order].reshape(-1, 3)
        out[str(name)] = Curves(rows, rows[:, 1])
    return out
