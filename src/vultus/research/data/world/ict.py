"""ICT-FaceKit heads behind our coefficients: identity modes for ours, blend shapes for action units.

The model is read from a folder of the user's at run time (`ict_facekit_subset.npz` with `neutral`, `faces`,
`landmark68`, `identity_delta`, `expression_delta`, `expression_names`); nothing of it is part of this package. It is
laid on our head by its landmarks, so that our maps of the skin, eyes, teeth, hair and glasses go with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vultus.errors import InputError
from vultus.research.data.world import identity
from vultus.research.data.world.actions import NAMES
from vultus.research.data.world.bundle import OURS, Bundle
from vultus.research.data.world.laid import laid, whole_head

Array = NDArray[np.float64]
FILE = "ict_facekit_subset.npz"
_COLUMNS = ("neutral", "faces", "landmark68", "identity_delta", "expression_delta", "expression_names")

# Which blend shapes an action unit is made of; a name without a side stands for both.
SHAPES: dict[str, dict[str, float]] = {
    "AU1": {"browInnerUp": 0.9}, "AU2": {"browOuterUp": 0.9}, "AU4": {"browDown": 0.9}, "AU5": {"eyeWide": 0.9},
    "AU6": {"cheekSquint": 0.7, "cheekRaiser": 0.5}, "AU7": {"eyeSquint": 0.8}, "AU9": {"noseSneer": 0.9},
    "AU10": {"mouthUpperUp": 0.7}, "AU12": {"mouthSmile": 0.9}, "AU14": {"mouthDimple": 0.8},
    "AU15": {"mouthFrown": 0.9}, "AU16": {"mouthLowerDown": 0.7}, "AU17": {"mouthShrugLower": 0.8},
    "AU18": {"mouthPucker": 0.8},
    "AU20": {"mouthStretch": 0.8}, "AU22": {"mouthFunnel": 0.7}, "AU23": {"mouthRollLower": 0.4, "mouthRollUpper": 0.4},
    "AU24": {"mouthPress": 0.7}, "AU25": {"mouthLowerDown": 0.35, "mouthUpperUp": 0.2}, "AU26": {"jawOpen": 0.45},
    "AU27": {"jawOpen": 0.75}, "AU43": {"eyeBlink": 1.0},
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class IctFaceKit:
    """The basis.

    Attributes:
        folder: where `ict_facekit_subset.npz` lies.
        name: for people.
    """

    folder: Path
    name: str = field(default="ict-facekit", init=False)

    def body(self, fineness: int) -> Bundle:
        """One mesh for all sizes."""
        return self._bundle

    def extras(self, style: int, kind: int, fineness: int) -> Bundle | None:
        """Hair and accessories of ours."""
        return OURS.extras(style, kind, fineness)

    @cached_property
    def _bundle(self) -> Bundle:
        model = _read(Path(self.folder) / FILE)
        count = model["identity_delta"].shape[1]
        place = laid(model["neutral"][:count].astype(np.float64), model["landmark68"])
        modes = place.turned(model["identity_delta"][: len(identity.NAMES)].astype(np.float64))
        actions = np.stack([
            place.turned(_blended(model, SHAPES[action], side)) for side in ("_R", "_L") for action in NAMES
        ])  # fmt: skip
        return whole_head(place, _triangles(model["faces"], count), modes, actions)


def _read(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of the model.

    Raises:
        InputError: no such file, or not this model.
    """
    if not path.is_file():
        raise InputError(f"no ICT-FaceKit model at {path}: the folder must hold {FILE}")
    with np.load(path, allow_pickle=False) as file:
        missing = [name for name in _COLUMNS if name not in file]
        if missing:
            raise InputError(f"{path} is no ICT-FaceKit model: it lacks {', '.join(missing)}")
        return {name: file[name] for name in _COLUMNS}


def _triangles(faces: NDArray[Any], count: int) -> NDArray[np.int32]:
    """Triangles of the skin from quads, of which those with a last corner of -1 are triangles already."""
    quads = faces.astype(np.int64)
    three = np.concatenate([quads[:, :3], quads[quads[:, 3] >= 0][:, [0, 2, 3]]])
    return three[(three < count).all(1)].astype(np.int32)


def _blended(model: dict[str, NDArray[Any]], shapes: dict[str, float], side: str) -> Array:
    """The displacement of an action unit on one half of the face; shapes without sides give half to each."""
    names = [str(name) for name in model["expression_names"]]
    total = np.zeros(model["expression_delta"].shape[1:])
    for shape, share in shapes.items():
        if shape + side in names:
            total += share * model["expression_delta"][names.index(shape + side)].astype(np.float64)
        else:
            total += 0.5 * share * model["expression_delta"][names.index(shape)].astype(np.float64)
    return total
