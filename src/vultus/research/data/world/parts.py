"""What belongs to a head besides its skin: eyeballs, teeth, tongue, ears, and shoulders in clothes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from vultus.research.data.world import head
from vultus.research.data.world.head import Array, bump, curve, smooth

# What a pixel shows; the numbers are those of the kernels.
NOTHING, SKIN, EYE, TEETH, MOUTH, HAIR, CLOTH, FRAME, LENS, HAT, MASK, LEFT_EYE = range(12)


@dataclass(frozen=True)
class Part:
    """A mesh of one matter.

    Attributes:
        points: at rest, (V, 3).
        triangles: (T, 3).
        uv: where on the maps of its matter, (V, 2).
        cover: how dense it is, (V,); see `raster.rasterise`.
        matter: one of the numbers above.
        jaw: share that goes with the jaw.
        turn: share that turns with the head, (V,); all of it without.
        casts: triangles that are enough to throw shadows; without, it throws none.
    """

    points: Array
    triangles: NDArray[np.int32]
    uv: Array
    cover: Array
    matter: int
    jaw: float = 0.0
    turn: Array | None = None
    casts: NDArray[np.int32] | None = None


def sheet(rows: int, columns: int, *, closed: bool = False) -> NDArray[np.int32]:
    """Triangles of a grid of vertices, row by row; closed ones go round."""
    index = np.arange(rows * columns).reshape(rows, columns)
    if closed:
        index = np.concatenate([index, index[:, :1]], 1)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    return np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]).astype(
        np.int32
    )


def thinned(rows: int, columns: int) -> NDArray[np.int32]:
    """Every second row and column of a grid."""
    index = np.arange(rows * columns).reshape(rows, columns)
    down, across = ({*range(0, count, 2), count - 1} for count in (rows, columns))
    some = index[np.ix_(sorted(down), sorted(across))]
    return some.reshape(-1)[sheet(*some.shape)].astype(np.int32)


def made(
    points: Array, shape: tuple[int, int], matter: int, uv: Array, *, closed: bool = False, jaw: float = 0.0
) -> Part:
    """A part from a grid of points."""
    flat = points.reshape(-1, 3)
    return Part(flat, sheet(*shape, closed=closed), uv.reshape(-1, 2), np.ones(len(flat)), matter, jaw)


def eyeball(side: int, fineness: int = 2) -> Part:
    """The front of an eyeball; `uv` is the direction from its middle, to the subject's left and up."""
    ring, around = np.meshgrid(
        np.linspace(0, 1, 4 * fineness + 1) * 1.25, np.linspace(0, 2 * np.pi, 10 * fineness + 5), indexing="ij"
    )
    x, y, z = np.sin(ring) * np.cos(around), np.sin(ring) * np.sin(around), np.cos(ring)
    middle = np.array([side * head.EYE_X, head.EYE_Y, head.EYE_Z])
    return made(
        middle + head.EYE_RADIUS * np.stack([x, y, z], -1), x.shape, EYE if side < 0 else LEFT_EYE, np.stack([x, y], -1)
    )


def teeth(upper: bool) -> Part:
    """A row of teeth with gums; `uv` counts teeth from the middle, and goes from the edge (0) to the gum (1)."""
    across, down = np.meshgrid(np.linspace(-1.12, 1.12, 25), np.linspace(0, 1.5, 6), indexing="xy")
    x, z = 2.25 * np.sin(across), 4.9 + 3.0 * np.cos(across) - 0.25 * down**2
    y = (-6.72 + 1.05 * down) if upper else (-6.82 - 1.0 * down)
    y = y + (0.1 if upper else -0.1) * (1 - np.cos(across))
    return made(np.stack([x, y, z], -1), x.shape, TEETH, np.stack([across / 0.34, down], -1), jaw=float(not upper))


def tongue() -> Part:
    """The tongue, lying."""
    a, b = np.meshgrid(np.linspace(0, np.pi, 7), np.linspace(0, 2 * np.pi, 13), indexing="ij")
    x, y, z = 1.55 * np.sin(a) * np.cos(b), -7.75 + 0.62 * np.cos(a), 5.3 + 2.1 * np.sin(a) * np.sin(b)
    return made(np.stack([x, y, z], -1), x.shape, MOUTH, np.stack([np.full_like(x, 1.0), x], -1), jaw=0.9)


def cavity() -> Part:
    """The dark of the mouth."""
    a, b = np.meshgrid(np.linspace(0, np.pi, 7), np.linspace(0, np.pi, 11), indexing="ij")
    x, y, z = 2.5 * np.cos(b) * np.sin(a), -7.3 + 3.0 * np.cos(a), 5.6 - 4.0 * np.sin(a) * np.sin(b)
    return made(np.stack([x, y, z], -1), x.shape, MOUTH, np.zeros((*x.shape, 2)), jaw=0.35)


def ear(side: int, fineness: int = 2) -> Part:
    """An ear: a leaf with a rim, a second fold and a hollow."""
    ring, around = np.meshgrid(
        np.linspace(0, 1, 4 * fineness + 4), np.linspace(0, 2 * np.pi, 12 * fineness + 9), indexing="ij"
    )
    long = 1 + 0.16 * np.cos(around - 0.9) - 0.12 * bump(around - 4.3, 0.5)
    back, up = 1.75 * ring * long * np.cos(around), 3.05 * ring * long * np.sin(around)
    rim = 0.55 * bump(ring - 0.88, 0.13) * smooth(-0.9, 0.2, np.sin(around + 0.6) + 0.4)
    fold = 0.45 * bump(np.hypot((back - 0.55) / 0.3, (up - 0.2) / 1.5), 1.0)
    hollow = -0.8 * bump(np.hypot((back + 0.25) / 0.62, (up + 0.45) / 0.95), 1.0)
    flag = 0.4 * bump(np.hypot((back + 1.35) / 0.35, (up + 0.35) / 0.6), 1.0)
    out = rim + fold + hollow + flag - 0.5 * ring**8
    flare = np.radians(24)
    x = 7.05 + (back + 1.6) * np.sin(flare) + out * np.cos(flare)
    z = -0.9 - back * np.cos(flare) + out * np.sin(flare) + 0.12 * up * -1
    points = np.stack([side * x, -1.75 + up * 0.98, z], -1)
    return made(points, ring.shape, SKIN, np.stack([side * np.full_like(ring, 13.0), np.full_like(ring, 5.0)], -1))


def torso() -> Part:
    """Shoulders and chest in a crew neck; it stays when the head turns."""
    y = np.array([-14.6, -15.0, -15.6, -16.4, -17.4, -18.6, -20, -22, -25, -30, -36])
    wide = np.array([5.5, 5.9, 7.0, 9.2, 12.5, 16.2, 18.8, 20.6, 21.5, 21.5, 21.0])
    deep = np.array([5.3, 5.6, 6.2, 6.8, 7.4, 8.2, 9.2, 10.4, 11.8, 12.5, 12.5])
    around = np.linspace(0, 2 * np.pi, 49)[:-1]
    sine, cosine = np.sin(around), np.cos(around)
    unit = (np.abs(sine) ** 2.5 + np.abs(cosine) ** 2.5) ** (-1 / 2.5)
    x, z = wide[:, None] * (unit * sine)[None], deep[:, None] * (unit * cosine)[None] - 1.6
    height = y[:, None] - np.where(cosine > 0, 1.6, 0.2)[None] * np.abs(cosine)[None] * smooth(-19, -14.6, y)[:, None]
    points = np.stack([x, np.broadcast_to(height, x.shape), z], -1)
    part = made(points, x.shape, CLOTH, np.stack([x / 20, np.broadcast_to(height, x.shape) / 20], -1), closed=True)
    return Part(part.points, part.triangles, part.uv, part.cover, CLOTH, 0.0, np.zeros(len(part.points)))


def neck_turn(y: Array) -> Array:
    """How much of the head's turn the skin follows at a height."""
    return smooth(-16.5, -11.0, y)


@cache
def anatomy(fineness: int) -> tuple[Part, ...]:
    """Skin first, then what everybody has."""
    skin = head.grid(fineness)
    points = head.shape(fineness)
    turn = neck_turn(points[:, 1])
    first = Part(points, skin.triangles, skin.uv, np.ones(len(points)), SKIN, 0.0, turn, skin.rough)
    return (
        first,
        eyeball(-1, fineness),
        eyeball(1, fineness),
        teeth(True),
        teeth(False),
        tongue(),
        cavity(),
        ear(-1, fineness),
        ear(1, fineness),
        torso(),
    )


def brow_line(side: Array) -> Array:
    """Height of the middle of the eyebrow, to the side."""
    return curve([(1.0, 1.72), (1.6, 1.86), (2.8, 2.18), (3.9, 2.42), (4.6, 2.3), (5.4, 1.85), (6.0, 1.5)], side)
