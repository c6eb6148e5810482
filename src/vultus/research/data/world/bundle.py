"""A whole head as one mesh: parts put together, with everything that moves them as rows of one matrix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vultus.research.data.world import hair, identity, maps, muscles, parts, wear
from vultus.research.data.world.actions import NAMES
from vultus.research.data.world.landmarks import vertices
from vultus.research.data.world.parts import Part
from vultus.research.data.world.raster import FAR, displaced, normals, rasterise

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Bundle:
    """Parts in one piece.

    Attributes:
        points: at rest, (V, 3).
        moves: how identity, then the actions of the right and of the left half, move them: (K + 2 A, 3 V).
        triangles, matter: (T, 3), (T,).
        uv, cover, turn: of `Part`, one per vertex.
        casts: triangles that throw shadows.
        landmarks: numbers of the 68 vertices, where it has a face.
    """

    points: Floats
    moves: Floats
    triangles: NDArray[np.int32]
    matter: NDArray[np.uint8]
    uv: Floats
    cover: Floats
    turn: Floats
    casts: NDArray[np.int32]
    landmarks: NDArray[np.int64] | None = None

    @cached_property
    def normals(self) -> Floats:
        """At rest."""
        found = np.zeros_like(self.points)
        normals(self.points, self.triangles, found)
        return found

    def placed(self, coefficients: Floats) -> Floats:
        """Points of faces: (N, K + 2 A) to (N, V, 3)."""
        moved = np.empty((len(coefficients), self.points.size), np.float32)
        displaced(self.points.reshape(-1), self.moves, coefficients, moved)
        return moved.reshape(len(coefficients), -1, 3)


def bound(members: tuple[Part, ...], fineness: int) -> Bundle:
    """Put parts together; the first part moves like skin when it is the skin of the head."""
    points = np.concatenate([part.points for part in members])
    offsets = np.cumsum([0, *(len(part.points) for part in members[:-1])])
    triangles = np.concatenate([part.triangles + at for part, at in zip(members, offsets, strict=True)])
    matter = np.concatenate([np.full(len(part.triangles), part.matter) for part in members])
    moves = [identity.warps(points), np.zeros((2 * len(NAMES), len(points), 3))]
    for part, at in zip(members, offsets, strict=True):
        rows = slice(at, at + len(part.points))
        if part is parts.anatomy(fineness)[0]:
            moves[1][:, rows] = muscles.fields(fineness).reshape(2 * len(NAMES), -1, 3)
        elif part.jaw:
            for name, degrees in (("AU26", muscles.JAW_DEG), ("AU27", 1.6 * muscles.JAW_DEG)):
                for half in (0, len(NAMES)):
                    moves[1][half + NAMES.index(name), rows] = 0.5 * part.jaw * muscles.jaw_turn(part.points, degrees)
        if part.matter == parts.CLOTH:
            moves[0][:, rows] = 0
    matrix = np.concatenate(moves).reshape(len(identity.NAMES) + 2 * len(NAMES), -1)
    casts = [part.casts + at for part, at in zip(members, offsets, strict=True) if part.casts is not None]
    dense = np.concatenate([part.cover for part in members]) > 0.5
    thrown = np.concatenate([np.zeros((0, 3), np.int64), *casts])
    turns = [part.turn if part.turn is not None else np.ones(len(part.points)) for part in members]
    return Bundle(
        points.astype(np.float32),
        np.ascontiguousarray(matrix, np.float32),
        triangles.astype(np.int32),
        matter.astype(np.uint8),
        np.concatenate([part.uv for part in members]).astype(np.float32),
        np.concatenate([part.cover for part in members]).astype(np.float32),
        np.concatenate(turns).astype(np.float32),
        thrown[dense[thrown].all(1)].astype(np.int32),
    )


class Basis(Protocol):
    """Where heads come from: ours, or a morphable model of somebody else's behind the same coefficients.

    Attributes:
        name: for people.
    """

    @property
    def name(self) -> str: ...

    def __hash__(self) -> int: ...

    def body(self, fineness: int) -> Bundle:
        """Skin and what everybody has, with `landmarks`; its `moves` follow `identity.NAMES` and `actions.NAMES`."""

    def extras(self, style: int, kind: int, fineness: int) -> Bundle | None:
        """Hair and accessories that fit the body, or None for neither."""


@dataclass(frozen=True, eq=False)
class Procedural:
    """The heads of this package."""

    name: str = "procedural"

    def body(self, fineness: int) -> Bundle:
        """Skin and anatomy, the same for everybody."""
        return _body(fineness)

    def extras(self, style: int, kind: int, fineness: int) -> Bundle | None:
        """Hair and accessories."""
        return _extras(style, kind, fineness)


OURS = Procedural()


@cache
def _body(fineness: int) -> Bundle:
    return replace(bound(parts.anatomy(fineness), fineness), landmarks=vertices(fineness))


@cache
def _extras(style: int, kind: int, fineness: int) -> Bundle | None:
    hat = hair.style(hair.STYLES[style], fineness)
    members = (() if hat is None else (hat,)) + wear.parts(wear.KINDS[kind], fineness)
    return bound(members, fineness) if members else None


@dataclass(frozen=True)
class Whole:
    """What the rasteriser takes besides points: body and extras one after the other."""

    triangles: NDArray[np.int32]
    matter: NDArray[np.uint8]
    uv: Floats
    cover: Floats
    turn: Floats
    open_: Floats
    casts: NDArray[np.int32]
    closed: int


@cache
def whole(style: int, kind: int, fineness: int, basis: Basis = OURS) -> Whole:
    """Body and extras of somebody."""
    both = _both(style, kind, fineness, basis)
    shift = len(both[0].points)
    columns = {
        name: np.concatenate([getattr(part, name) for part in both]) for name in ("matter", "uv", "cover", "turn")
    }
    casts = [both[0].casts, *(part.casts + shift for part in both[1:])]
    return Whole(
        triangles=_joined(both), casts=np.concatenate(casts), open_=_sky(both, _both(style, kind, 1, basis)),
        closed=int(np.argmax(columns["matter"] != parts.SKIN)), **columns,
    )  # fmt: skip


def _both(style: int, kind: int, fineness: int, basis: Basis) -> list[Bundle]:
    more = basis.extras(style, kind, fineness)
    return [basis.body(fineness)] + ([] if more is None else [more])


def _joined(both: list[Bundle]) -> NDArray[np.int32]:
    shift = len(both[0].points)
    return np.concatenate([both[0].triangles, *(part.triangles + shift for part in both[1:])])


def _sky(fine: list[Bundle], rough: list[Bundle], directions: int = 60) -> Floats:
    """Share of the sky that each vertex sees at rest: by looking at the head from everywhere."""
    points, faced = np.concatenate([p.points for p in fine]), np.concatenate([p.normals for p in fine])
    hides = np.concatenate([part.points for part in rough])
    triangles = _joined(rough)
    triangles = triangles[(np.concatenate([part.cover for part in rough])[triangles] > 0.5).all(1)]
    golden = np.arange(directions) * 2.399963
    height = 1 - (np.arange(directions) + 0.5) / directions * 1.55
    ring = np.sqrt(1 - height**2)
    around = np.stack([ring * np.cos(golden), height, ring * np.sin(golden)], 1)
    seen, total = np.zeros(len(points)), np.full(len(points), 1e-6)
    for way in around:
        at, far = looking(hides, triangles, 0, way.astype(np.float32), 128)
        place = points @ at[:, :3].T + at[:, 3]
        column, row = (np.clip(place[:, axis].astype(int), 0, 127) for axis in (0, 1))
        weight = np.maximum(faced @ way, 0)
        seen += weight * (far[row, column] > place[:, 2] - 0.35)
        total += weight
    share = seen / total
    matter = np.concatenate([p.matter for p in fine])
    mouth = np.zeros(len(points), bool)
    mouth[_joined(fine)[(matter == parts.TEETH) | (matter == parts.MOUTH)].reshape(-1)] = True
    share = np.where(mouth, 0.5 - 0.35 * np.clip((7.2 - points[:, 2]) / 3, 0, 1), share)  # it opens later
    return np.asarray(0.12 + 0.88 * share**0.85, np.float32)


def looking(points: Floats, triangles: NDArray[np.int32], closed: int, way: Floats, side: int) -> tuple[Floats, Floats]:
    """What a far lamp sees: the (3, 4) matrix to its map, and the map of distances, (side, side)."""
    out = way / np.linalg.norm(way)
    across = np.cross([0.0, 1.0, 0.0] if abs(out[1]) < 0.95 else [1.0, 0.0, 0.0], out)
    across = across / np.linalg.norm(across)
    up = np.cross(out, across)
    reach = 16.0
    middle = np.array([0.0, -1.5, 0.0])
    scale = side / (2 * reach)
    turn = np.stack([across * scale, -up * scale, -out])
    shift = np.array([side / 2, side / 2, 100.0]) - turn @ middle
    matrix = np.concatenate([turn, shift[:, None]], 1).astype(np.float32)
    screen = points @ matrix[:, :3].T + matrix[:, 3]
    depth = np.full((side, side), FAR, np.float32)
    rasterise(
        np.ascontiguousarray(screen, np.float32),
        triangles,
        closed,
        np.ones(len(points), np.float32),
        np.zeros((len(points), 2), np.float32),
        maps.grain(),
        depth,
        np.empty((side, side), np.int32),
        np.empty((side, side, 2), np.float32),
    )
    return matrix, depth
