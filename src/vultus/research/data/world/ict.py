"""ICT-FaceKit heads behind our coefficients: identity modes for ours, blend shapes for action units.

The model is read from a folder of the user's at run time (`ict_facekit_subset.npz` with `neutral`, `faces`,
`landmark68`, `identity_delta`, `expression_delta`, `expression_names`); nothing of it is part of this package. It is
laid on our head by its landmarks, so that our maps of the skin, eyes, teeth, hair and glasses go with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vultus.errors import InputError
from vultus.research.data.world import head, identity, parts
from vultus.research.data.world.actions import NAMES
from vultus.research.data.world.bundle import OURS, Bundle, bound
from vultus.research.data.world.landmarks import vertices

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
        scale, turn, shift, uv = _laid(model["neutral"][:count].astype(np.float64), model["landmark68"])
        points = scale * model["neutral"][:count] @ turn.T + shift
        triangles = _triangles(model["faces"], count)
        skin = parts.Part(
            points,
            triangles[(points[triangles][..., 1] > -15.0).all(1)],
            uv,
            np.ones(count),
            parts.SKIN,
            0.0,
            parts.neck_turn(points[:, 1]),
            triangles[::2],
        )
        body = bound((skin, *self._inside(points, model["landmark68"])), 2)
        moves = body.moves.reshape(len(body.moves), -1, 3).copy()
        own = len(identity.NAMES)
        modes = model["identity_delta"][:own].astype(np.float64)
        moves[:own, :count] = scale * modes @ turn.T
        eyes = model["landmark68"][36:48]
        moves[:own, count:] = (scale * modes[:, eyes] @ turn.T).mean(1)[:, None]  # what is inside goes along
        torso = body.turn == 0
        moves[:own, torso] = 0
        for half, side in ((0, "_R"), (len(NAMES), "_L")):
            for row, action in enumerate(NAMES):
                moves[own + half + row, :count] = scale * _blended(model, SHAPES[action], side) @ turn.T
        flat = np.ascontiguousarray(moves.reshape(len(moves), -1), np.float32)
        return replace(body, moves=flat, landmarks=model["landmark68"].astype(np.int64))

    def _inside(self, points: Array, landmarks: NDArray[Any]) -> list[parts.Part]:
        """Our eyes, teeth, tongue and shoulders, moved to where this head has its own."""
        placed = []
        ours = parts.anatomy(2)
        for part, places in ((ours[1], range(36, 42)), (ours[2], range(42, 48))):
            lids = points[landmarks[list(places)]]
            middle = np.array([np.sign(lids[0, 0]) * head.EYE_X, head.EYE_Y, head.EYE_Z])
            wanted = lids.mean(0)
            wanted[2] = lids[:, 2].max() - head.EYE_RADIUS - 0.16
            placed.append(replace(part, points=part.points - middle + wanted))
        lips = points[landmarks[60:68]].mean(0)
        rest = np.array([0.0, head.MOUTH_Y, 8.3])
        placed += [replace(part, points=part.points - rest + lips - np.array([0, 0, 0.35])) for part in ours[3:7]]
        return [*placed, ours[9]]


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


def _laid(points: Array, landmarks: NDArray[Any]) -> tuple[float, Array, Array, Array]:
    """Scale, turn and shift onto our head, and where each vertex lies on our maps."""
    from scipy.interpolate import RBFInterpolator

    skin, ours = head.grid(2), head.shape(2)
    chosen = vertices(2)
    target, source = ours[chosen][17:], points[landmarks][17:]
    middle, far = target.mean(0), source.mean(0)
    u, spread, v = np.linalg.svd((target - middle).T @ (source - far))
    turn = u @ np.diag([1, 1, np.sign(np.linalg.det(u @ v))]) @ v
    scale = float(spread.sum() / ((source - far) ** 2).sum())
    shift = middle - scale * turn @ far
    placed = scale * points @ turn.T + shift
    plain = np.stack([np.arctan2(placed[:, 0], placed[:, 2]) * head.U_PER_RADIAN, placed[:, 1]], 1)
    known = plain[landmarks]
    bend = RBFInterpolator(known, skin.uv[chosen] - known, smoothing=0.02, kernel="thin_plate_spline")
    near = np.exp(-((np.abs(plain[:, 0]) / 9.0) ** 4) - ((plain[:, 1] + 3) / 10.0) ** 6)
    return scale, turn, shift, plain + near[:, None] * np.clip(bend(plain), -2.5, 2.5)


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
