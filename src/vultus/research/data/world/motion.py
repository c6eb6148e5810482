"""How faces move: envelopes of expressions, blinks, speech, and heads that are never quite still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.research.data.world.actions import NAMES, number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FPS = 30.0


def envelope(frames: int, onset: float, apex: float, offset: float, hold: float = 0.25) -> Floats:
    """0 before onset and after offset, 1 around the apex: (frames,).

    Args:
        frames: how many.
        onset: the last frame at rest.
        apex: where the expression is strongest.
        offset: the first frame at rest again.
        hold: share of the time on each side of the apex in which it stays there.
    """
    t = np.arange(frames, dtype=np.float64)
    rise = (t - onset) / max((apex - onset) * (1 - hold), 1e-6)
    fall = (offset - t) / max((offset - apex) * (1 - hold), 1e-6)
    x = np.clip(np.minimum(rise, fall), 0, 1)
    return np.asarray(x * x * (3 - 2 * x), np.float32)


def blinks(frames: int, rng: np.random.Generator, per_second: float = 0.25) -> tuple[Floats, NDArray[np.int64]]:
    """How far lids are closed, (frames,), and the frames in which they are shut."""
    closed = np.zeros(frames, np.float32)
    at, shut = rng.exponential(FPS / max(per_second, 1e-6)), []
    while at < frames - 3:
        closed = np.maximum(closed, envelope(frames, at - rng.uniform(2.5, 4), at, at + rng.uniform(4, 6.5), 0.15))
        shut.append(int(at))
        at += 8 + rng.exponential(FPS / max(per_second, 1e-6))
    return closed, np.array(shut, np.int64)


def speech(frames: int, rng: np.random.Generator, start: int, stop: int, strength: float = 1.0) -> Floats:
    """Action units of somebody who talks from one frame to another: (frames, A)."""
    rows = np.zeros((frames, len(NAMES)), np.float32)
    count = max(stop - start, 0)
    if not count:
        return rows
    t = np.arange(count) / FPS
    beat = 0.5 + 0.5 * np.sin(
        2 * np.pi * (rng.uniform(3.2, 5.0) * t + rng.uniform()) + np.cumsum(rng.normal(0, 0.12, count))
    )
    slow = [
        np.clip(np.convolve(rng.normal(0, 1, count + 12), np.hanning(13) / 4, "valid"), 0, 1.5)[:count]
        for _ in range(3)
    ]
    fade = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / 4) * strength
    rows[start:stop, number("AU26")] = 0.45 * beat * fade
    rows[start:stop, number("AU25")] = (0.25 + 0.5 * beat) * fade
    for name, track, most in (("AU18", slow[0], 0.5), ("AU20", slow[1], 0.35), ("AU22", slow[2], 0.35)):
        rows[start:stop, number(name)] = most * track * fade
    return rows


def wander(frames: int, rng: np.random.Generator, size: int, spread: float, seconds: float = 1.5) -> Floats:
    """Slow random movement around 0 that takes so many seconds to forget where it was: (frames, size)."""
    keep = np.exp(-1 / (FPS * seconds))
    path = np.empty((frames, size))
    path[0] = rng.normal(size=size)
    steps = rng.normal(size=(frames, size)) * np.sqrt(1 - keep**2)
    for t in range(1, frames):
        path[t] = keep * path[t - 1] + steps[t]
    return np.asarray(path * spread, np.float32)


def turns(frames: int, rng: np.random.Generator, per_second: float = 0.12, most_deg: float = 28.0) -> Floats:
    """Yaw of a head that looks elsewhere now and then, degrees: (frames,)."""
    yaw = np.zeros(frames, np.float32)
    at = rng.exponential(FPS / max(per_second, 1e-6))
    while at < frames:
        away = envelope(frames, at, at + rng.uniform(10, 20), at + rng.uniform(30, 60), 0.3)
        yaw += away * rng.uniform(-most_deg, most_deg)
        at += 40 + rng.exponential(FPS / max(per_second, 1e-6))
    return yaw
