"""Heads of somebody else's model laid on ours by their landmarks, and given our eyes, teeth and shoulders."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vultus.research.data.world import head, identity, parts
from vultus.research.data.world.bundle import Bundle, bound
from vultus.research.data.world.landmarks import vertices

Array = NDArray[np.float64]
_LOWEST = -15.0  # centimetres; what lies below is ours


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A model's skin where our head is.

    Attributes:
        points: of the skin, (V, 3).
        uv: where each lies on our maps, (V, 2).
        landmarks: numbers of the 68 vertices.
        scale, turn: of its space into ours.
    """

    points: Array
    uv: Array
    landmarks: NDArray[np.int64]
    scale: float
    turn: Array

    def turned(self, moves: Array) -> Array:
        """Displacements of the model in our space, (..., 3)."""
        return np.asarray(self.scale * moves @ self.turn.T)


def laid(points: Array, landmarks: NDArray[Any]) -> Laid:
    """Lay a skin on ours by its landmarks within the face.

    Args:
        points: (V, 3), in any units and any pose.
        landmarks: numbers of its 68 vertices.
    """
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
    uv = plain + near[:, None] * np.clip(bend(plain), -2.5, 2.5)
    return Laid(placed, uv, landmarks.astype(np.int64), scale, turn)


def whole_head(place: Laid, triangles: NDArray[np.int32], modes: Array, actions: Array) -> Bundle:
    """The skin with everything else that a head has.

    Args:
        place: the skin.
        triangles: of it, (T, 3).
        modes: displacements for each coefficient of `identity.NAMES`, (K, V, 3), in our space.
        actions: for each of `actions.NAMES`, the right half of the face and then the left, (2 A, V, 3).
    """
    points, count, own = place.points, len(place.points), len(identity.NAMES)
    skin = parts.Part(
        points,
        triangles[(points[triangles][..., 1] > _LOWEST).all(1)],
        place.uv,
        np.ones(count),
        parts.SKIN,
        0.0,
        parts.neck_turn(points[:, 1]),
        triangles[::2],
    )
    body = bound((skin, *_inside(points, place.landmarks)), 2)
    moves = body.moves.reshape(len(body.moves), -1, 3).copy()
    moves[:own, :count] = modes
    moves[:own, count:] = modes[:, place.landmarks[36:48]].mean(1)[:, None]  # what is inside goes along
    moves[:own, body.turn == 0] = 0
    moves[own:, :count] = actions
    flat = np.ascontiguousarray(moves.reshape(len(moves), -1), np.float32)
    return replace(body, moves=flat, landmarks=place.landmarks)


def _inside(points: Array, landmarks: NDArray[np.int64]) -> list[parts.Part]:
    """Our eyes, teeth, tongue and shoulders, moved to where this head has its own."""
    ours, rest = parts.anatomy(2), head.shape(2)[vertices(2)]
    theirs = points[landmarks]

    def moved(part: parts.Part, around: range) -> parts.Part:
        return replace(part, points=part.points + (theirs[around] - rest[around]).mean(0))

    eyes = [moved(ours[1], range(36, 42)), moved(ours[2], range(42, 48))]
    return [*eyes, *(moved(part, range(60, 68)) for part in ours[3:7]), ours[9]]
