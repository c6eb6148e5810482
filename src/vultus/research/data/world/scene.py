"""Everything a picture is rendered from, and how it is drawn at random."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import ConfigError
from vultus.research.data.world.actions import NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vultus.research.data.world.people import People

    Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Scene:
    """One row per picture.

    Attributes:
        people: who is in it.
        actions: strength of `actions.NAMES`, 0 to 1: (N, A).
        balance: 1 has an action on the subject's left only, -1 on the right only, 0 on both: (N, A).
        jaw: how far the jaw is down besides, 1 like AU26: (N,).
        eyelids: how far the right and the left lid are closed, 0 to 1: (N, 2).
        gaze_deg: to the subject's left, and up: (N, 2).
        pose_deg: of the head: yaw to the subject's left, pitch up, roll to the subject's left shoulder: (N, 3).
        camera: distance in cm, cm from the top to the bottom of the picture, shift of the face to the right and down
            in heights of the picture, and noise: (N, 5).
        light: see `shade.shade`: (N, 24).
        background: two colours, strength of its blots, their place: (N, 9).
        seeds: of the noise of the camera: (N,).
    """

    people: People
    actions: Floats
    balance: Floats
    jaw: Floats
    eyelids: Floats
    gaze_deg: Floats
    pose_deg: Floats
    camera: Floats
    light: Floats
    background: Floats
    seeds: NDArray[np.int64]

    def __post_init__(self) -> None:
        lengths = {field.name: len(getattr(self, field.name)) for field in fields(self)}
        if len(set(lengths.values())) != 1:
            raise ConfigError(
                "the arrays of a scene must be equally long, but: " + ", ".join(f"{k} {v}" for k, v in lengths.items())
            )
        if self.actions.shape[1:] != (len(NAMES),):
            raise ConfigError(
                f"a scene takes {len(NAMES)} action units per face, not an array of shape {self.actions.shape}"
            )

    def __len__(self) -> int:
        return len(self.seeds)

    def take(self, rows: Sequence[int] | NDArray[np.int64] | slice) -> Scene:
        """Some of the pictures, also more than once."""
        at = np.arange(len(self))[rows]
        chosen: dict[str, Any] = {f.name: getattr(self, f.name)[at] for f in fields(self) if f.name != "people"}
        return Scene(people=self.people.take(at), **chosen)

    def but(self, **changes: Any) -> Scene:
        """The same with some arrays replaced."""
        return replace(self, **changes)


def draw(
    people: People,
    actions: Floats,
    rng: np.random.Generator,
    *,
    turn: float = 1.0,
    extent: tuple[float, float] = (27.0, 34.0),
    noise: float = 0.012,
) -> Scene:
    """Pictures of people who do something, each with a pose, a lamp, a camera and a background of its own.

    Args:
        people: one per picture.
        actions: (N, A).
        rng: what varies.
        turn: how much heads turn; 1 is about 12 degrees to the side, 0 looks into the camera.
        extent: centimetres from the top to the bottom of the picture.
        noise: of the camera.
    """
    n = len(people)

    def some(shape: tuple[int, ...], spread: float) -> Floats:
        return np.asarray(np.clip(rng.normal(size=shape), -2.2, 2.2) * spread, np.float32)

    pose = some((n, 3), turn) * np.array([12.0, 6.0, 4.0], np.float32)
    camera = np.stack(
        [
            rng.uniform(70, 160, n),
            rng.uniform(*extent, n),
            *rng.normal(0, 0.02 * min(turn, 1), (2, n)),
            rng.uniform(0.3, 1.0, n) * noise,
        ],
        1,
    )
    lids = np.clip(np.abs(some((n, 1), 0.06)), 0, 0.3).repeat(2, 1)
    return Scene(
        people,
        np.asarray(actions, np.float32),
        some((n, len(NAMES)), 0.08),
        np.zeros(n, np.float32),
        lids,
        some((n, 2), 5.0 * min(turn, 1)),
        pose,
        camera.astype(np.float32),
        lights(n, rng),
        backgrounds(n, rng),
        rng.integers(0, 2**31, n),
    )


def lights(n: int, rng: np.random.Generator) -> Floats:
    """Lamps as rooms and streets have them: a key light in front, a fill, sometimes a rim, and a sky."""
    turn, rise = np.radians(rng.normal(0, 32, n).clip(-70, 70)), np.radians(rng.uniform(8, 55, n))
    warm = np.clip(rng.normal(0, 0.1, (n, 1)), -0.22, 0.22) * np.array([[1.0, 0.1, -1.1]])
    cool = -0.5 * warm
    hard = rng.uniform(0.35, 1.0, (n, 1))
    key = _way(turn, rise)
    fill = _way(-np.sign(turn) * np.radians(rng.uniform(25, 70, n)), np.radians(rng.uniform(-10, 25, n)))
    rim = _way(np.radians(180 + rng.uniform(-70, 70, n)), np.radians(rng.uniform(10, 50, n)))
    sky = (0.62 - 0.3 * hard) * (1 + cool)
    ground = sky * rng.uniform(0.35, 0.8, (n, 1)) * np.array([[1.06, 1.0, 0.9]])
    back = rng.uniform(0, 0.7, (n, 1)) * (rng.uniform(size=(n, 1)) < 0.4) * np.ones((1, 3))
    rows = [key, 1.25 * hard * (1 + warm), fill, rng.uniform(0.05, 0.3, (n, 1)) * (1 + cool), rim, back, sky, ground]
    return np.asarray(np.concatenate(rows, 1), np.float32)


def _way(turn: NDArray[np.float64], rise: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.sin(turn) * np.cos(rise), np.sin(rise), np.cos(turn) * np.cos(rise)], 1)


def backgrounds(n: int, rng: np.random.Generator) -> Floats:
    """Walls, rooms and gardens, out of focus."""
    value = rng.beta(1.6, 2.0, (n, 1)) * 0.8 + 0.02
    first = value * (1 + rng.normal(0, 0.18, (n, 3)))
    second = value * rng.uniform(0.3, 1.5, (n, 1)) * (1 + rng.normal(0, 0.3, (n, 3)))
    return np.asarray(
        np.concatenate([np.clip(first, 0.01, 1), np.clip(second, 0.01, 1), rng.uniform(0, 1, (n, 3))], 1), np.float32
    )
