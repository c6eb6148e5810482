"""Glasses, sunglasses and face masks."""

from __future__ import annotations

from functools import cache

import numpy as np

from vultus.research.data.world import head
from vultus.research.data.world.head import Array, bump, smooth
from vultus.research.data.world.parts import FRAME, LENS, MASK, Part, sheet

KINDS = ("none", "round", "square", "sunglasses", "face_mask")


def _tube(path: Array, thick: float, matter: int) -> Part:
    """A round bar along a path, (N, 3)."""
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    out = np.cross(along, [0.0, 0.0, 1.0])
    out = np.where(np.linalg.norm(out, axis=1, keepdims=True) < 0.2, np.array([0.0, 1.0, 0.0]), out)
    out /= np.linalg.norm(out, axis=1, keepdims=True) + 1e-9
    third = np.cross(along, out)
    ring = np.linspace(0, 2 * np.pi, 7)
    points = path[:, None] + thick * (
        np.cos(ring)[None, :, None] * out[:, None] + np.sin(ring)[None, :, None] * third[:, None]
    )
    flat = points.reshape(-1, 3)
    return Part(
        flat, sheet(len(path), 7), np.zeros((len(flat), 2)), np.ones(len(flat)), matter, casts=sheet(len(path), 7)[::2]
    )


def _rim(side: int, power: float, wide: float, high: float) -> Array:
    a = np.linspace(0, 2 * np.pi, 33)
    unit = (np.abs(np.cos(a)) ** power + np.abs(np.sin(a)) ** power) ** (-1 / power)
    x, y = wide * unit * np.cos(a), high * unit * np.sin(a)
    z = 9.15 - 0.09 * np.maximum(x + 0.3, 0) ** 2
    return np.stack([side * (3.35 + x), y - 0.35, z], 1)


def _glasses(power: float, wide: float, high: float, thick: float) -> list[Part]:
    parts = []
    for side in (-1, 1):
        rim = _rim(side, power, wide, high)
        parts.append(_tube(rim, thick, FRAME))
        t = np.linspace(0, 1, 8)[:, None]
        hinge, behind = np.array([side * (3.35 + wide), 0.45, rim[0, 2]]), np.array([side * 7.75, 0.5, -0.4])
        parts.append(
            _tube(hinge + (behind - hinge) * t + np.array([side * 0.5, 0, 0]) * np.sin(np.pi * t), thick, FRAME)
        )
    t = np.linspace(-1, 1, 9)
    inner = 3.35 - wide
    parts.append(_tube(np.stack([inner * t, 0.25 + 0.25 * (1 - t**2), 9.2 + 0.35 * (1 - t**2)], 1), thick, FRAME))
    return parts


def _lenses(power: float, wide: float, high: float) -> list[Part]:
    lenses = []
    for side in (-1, 1):
        rim = _rim(side, power, wide, high)
        points = np.concatenate([rim.mean(0, keepdims=True) + np.array([0, 0, 0.12]), rim])
        n = len(rim)
        fan = np.stack([np.zeros(n - 1), np.arange(1, n), np.arange(2, n + 1)], 1).astype(np.int32)
        lenses.append(Part(points, fan, np.zeros((len(points), 2)), np.ones(len(points)), LENS, casts=fan))
    return lenses


def _face_mask(fineness: int) -> Part:
    degrees, rows = np.linspace(-78, 78, 26 * fineness), np.linspace(-0.9, -11.9, 18 * fineness)
    angle, row = np.meshgrid(np.radians(degrees), rows, indexing="xy")
    r = head.radius(angle, np.maximum(row, -10.6))
    nose = 2.6 * np.exp(-((np.sin(angle) * 9 / 2.3) ** 2)) * bump(row + 3.9, 2.9, 2.4)
    r = r + 0.55 + nose * 0.92 + 0.55 * bump(np.sin(angle) * 9, 3.6) * bump(row + 6.8, 3.2)
    points = np.stack([r * np.sin(angle), row, r * np.cos(angle)], -1).reshape(-1, 3)
    low = -1.7 - 1.6 * smooth(25, 70, np.abs(np.degrees(angle))) + 0.8 * bump(np.degrees(angle), 12)
    high = -11.2 + 4.4 * smooth(28, 76, np.abs(np.degrees(angle)))
    cover = np.clip(0.5 + np.minimum(low - row, row - high) * 4, 0, 1)
    strap = bump(row + 3.0 + 1.0 * smooth(60, 78, np.abs(np.degrees(angle))), 0.25, 6) * smooth(
        50, 60, np.abs(np.degrees(angle))
    )
    cover = np.maximum(cover, strap)
    uv = np.stack([angle, row / 2.2], -1).reshape(-1, 2)
    return Part(points, sheet(*angle.shape), uv, np.where(cover > 0.6, 1.0, 0.0).reshape(-1), MASK, jaw=0.45)


@cache
def parts(kind: str, fineness: int) -> tuple[Part, ...]:
    """What an accessory is made of."""
    if kind == "round":
        return tuple(_glasses(2.0, 2.2, 2.0, 0.1))
    if kind == "square":
        return tuple(_glasses(4.0, 2.4, 1.65, 0.17))
    if kind == "sunglasses":
        return (*_glasses(3.0, 2.55, 1.95, 0.16), *_lenses(3.0, 2.5, 1.9))
    return (_face_mask(fineness),) if kind == "face_mask" else ()
