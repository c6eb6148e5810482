"""Scenes to pictures, and everything that is known about each pixel of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import ConfigError, UnknownNameError
from vultus.research.data.world import bundle, look, maps
from vultus.research.data.world.actions import number
from vultus.research.data.world.picture import backdrop, curve, develop
from vultus.research.data.world.raster import FAR, normals, rasterise
from vultus.research.data.world.shade import shade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vultus.research.data.world.scene import Scene

    Floats = NDArray[np.float32]

MODES = ("rgb",)
PIVOT = np.array([0.0, -7.0, -1.5], np.float32)  # heads turn about it
MIDDLE = np.array([0.0, -1.6, 4.0], np.float32)  # is in the middle of the picture
FINE = 2  # samples per pixel and axis


@dataclass(frozen=True)
class Job:
    """One picture on its way: what the kernels take and give.

    Attributes:
        points, normals: of all vertices in the frame of the room.
        screen: in samples, and the distance from the camera.
        which, place, depth: of `raster.rasterise`.
    """

    mesh: bundle.Whole
    points: Floats
    normals: Floats
    screen: Floats
    which: NDArray[np.int32]
    place: Floats
    depth: Floats


def fineness_for(size: int) -> int:
    """The coarse mesh does for small pictures."""
    return 1 if size <= 96 else 2


def coefficients(scene: Scene) -> Floats:
    """What the moves of a bundle are multiplied with: identity, and the actions of both halves of the face."""
    whole = scene.actions.copy()
    whole[:, number("AU26")] += scene.jaw
    right = whole * np.clip(1 - scene.balance, 0, 1)
    left = whole * np.clip(1 + scene.balance, 0, 1)
    lid, wide = number("AU43"), number("AU5")
    for half, closed in ((right, scene.eyelids[:, 0]), (left, scene.eyelids[:, 1])):
        half[:, lid] = np.clip(half[:, lid] + closed - 0.012 * scene.gaze_deg[:, 1], -0.25, 1.0)
        half[:, wide] *= 1 - np.clip(half[:, lid], 0, 1)
        half[:, number("AU7")] *= 1 - np.clip(half[:, lid], 0, 1)
    return np.asarray(np.concatenate([scene.people.identity, right, left], 1), np.float32)


def rotations(pose_deg: Floats) -> Floats:
    """Turning matrices: (N, 3) degrees to (N, 3, 3)."""
    yaw, pitch, roll = (np.radians(column) for column in pose_deg.T.astype(np.float64))
    one, zero = np.ones_like(yaw), np.zeros_like(yaw)

    def stack(*entries: Any) -> Any:
        return np.stack(entries, -1).reshape(-1, 3, 3)

    about_y = stack(np.cos(yaw), zero, np.sin(yaw), zero, one, zero, -np.sin(yaw), zero, np.cos(yaw))
    about_x = stack(one, zero, zero, zero, np.cos(pitch), np.sin(pitch), zero, -np.sin(pitch), np.cos(pitch))
    about_z = stack(np.cos(roll), np.sin(roll), zero, -np.sin(roll), np.cos(roll), zero, zero, zero, one)
    return np.asarray(about_z @ about_y @ about_x, np.float32)


def placed(scene: Scene, fineness: int) -> list[tuple[bundle.Whole, Floats]]:
    """Meshes of a scene with their points in the frame of the room."""
    rows = coefficients(scene)
    turn = rotations(scene.pose_deg)
    bodies = bundle.body(fineness).placed(rows)
    found = []
    for n in range(len(scene)):
        style, kind = int(scene.people.hair[n]), int(scene.people.wear[n])
        mesh = bundle.whole(style, kind, fineness)
        more = bundle.extras(style, kind, fineness)
        points = bodies[n] if more is None else np.concatenate([bodies[n], more.placed(rows[n : n + 1])[0]])
        turned = (points - PIVOT) @ turn[n].T + PIVOT
        found.append((mesh, np.ascontiguousarray(points + mesh.turn[:, None] * (turned - points), np.float32)))
    return found


def projected(points: Floats, camera: Floats, size: int) -> Floats:
    """Pixels (of a picture so large) and distances of points: (V, 3)."""
    away = camera[0] - (points[:, 2] - MIDDLE[2])
    scale = size * camera[0] / camera[1] / away
    x = size * (0.5 + camera[2]) + scale * (points[:, 0] - MIDDLE[0])
    y = size * (0.5 + camera[3]) - scale * (points[:, 1] - MIDDLE[1])
    return np.stack([x, y, away], 1).astype(np.float32)


def _drawn(mesh: bundle.Whole, points: Floats, camera: Floats, size: int) -> Job:
    side = size * FINE
    faced = np.zeros_like(points)
    normals(points, mesh.triangles, faced)
    screen = projected(points, camera, side)
    depth, which = np.full((side, side), FAR, np.float32), np.full((side, side), -1, np.int32)
    place = np.zeros((side, side, 2), np.float32)
    rasterise(screen, mesh.triangles, mesh.closed, mesh.cover, mesh.uv, maps.grain(), depth, which, place)
    return Job(mesh, points, faced, screen, which, place, depth)


def gazes(gaze_deg: Floats) -> Floats:
    """Directions of the right and the left eye, which meet a metre away: (2, 3)."""
    turn = np.radians(np.array([gaze_deg[0] + 1.8, gaze_deg[0] - 1.8]))
    rise = np.radians(gaze_deg[1])
    return np.stack([np.sin(turn) * np.cos(rise), np.full(2, np.sin(rise)), np.cos(turn) * np.cos(rise)], 1).astype(
        np.float32
    )


def _exposure(row: Floats, light: Floats) -> float:
    """What a camera does that meters the face, halfway."""
    skin = row[look.SKIN_RGB : look.SKIN_RGB + 3].mean()
    arrives = light[3:6].mean() * max(light[2], 0.1) * 0.75 + light[9:12].mean() * 0.5 + light[18:24].mean()
    return float((0.30 / (skin * arrives)) ** 0.62 * 1.02)


def _rgb(job: Job, scene: Scene, n: int, row: Floats, size: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    side = size * FINE
    light = scene.light[n]
    out, regions = np.zeros((side, side, 3), np.float32), np.zeros((side, side), np.uint8)
    sun, shadow = bundle.looking(job.points, job.mesh.casts, 0, light[:3], min(256, max(64, size)))
    shade(
        job.which,
        job.place,
        job.mesh.triangles,
        job.mesh.matter,
        job.points,
        job.normals,
        job.mesh.uv,
        job.mesh.open_,
        maps.skin(),
        maps.grain(),
        row,
        light,
        gazes(scene.gaze_deg[n]),
        np.float32(scene.camera[n, 0] + MIDDLE[2]),
        shadow,
        sun,
        out,
        regions,
    )
    backdrop(job.which, scene.background[n], maps.clouds(), out)
    picture = np.empty((size, size, 3), np.uint8)
    develop(out, _exposure(row, light), float(scene.camera[n, 4]), int(scene.seeds[n]), curve(), picture)
    return picture, regions


def render(scene: Scene, size: int = 64, modes: Sequence[str] = ("rgb",), threads: int = 2) -> dict[str, NDArray[Any]]:
    """Render every picture of a scene.

    Args:
        scene: what is in the pictures.
        size: their height and width, pixels.
        modes: what to give, of `MODES`.
        threads: at once.

    Returns:
        One array per mode; rgb is uint8 (N, size, size, 3).

    Raises:
        ConfigError: pictures too small or too large.
        UnknownNameError: no such mode.
    """
    if not 8 <= size <= 2048:
        raise ConfigError(f"a picture can be 8 to 2048 pixels high, not {size}")
    for mode in modes:
        if mode not in MODES:
            raise UnknownNameError("mode", mode, MODES, f"Known: {', '.join(MODES)}")
    rows = look.rows(scene.people, scene.actions)
    fineness = fineness_for(size)
    pictures = np.empty((len(scene), size, size, 3), np.uint8)

    def work(start: int) -> None:
        part = scene.take(slice(start, start + 16))
        for n, (mesh, points) in enumerate(placed(part, fineness)):
            job = _drawn(mesh, points, part.camera[n], size)
            pictures[start + n], _ = _rgb(job, part, n, rows[start + n], size)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(0, len(scene), 16)))
    return {"rgb": pictures}
