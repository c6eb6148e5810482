"""Scenes to pictures, and everything that is known about each pixel of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import ConfigError, UnknownNameError
from vultus.research.data.world import bundle, look, maps
from vultus.research.data.world.actions import number
from vultus.research.data.world.heat import WARMTH, warm
from vultus.research.data.world.landmarks import five
from vultus.research.data.world.picture import backdrop, curve, develop
from vultus.research.data.world.raster import FAR, normals, rasterise
from vultus.research.data.world.shade import shade
from vultus.research.data.world.truth import gathered, moved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vultus.research.data.world.scene import Scene

    Floats = NDArray[np.float32]

MODES = ("rgb", "depth", "normals", "landmarks68", "landmarks5", "regions", "nir", "thermal")
BLOCK = 16  # pictures that a thread takes at once
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


def placed(scene: Scene, fineness: int, basis: bundle.Basis = bundle.OURS) -> list[tuple[bundle.Whole, Floats]]:
    """Meshes of a scene with their points in the frame of the room."""
    rows = coefficients(scene)
    turn = rotations(scene.pose_deg)
    bodies = basis.body(fineness).placed(rows)
    found = []
    for n in range(len(scene)):
        style, kind = int(scene.people.hair[n]), int(scene.people.wear[n])
        mesh = bundle.whole(style, kind, fineness, basis)
        more = basis.extras(style, kind, fineness)
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
    return float((0.76 / arrives) ** 0.65 * (0.35 / skin) ** 0.35)


def _lit(job: Job, scene: Scene, n: int, row: Floats, light: Floats, size: int) -> tuple[Floats, NDArray[np.uint8]]:
    """Linear light and regions of all samples."""
    side = size * FINE
    out, regions = np.zeros((side, side, 3), np.float32), np.zeros((side, side), np.uint8)
    sun, shadow = bundle.looking(job.points, job.mesh.casts, 0, light[:3], min(256, max(64, size)))
    mesh, camera_z = job.mesh, np.float32(scene.camera[n, 0] + MIDDLE[2])
    shade(
        job.which, job.place, mesh.triangles, mesh.matter, job.points, job.normals, mesh.uv, mesh.open_, maps.skin(),
        maps.grain(), row, light, gazes(scene.gaze_deg[n]), camera_z, shadow, sun, out, regions,
    )  # fmt: skip
    return out, regions


def _rgb(job: Job, scene: Scene, n: int, row: Floats, size: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    out, regions = _lit(job, scene, n, row, scene.light[n], size)
    backdrop(job.which, scene.background[n], maps.clouds(), out)
    picture = np.empty((size, size, 3), np.uint8)
    noise, seed = float(scene.camera[n, 4]), int(scene.seeds[n])
    develop(out, _exposure(row, scene.light[n]), noise, seed, curve(), picture)
    return picture, regions


# A ring of infrared lamps around the lens, and nearly no other light.
_RING = np.array(
    [0.08, 0.1, 0.99, 1.3, 1.3, 1.3, -0.1, 0.1, 0.99, 0.2, 0.2, 0.2, 0, 1, 0, 0, 0, 0, *[0.09] * 6], np.float32
)


def _nir(job: Job, scene: Scene, n: int, row: Floats, size: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Near infrared: melanin and blood hardly absorb it."""
    grey = row.copy()
    tone, hair = float(scene.people.skin_tone[n]), row[look.HAIR_RGB : look.HAIR_RGB + 3].mean()
    values = {look.SKIN_RGB: 0.62 - 0.2 * tone, look.LIP_RGB: 0.57 - 0.18 * tone, look.HAIR_RGB: 0.13 + 0.7 * hair,
              look.BROW_RGB: 0.16 + 0.5 * hair, look.IRIS_RGB: 0.22}  # fmt: skip
    for at, value in values.items():
        grey[at : at + 3] = value
    for at in (look.CLOTH_RGB, look.STRIPE_RGB, look.WEAR_RGB):
        grey[at : at + 3] = 0.12 + 0.6 * row[at : at + 3].mean()
    grey[[look.BLUSH, look.FRECKLE, look.EYESHADOW]] = 0
    grey[[look.RINGS, look.LASH]] *= 0.4
    out, regions = _lit(job, scene, n, grey, _RING, size)
    behind = scene.background[n].copy()
    behind[:6] = behind[:6].mean() * 0.25
    backdrop(job.which, behind, maps.clouds(), out)
    picture = np.empty((size, size, 3), np.uint8)
    develop(out, 0.62, 1.6 * float(scene.camera[n, 4]), int(scene.seeds[n]) + 1, curve(), picture)
    return picture[..., 0], regions


def _thermal(job: Job, scene: Scene, n: int, regions: NDArray[np.uint8], size: int) -> Floats:
    own = np.random.default_rng([int(scene.people.ids[n]), 5]).uniform(size=4).astype(np.float32)
    own[0], own[3] = own[0] * 1.4 - 0.7, 0.5 + own[3]
    out = np.empty((size, size), np.float32)
    warm(
        job.which, job.place, job.mesh.triangles, job.mesh.uv, job.normals, regions, WARMTH, maps.clouds(), own,
        np.float32(0.06), int(scene.seeds[n]) + 2, out,
    )  # fmt: skip
    return out


def _measured(job: Job, regions: NDArray[np.uint8], size: int) -> dict[str, NDArray[Any]]:
    far, faced = np.zeros((size, size), np.float32), np.zeros((size, size, 3), np.float32)
    kept = np.zeros((size, size), np.uint8)
    gathered(job.which, job.place, job.depth, job.mesh.triangles, job.normals, regions, far, faced, kept)
    return {"depth": far, "normals": faced, "regions": kept}


def _modes(
    job: Job, scene: Scene, n: int, row: Floats, size: int, modes: Sequence[str], landmarks: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    """One picture in every way that is asked for."""
    found: dict[str, NDArray[Any]] = {}
    regions = None
    if "rgb" in modes:
        found["rgb"], regions = _rgb(job, scene, n, row, size)
    if "nir" in modes:
        found["nir"], regions = _nir(job, scene, n, row, size)
    if {"regions", "thermal"} & {*modes} and regions is None:
        _, regions = _lit(job, scene, n, row, scene.light[n], size)
    if "thermal" in modes and regions is not None:
        found["thermal"] = _thermal(job, scene, n, regions, size)
    if {"depth", "normals", "regions"} & {*modes}:
        found |= _measured(job, np.zeros_like(job.which, np.uint8) if regions is None else regions, size)
    if {"landmarks68", "landmarks5"} & {*modes}:
        points = (job.screen[landmarks, :2] / FINE).astype(np.float32)
        found |= {"landmarks68": points, "landmarks5": five(points)}
    return {mode: found[mode] for mode in modes}


def render(
    scene: Scene, size: int = 64, modes: Sequence[str] = ("rgb",), threads: int = 2, basis: bundle.Basis = bundle.OURS
) -> dict[str, NDArray[Any]]:
    """Render every picture of a scene.

    Args:
        scene: what is in the pictures.
        size: their height and width, pixels.
        modes: what to give, of `MODES`.
        threads: at once; the result does not depend on it.
        basis: where the heads come from.

    Returns:
        One array per mode, N first: rgb uint8 (N, S, S, 3); depth float32 (N, S, S) in cm, 0 where there is nothing;
        normals float32 (N, S, S, 3), to the right, up and to the camera; landmarks68 and landmarks5 float32 (N, 68 or
        5, 2), pixels; regions uint8 (N, S, S), numbers into `albedo.REGIONS`; nir uint8 (N, S, S); thermal float32
        (N, S, S), degrees Celsius.

    Raises:
        ConfigError: pictures too small or too large.
        UnknownNameError: no such mode.
    """
    _check(size)
    for mode in modes:
        if mode not in MODES:
            raise UnknownNameError("mode", mode, MODES, f"Known: {', '.join(MODES)}")
    rows = look.rows(scene.people, scene.actions)
    fineness = fineness_for(size)
    landmarks = _points68(basis.body(fineness))

    def work(start: int) -> list[dict[str, NDArray[Any]]]:
        part = scene.take(slice(start, start + BLOCK))
        return [
            _modes(_drawn(mesh, points, part.camera[n], size), part, n, rows[start + n], size, modes, landmarks)
            for n, (mesh, points) in enumerate(placed(part, fineness, basis))
        ]

    with ThreadPoolExecutor(threads) as pool:
        found = [one for block in pool.map(work, range(0, len(scene), BLOCK)) for one in block]
    shapes = {"rgb": (size, size, 3), "normals": (size, size, 3), "landmarks68": (68, 2), "landmarks5": (5, 2)}
    kinds = {"rgb": np.uint8, "regions": np.uint8, "nir": np.uint8}
    empty = {mode: np.zeros((0, *shapes.get(mode, (size, size))), kinds.get(mode, np.float32)) for mode in modes}
    return {mode: np.stack([one[mode] for one in found]) if found else empty[mode] for mode in modes}


def flow(first: Scene, second: Scene, size: int = 64, threads: int = 2) -> tuple[Floats, NDArray[np.bool_]]:
    """Where everything in the first pictures has gone in the second ones.

    Args:
        first, second: the same people, row by row.
        size: pixels.
        threads: at once.

    Returns:
        Pixels to the right and down, (N, S, S, 2), and whether the place is to be seen in both, (N, S, S).

    Raises:
        ConfigError: other people, or a size that cannot be.
    """
    _check(size)
    if len(first) != len(second) or not np.array_equal(first.people.ids, second.people.ids):
        raise ConfigError("flow needs the same people in both scenes, row by row")
    fineness = fineness_for(size)
    flows, seen = np.zeros((len(first), size, size, 2), np.float32), np.zeros((len(first), size, size), bool)

    def work(start: int) -> None:
        parts = [scene.take(slice(start, start + BLOCK)) for scene in (first, second)]
        for n, pair in enumerate(zip(*(placed(part, fineness) for part in parts), strict=True)):
            one, two = (
                _drawn(mesh, points, part.camera[n], size) for (mesh, points), part in zip(pair, parts, strict=True)
            )
            moved(
                one.which,
                one.place,
                one.depth,
                one.mesh.triangles,
                two.screen,
                two.depth,
                flows[start + n],
                seen[start + n],
            )

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(0, len(first), BLOCK)))
    return flows, seen


def tracks(scene: Scene, size: int = 64, basis: bundle.Basis = bundle.OURS) -> Floats:
    """The 68 points alone, without rendering anything: (N, 68, 2) pixels."""
    _check(size)
    fineness = fineness_for(size)
    body = basis.body(fineness)
    chosen = _points68(body)
    found = np.empty((len(scene), 68, 2), np.float32)
    rest, moves = body.points[chosen], body.moves.reshape(len(body.moves), -1, 3)[:, chosen]
    points = rest + np.einsum("nk,kvd->nvd", coefficients(scene), moves)
    turned = np.einsum("nij,nvj->nvi", rotations(scene.pose_deg), points - PIVOT) + PIVOT
    points = points + body.turn[chosen][None, :, None] * (turned - points)
    for n in range(len(scene)):
        found[n] = projected(points[n], scene.camera[n], size)[:, :2]
    return found


def _points68(body: bundle.Bundle) -> NDArray[np.int64]:
    if body.landmarks is None:
        raise ConfigError("the body of a basis must say which vertices its 68 landmarks are")
    return body.landmarks


def _check(size: int) -> None:
    if not 8 <= size <= 2048:
        raise ConfigError(f"a picture can be 8 to 2048 pixels high, not {size}")
