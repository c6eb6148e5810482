"""FLAME heads behind our coefficients: its shapes for identities, our muscles on its skin.

FLAME is licensed by its owners and comes as a pickle, which runs as a program when it is opened: Vultus never does.
Whoever has a licence converts it once, elsewhere (docs/world.md says how), to `flame.npz` with `v_template` (V, 3),
`f` (F, 3), `shapedirs` (V, 3, K), `weights` (V, 5) and `landmark68` (68,). Its expressions are principal components
without a name and hardly close the eyes, so that action units are our own displacements, carried over to its skin.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vultus.errors import InputError
from vultus.research.data.world import head, identity, muscles
from vultus.research.data.world.actions import NAMES
from vultus.research.data.world.bundle import OURS, Bundle
from vultus.research.data.world.laid import Laid, laid, whole_head
from vultus.research.data.world.landmarks import vertices

Array = NDArray[np.float64]
FILE = "flame.npz"
_COLUMNS = ("v_template", "f", "shapedirs", "weights", "landmark68")
_EYES = (3, 4)  # joints whose vertices are eyeballs; ours take their place
_NEAREST = 4
_LIPS = (50, 51, 52, 61, 62, 63), (56, 57, 58, 65, 66, 67)  # landmarks above and below the slit
_LIDS = (37, 38, 43, 44), (40, 41, 46, 47)


@dataclass(frozen=True, eq=False)
class Flame:
    """The basis.

    Attributes:
        folder: where `flame.npz` lies.
        name: for people.
    """

    folder: Path
    name: str = field(default="flame", init=False)

    def body(self, fineness: int) -> Bundle:
        """One mesh for all sizes.

        Raises:
            InputError: there is no such file, or it is not this model.
        """
        return self._bundle

    def extras(self, style: int, kind: int, fineness: int) -> Bundle | None:
        """Hair and accessories of ours."""
        return OURS.extras(style, kind, fineness)

    @cached_property
    def _bundle(self) -> Bundle:
        model = _read(Path(self.folder) / FILE)
        skin = np.flatnonzero(model["weights"][:, _EYES].sum(axis=1) < 0.5)
        number = np.full(len(model["v_template"]), -1)
        number[skin] = np.arange(len(skin))
        triangles = number[model["f"].astype(np.int64)]
        landmarks = number[model["landmark68"].astype(np.int64)]
        if (landmarks < 0).any():
            raise InputError(f"{Path(self.folder) / FILE}: a landmark lies on an eyeball, not on the skin")
        place = laid(model["v_template"][skin].astype(np.float64), landmarks)
        shapes = model["shapedirs"][skin, :, : len(identity.NAMES)].astype(np.float64)
        modes = place.turned(np.moveaxis(shapes, 2, 0))
        kept = triangles[(triangles >= 0).all(1)].astype(np.int32)
        return whole_head(place, kept, modes, _carried(place, kept))


def _carried(place: Laid, triangles: NDArray[np.int32]) -> Array:
    """Our muscles' displacements on another skin: (2 A, V, 3).

    The skin is bent until its landmarks are ours, and takes from what is nearest then. Lips and lids touch and move
    apart: upper ones take from upper ones alone.
    """
    from scipy.interpolate import RBFInterpolator
    from scipy.spatial import cKDTree

    ours, at, fields = head.grid(2), head.shape(2), muscles.fields(2).reshape(2 * len(NAMES), -1, 3)
    known = place.points[place.landmarks]
    bent = place.points + RBFInterpolator(known, at[vertices(2)] - known, kernel="linear")(place.points)
    lip, lid = (_side(place, triangles, *ends) for ends in (_LIPS, _LIDS))
    found = np.empty((len(fields), *place.points.shape))
    for lip_side in (-1, 1):
        for lid_side in (-1, 1):
            rows = np.flatnonzero((lip == lip_side) & (lid == lid_side))
            allowed = np.flatnonzero((ours.lip != -lip_side) & (ours.lid != -lid_side))
            far, nearest = cKDTree(at[allowed]).query(bent[rows], _NEAREST)
            share = 1 / (far + 1e-3) ** 2
            share /= share.sum(axis=1, keepdims=True)
            found[:, rows] = (fields[:, allowed[nearest]] * share[None, :, :, None]).sum(axis=2)
    return found


def _side(
    place: Laid, triangles: NDArray[np.int32], upper: tuple[int, ...], lower: tuple[int, ...]
) -> NDArray[np.int64]:
    """1 where the way over the skin to the upper landmarks is the shorter one, else -1; (V,)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).T
    lengths = np.linalg.norm(place.points[edges[0]] - place.points[edges[1]], axis=1) + 1e-9
    graph = coo_array((lengths, edges), shape=(len(place.points),) * 2)
    above, below = (
        dijkstra(graph, directed=False, indices=place.landmarks[list(ends)], min_only=True) for ends in (upper, lower)
    )
    return np.where(above <= below, 1, -1)


def _read(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of the model.

    Raises:
        InputError: no such file, a pickle in its place, or not this model.
    """
    if not path.is_file():
        pickles = sorted(path.parent.glob("*.pkl")) if path.parent.is_dir() else []
        if pickles:
            raise InputError(f"{pickles[0]} is a pickle, which runs as a program when it is opened: convert it to "
                             f"{FILE} once, see docs/world.md")  # fmt: skip
        raise InputError(f"no FLAME model at {path}: the folder must hold {FILE}, see docs/world.md")
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [name for name in _COLUMNS if name not in file]
            if missing:
                raise InputError(f"{path} is no FLAME model: it lacks {', '.join(missing)}")
            model = {name: file[name] for name in _COLUMNS}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} cannot be read as arrays without objects: {error}") from error
    _check(model, path)
    return model


def _check(model: dict[str, NDArray[Any]], path: Path) -> None:
    """Hold shapes and numbers to each other."""
    count, own = len(model["v_template"]), len(identity.NAMES)
    shapes = {name: array.shape for name, array in model.items()}
    wanted = {"v_template": (count, 3), "f": (len(model["f"]), 3), "landmark68": (68,), "weights": (count, 5)}
    for name, shape in wanted.items():
        if shapes[name] != shape:
            raise InputError(f"{path}: {name} must be of shape {shape}, but is {shapes[name]}")
    if shapes["shapedirs"][:2] != (count, 3) or len(shapes["shapedirs"]) != 3 or shapes["shapedirs"][2] < own:
        raise InputError(f"{path}: shapedirs must be of shape ({count}, 3, {own} or more), but is "
                         f"{shapes['shapedirs']}")  # fmt: skip
    for name in ("f", "landmark68"):
        if model[name].min() < 0 or model[name].max() >= count:
            raise InputError(f"{path}: {name} names vertices beyond the {count:,} that there are")
