"""Hair, as shells around the skull that end in a ragged line, and what people wear on their heads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from vultus.research.data.world import head
from vultus.research.data.world.head import Array, bump, curve, smooth
from vultus.research.data.world.parts import HAIR, HAT, Part, sheet, thinned

STYLES = (
    "bald",
    "buzz",
    "short",
    "side_part",
    "receding",
    "fringe",
    "bob",
    "long",
    "curly",
    "afro",
    "bun",
    "headscarf",
    "cap",
)


@dataclass(frozen=True)
class Cut:
    """A cut of hair.

    Attributes:
        line: height of the hairline by the angle from the front, degrees.
        thick: centimetres on top, at the sides and at the back.
        end: where it ends below at the back, as a height; below the nape it hangs.
        waves: how much its surface swings, centimetres.
        dense: 1 covers the skin; less lets it shine through.
        part: lifts one side and lets the other lie flat.
        fringe: thickness added over the forehead.
    """

    line: tuple[tuple[float, float], ...]
    thick: tuple[float, float, float]
    end: float = -7.0
    waves: float = 0.08
    dense: float = 1.6
    part: float = 0.0
    fringe: float = 0.0


_EAR = ((0, 7.7), (20, 7.6), (32, 7.7), (42, 6.4), (52, 3.4), (60, 1.6), (68, -1.0), (75, -1.2), (80, 1.4), (104, 1.6),
        (116, -2.5), (128, -6.5), (180, -7.6))  # fmt: skip
_BACK = (
    (0, 11.5),
    (30, 11.0),
    (48, 8.0),
    (58, 3.5),
    (66, 0.5),
    (76, -0.4),
    (80, 1.6),
    (104, 1.7),
    (116, -2.5),
    (128, -6.5),
    (180, -7.4),
)
_LOW = (
    (0, 3.4),
    (25, 3.2),
    (42, 2.4),
    (52, 1.0),
    (60, -1.2),
    (70, -2.6),
    (80, -2.2),
    (104, -2.4),
    (116, -4.5),
    (128, -6.8),
    (180, -7.8),
)
_HANG = ((0, 7.8), (20, 7.6), (34, 7.0), (45, 5.4), (53, 2.6), (58, -1.0), (63, -6.0), (67, -30), (180, -30))
_HANG_LOW = ((0, 3.4), (25, 3.0), (40, 1.9), (48, 0.0), (55, -3.5), (62, -30), (180, -30))
_CURLY = (
    (0, 7.0),
    (25, 6.8),
    (42, 5.6),
    (52, 2.8),
    (62, 0.6),
    (72, -2.2),
    (80, -2.6),
    (104, -3.0),
    (116, -5.0),
    (128, -6.8),
    (180, -8.0),
)

CUTS = {
    "buzz": Cut(_EAR, (0.18, 0.15, 0.18), waves=0.0, dense=0.78),
    "short": Cut(_EAR, (1.1, 0.5, 0.6), waves=0.12),
    "side_part": Cut(_EAR, (1.5, 0.6, 0.7), waves=0.12, part=0.6),
    "receding": Cut(_BACK, (0.3, 0.45, 0.6), waves=0.1, dense=1.15),
    "fringe": Cut(_LOW, (1.2, 1.0, 1.0), waves=0.08, fringe=0.5),
    "bob": Cut(_HANG_LOW, (1.2, 1.5, 1.6), end=-10.5, waves=0.12, fringe=0.45),
    "long": Cut(_HANG, (1.0, 1.4, 1.6), end=-21, waves=0.2, part=0.25),
    "curly": Cut(_CURLY, (2.0, 1.9, 2.0), end=-9.0, waves=0.5),
    "afro": Cut(_CURLY, (3.6, 3.3, 3.4), end=-7.5, waves=0.35),
    "bun": Cut(_EAR, (0.5, 0.35, 0.45), waves=0.04),
}


def _shell(fineness: int, end: float) -> tuple[Array, Array, tuple[int, int]]:
    n, m = 18 * fineness, 28 * fineness
    angles = np.linspace(-np.pi, np.pi, m + 1)
    below = np.linspace(0, 1, n) ** 0.9
    rows = np.concatenate([12 - 0.9 * np.linspace(0, 1, 5 * fineness) ** 2 * 1.0, 11.1 + (end - 11.1) * below[1:]])
    angle, row = np.meshgrid(angles, rows, indexing="xy")
    return angle, row, angle.shape


def cut(name: str, fineness: int) -> Part:
    """A cut of hair as a part."""
    style = CUTS[name]
    angle, row, shape = _shell(fineness, style.end - 0.8)
    degrees = np.degrees(np.abs(angle))
    skull = np.maximum(row, -3.5) if style.end < -8 else row
    r = head.radius(angle, skull)
    r = np.where(row < skull, r + 0.10 * (skull - row) * smooth(40, 100, degrees), r)  # hangs over the shoulders
    points = np.stack([r * np.sin(angle), row, r * np.cos(angle)], -1)
    line = curve([(float(a), float(b)) for a, b in style.line], degrees)
    top, side, back = style.thick
    thick = np.where(
        degrees < 90, top + (side - top) * smooth(50, 90, degrees), side + (back - side) * smooth(90, 150, degrees)
    )
    thick = top + (thick - top) * (1 - smooth(5.5, 10.5, row))
    thick = thick + style.part * (
        0.6 * np.sin(angle * 1.0 - 0.5) * smooth(4, 9, row) - 0.8 * bump((angle + 0.55) / 0.16, 1.0) * smooth(4, 7, row)
    )
    thick = thick + style.fringe * bump(degrees / 50, 1.0, 4) * bump(row - 5.5, 3.5, 4)
    rng = np.random.default_rng([len(name), ord(name[0])])
    swing = sum(
        rng.normal() * np.sin(k * angle + rng.uniform(0, 6) + rng.normal(0, 0.6) * row) for k in (3, 5, 8, 13, 17, 23)
    )
    edge = np.clip((row - line) / 0.9, -1, 1.2)
    thick = (
        np.maximum(thick + style.waves * swing, 0.12) * smooth(-0.6, 1.6 if top < 1.6 else 0.9, row - line + 0.4) + 0.05
    )
    away = points - np.array([0, 1.0, -0.5])
    away[..., 1] *= smooth(-2, 6, row)
    away /= np.linalg.norm(away, axis=-1, keepdims=True)
    points = points + away * thick[..., None]
    tip = np.clip((row - style.end) / 1.5, -1, 1.2)
    cover = np.minimum(0.5 + edge * 0.9, 0.5 + tip * 0.8) * style.dense / 1.6
    cover = np.minimum(cover, style.dense) if style.dense < 1 else np.where(cover > 0.98, 1.0, cover)
    fine = 5.0 if name == "buzz" else 1.0  # stubble has no strands
    uv = np.stack([angle / np.pi * 2.5 * fine, row / 16 * fine**1.5], -1)
    flat = points.reshape(-1, 3)
    turn = smooth(-20, -8, flat[:, 1]) if style.end < -8 else np.ones(len(flat))
    return Part(flat, sheet(*shape), uv.reshape(-1, 2), cover.reshape(-1), HAIR, 0.0, turn, thinned(*shape))


def _joined(*parts: Part) -> Part:
    offset, triangles = 0, []
    for part in parts:
        triangles.append(part.triangles + offset)
        offset += len(part.points)
    turns = [part.turn if part.turn is not None else np.ones(len(part.points)) for part in parts]
    return Part(
        np.concatenate([part.points for part in parts]), np.concatenate(triangles).astype(np.int32),
        np.concatenate([part.uv for part in parts]), np.concatenate([part.cover for part in parts]),
        parts[0].matter, 0.0, np.concatenate(turns), parts[0].casts,
    )  # fmt: skip


def _bun(fineness: int) -> Part:
    a, b = np.meshgrid(np.linspace(0, np.pi, 9), np.linspace(0, 2 * np.pi, 17), indexing="ij")
    x, y, z = 2.9 * np.sin(a) * np.cos(b), 12.3 + 2.4 * np.cos(a), -4.2 + 2.9 * np.sin(a) * np.sin(b)
    flat = np.stack([x, y, z], -1).reshape(-1, 3)
    knot = Part(flat, sheet(*x.shape), np.stack([b / 2, a / 4], -1).reshape(-1, 2), np.ones(len(flat)), HAIR)
    return _joined(cut("bun", fineness), knot)


def _cap(fineness: int) -> Part:
    angle, row, shape = _shell(fineness, 4.6)
    r = head.radius(angle, row)
    points = np.stack([r * np.sin(angle), row, r * np.cos(angle)], -1)
    away = points - np.array([0, 1.0, -0.5])
    away /= np.linalg.norm(away, axis=-1, keepdims=True)
    flat = (points + away * (0.9 + 0.5 * smooth(6, 11, row))[..., None]).reshape(-1, 3)
    crown = Part(
        flat, sheet(*shape), np.stack([angle, row], -1).reshape(-1, 2), np.ones(len(flat)), HAT, casts=thinned(*shape)
    )
    a, t = np.meshgrid(np.radians(np.linspace(-55, 55, 21)), np.linspace(0, 1, 6), indexing="xy")
    at = head.radius(a, np.full_like(a, 4.7)) + 0.8
    out = at + 5.2 * t * np.cos(a * 1.3) ** 0.8
    x, z = out * np.sin(a) * (1 - 0.12 * t), out * np.cos(a)
    brim = np.stack([x, 4.75 - 0.9 * t - 0.06 * x**2 * 0.6, z], -1).reshape(-1, 3)
    plate = Part(brim, sheet(*a.shape), np.stack([a, t], -1).reshape(-1, 2), np.ones(len(brim)), HAT)
    return _joined(crown, plate)


def _headscarf(fineness: int) -> Part:
    angle, row, shape = _shell(fineness, -19.0)
    degrees = np.degrees(np.abs(angle))
    r = head.radius(angle, np.maximum(row, -9.5))
    r = np.where(row < -5.0, np.maximum(r, 6.0 * (1 - smooth(-8.0, -5.0, row)) + 0.34 * np.maximum(-8.5 - row, 0)), r)
    fold = 0.14 * np.sin(9 * angle + 0.8 * row) * (1 - smooth(-12, -6, row)) + 0.1 * np.sin(5 * angle + row)
    points = np.stack([r * np.sin(angle), row, r * np.cos(angle)], -1)
    away = points - np.array([0, 1.0, -0.5])
    away[..., 1] *= smooth(-2, 6, row)
    away /= np.linalg.norm(away, axis=-1, keepdims=True)
    flat = (points + away * (0.75 + fold)[..., None]).reshape(-1, 3)
    hole = np.hypot(np.sin(angle) * 9 / 6.3, (row + 2.9) / 9.0)
    open_ = smooth(0.985, 1.015, np.where(degrees < 90, hole, 2.0))
    return Part(
        flat,
        sheet(*shape),
        np.stack([angle, row / 16], -1).reshape(-1, 2),
        open_.reshape(-1),
        HAT,
        0.0,
        smooth(-19, -11, flat[:, 1]),
        thinned(*shape),
    )


@cache
def style(name: str, fineness: int) -> Part | None:
    """What a style adds to the head; None for bald."""
    if name == "bald":
        return None
    made = {"bun": _bun, "cap": _cap, "headscarf": _headscarf}
    return made[name](fineness) if name in made else cut(name, fineness)
