"""An event camera: what it says of a film, pixel by pixel.

A pixel reports when the logarithm of its light has changed by a threshold since its last report: brighter or darker.
Between two frames the logarithm moves on a straight line. Each pixel has thresholds of its own, is blind for a while
after a report and then starts from what it sees, and reports now and then for no reason.

After Lichtsteiner et al., IEEE J. Solid-State Circuits 43(2), 2008 (the pixel), Rebecq et al., "ESIM", CoRL 2018
(straight lines between frames) and Hu et al., "v2e", CVPR Workshops 2021 (spread of thresholds, noise).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import ConfigError, ShapeError
from vultus.research.data.events import made
from vultus.research.data.sample import Samples
from vultus.research.data.world.compiled import Real, compiled, inlined
from vultus.research.data.world.motion import FPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MICRO = 1_000_000
NEVER = 1e300  # kernels know no infinity
_FLOOR = 0.02  # light that is there besides: the dark pixels of a film are noise, and the logarithm is endless


@dataclass(frozen=True, slots=True)
class Camera:
    """How its pixels are.

    Attributes:
        threshold: change of the natural logarithm of light that is reported.
        spread: of the thresholds of pixels, one standard deviation.
        noise_hz: reports of a pixel per second for no reason, of either sign.
        refractory_us: time after a report in which a pixel is blind.
    """

    threshold: float = 0.2
    spread: float = 0.03
    noise_hz: float = 0.1
    refractory_us: float = 500.0

    def __post_init__(self) -> None:
        if not self.threshold > 0:
            raise ConfigError(f"the threshold of an event camera is above 0, not {self.threshold:g}")
        if min(self.spread, self.noise_hz, self.refractory_us) < 0:
            raise ConfigError(
                "spread, noise and refractory time of an event camera are 0 or more, not "
                f"{self.spread:g}, {self.noise_hz:g} and {self.refractory_us:g}"
            )

    def noisier(self, times: float) -> Camera:
        """The same with so many times the noise."""
        return replace(self, noise_hz=self.noise_hz * times)


def light(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Light of RGB pictures, linear, 0 to 1: (..., H, W, 3) to (..., H, W)."""
    coded = np.arange(256) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    parts = [np.float32(weight) * linear.astype(np.float32)[frames[..., channel]]
             for channel, weight in enumerate((0.2126, 0.7152, 0.0722))]  # fmt: skip
    return np.asarray(parts[0] + parts[1] + parts[2], np.float32)


def simulate(frames: NDArray[Any], times_us: NDArray[Any], camera: Camera, seed: int) -> NDArray[np.void]:
    """Events of a film, in the order of time.

    Args:
        frames: light, 0 or more, (T, H, W); or RGB uint8, (T, H, W, 3). Two at least.
        times_us: of the frames, microseconds, rising: (T,).
        camera: its pixels.
        seed: of thresholds and noise.

    Returns:
        `EVENT`, (E,); columns and rows are those of the frames.

    Raises:
        ShapeError: the frames are no film.
        ConfigError: there are fewer than two frames, or their times do not rise.
    """
    shown = light(frames) if frames.dtype == np.uint8 and frames.ndim == 4 else np.asarray(frames, np.float32)
    if shown.ndim != 3:
        raise ShapeError("film", "(T, H, W) or uint8 (T, H, W, 3)", str(tuple(frames.shape)))
    times = np.asarray(times_us, np.float64)
    if len(shown) < 2 or len(times) != len(shown) or not (np.diff(times) > 0).all():
        raise ConfigError(f"events need 2 frames at least with rising times, not {len(shown)} with {len(times)} times")
    logs = np.log(np.moveaxis(shown, 0, -1).reshape(-1, len(shown)).astype(np.float64) + _FLOOR)
    rng = np.random.default_rng([seed, 7])
    least = camera.threshold / 10
    marks = np.maximum(rng.normal(camera.threshold, camera.spread, (2, len(logs))), least)
    start = np.uint64(rng.integers(1, 2**62))
    room = 4 * len(logs) + 1024
    while True:
        t, pixel, sign = np.empty(room, np.float64), np.empty(room, np.int64), np.empty(room, np.int8)
        wanted = _watch(logs, times, marks, camera.refractory_us, camera.noise_hz / _MICRO, start, t, pixel, sign)
        if wanted <= room:
            break
        room = wanted  # a second run: nobody knows beforehand how much happens
    rows, columns = np.divmod(pixel[:wanted], shown.shape[2])
    return made(np.floor(t[:wanted]).astype(np.int64), columns, rows, sign[:wanted].astype(np.int64))


def draw(clips: Samples, seed: int, *, threshold: float = 0.2, noise_hz: float = 0.1) -> Samples:
    """Events of clips, in the place of their pictures.

    `events` is int32 (N, E, 4): time in microseconds, column, row, and sign 1 or -1. Rows with a sign of 0 fill up;
    they come last, and `of_rows` leaves them out. All other columns of the clips stay.

    Args:
        clips: with `video` uint8 (N, T, H, W, 3), at 30 frames per second; see `clips.draw`.
        seed: of the cameras; every clip has its own.
        threshold, noise_hz: of `Camera`.
    """
    video = clips["video"]
    camera = Camera(threshold=threshold, noise_hz=noise_hz)
    times = np.arange(video.shape[1]) * (_MICRO / FPS)
    seeds = np.random.default_rng([seed, 8]).integers(0, 2**31, len(video))
    found = [simulate(clip, times, camera, int(one)) for clip, one in zip(video, seeds, strict=True)]
    table = np.zeros((len(found), max((len(one) for one in found), default=0), 4), np.int32)
    for row, one in enumerate(found):
        sign = 2 * one["p"].astype(np.int32) - 1
        table[row, : len(one)] = np.stack([one["t"], one["x"], one["y"], sign], 1)
    rest = {name: column for name, column in clips.fields.items() if name != "video"}
    return Samples({**rest, "events": table}, clips.subjects, f"events of {clips.name}")


def of_rows(rows: NDArray[np.int32]) -> NDArray[np.void]:
    """One clip of `draw` as `EVENT`: (E, 4) to (E,), without what fills up."""
    kept = rows[rows[:, 3] != 0].astype(np.int64)
    return made(*kept.T)


@inlined
def _mixed(state: Real) -> Real:
    """A random 64-bit number from a counter (splitmix64)."""
    z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@inlined
def _wait(state: Real, rate: Real) -> Real:
    """Time to the next report for no reason."""
    if rate <= 0:
        return NEVER
    return -np.log((np.float64(_mixed(state) >> np.uint64(11)) + 0.5) / 9007199254740992.0) / rate


@compiled
def _watch(
    logs: Floats, times: Floats, marks: Floats, blind: Real, rate: Real, start: Real,
    out_t: Floats, out_pixel: NDArray[np.int64], out_sign: NDArray[np.int8],
) -> int:  # fmt: skip
    """Reports of all pixels, one after the other; those that find no room are only counted.

    Args:
        logs: logarithm of light, (pixels, T).
        times: of the frames.
        marks: thresholds to darker and to brighter, (2, pixels).
        blind: time after a report.
        rate: of noise, per microsecond.
        start: of the random numbers.
        out_t, out_pixel, out_sign: filled in.

    Returns:
        How many there are.
    """
    count, room = 0, out_t.shape[0]
    for pixel in range(logs.shape[0]):
        state = _mixed(start + np.uint64(pixel))
        level = logs[pixel, 0]  # the last report was made at
        sees, fresh = times[0], False  # when it sees again; whether it has not yet done so
        noise = times[0] + _wait(state, rate)
        for frame in range(len(times) - 1):
            begin, now, end = times[frame], times[frame], times[frame + 1]
            slope = (logs[pixel, frame + 1] - logs[pixel, frame]) / (end - begin)
            while sees <= end:
                now = max(now, sees)
                here = logs[pixel, frame] + slope * (now - begin)
                if fresh:
                    level, fresh = here, False
                while noise < now:
                    state += np.uint64(0x9E3779B97F4A7C15)
                    noise = now + _wait(state, rate)
                at, sign = NEVER, 0
                if slope > 0:
                    at, sign = now + max(level + marks[1, pixel] - here, 0.0) / slope, 1
                elif slope < 0:
                    at = now + max(here - level + marks[0, pixel], 0.0) / -slope
                if min(at, noise) > end:
                    break
                if noise < at:
                    at, sign = noise, int(_mixed(state ^ np.uint64(0xD6E8FEB86659FD93)) & np.uint64(1))
                    state += np.uint64(0x9E3779B97F4A7C15)
                    noise = at + _wait(state, rate)
                if count < room:
                    out_t[count], out_pixel[count], out_sign[count] = at, pixel, sign
                count += 1
                now, level = at, logs[pixel, frame] + slope * (at - begin)
                sees, fresh = at + blind, True
    return count
