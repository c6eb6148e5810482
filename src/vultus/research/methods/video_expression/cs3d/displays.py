"""Six displays that differ in how they go on, not in what is seen at their strongest, filmed by an event camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.research.data.events import counted, first
from vultus.research.data.sample import Samples
from vultus.research.data.world import actions, motion
from vultus.research.data.world.clips import Tracks, staged
from vultus.research.data.world.events import Camera, light, simulate
from vultus.research.data.world.people import draw as draw_people
from vultus.research.data.world.renderer import render

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

CLASSES = (
    "smile_fast",
    "smile_slow",
    "brow_then_smile",
    "smile_then_brow",
    "surprise_on_off",
    "surprise_on",
)
EARLY = {"first_25": 0.25, "first_50": 0.5, "first_75": 0.75}  # shares of the events that an early answer is given from
NOISY = "noise_3x"
VARIANTS = (*EARLY, NOISY)
_FACES = {
    "smile": {"AU6": 0.75, "AU12": 1.0, "AU25": 0.5},
    "brow": {"AU1": 0.9, "AU2": 0.9, "AU5": 0.5},
    "surprise": {"AU1": 0.8, "AU2": 0.8, "AU5": 0.6, "AU25": 0.6, "AU26": 0.8},
}
_AT_ONCE = 64  # clips that are rendered together


@dataclass(frozen=True, slots=True)
class Filming:
    """How clips are made.

    Attributes:
        clips: how many; each shows a person of its own.
        frames: rendered of a clip; between two of them light changes steadily.
        seconds: of a clip.
        pixels: side of the event camera.
        drift_deg: how far heads wander.
        lamp: spread of how much brighter or darker the light gets over a clip; change of its natural logarithm.
        blinks: per second.
        threshold: of the camera, and its spread.
        noise_hz: of a pixel.
    """

    clips: int = 4096
    frames: int = 33
    seconds: float = 1.0
    pixels: int = 224
    drift_deg: float = 1.0
    lamp: float = 0.3
    blinks: float = 0.15
    threshold: float = 0.12
    noise_hz: float = 0.1

    @property
    def camera(self) -> Camera:
        """Its pixels."""
        return Camera(threshold=self.threshold, spread=self.threshold / 8, noise_hz=self.noise_hz)


@dataclass(frozen=True, slots=True)
class Grid:
    """What clips are counted into.

    Attributes:
        bins: of time.
        side: cells of the grid.
    """

    bins: int = 16
    side: int = 112


def displays(filming: Filming, grid: Grid, seed: int, first_person: int = 0, *, variants: bool = False) -> Samples:
    """Clips as counts of events: `voxels` uint8 (N, 2, T, S, S), `label` into `CLASSES`.

    Args:
        filming: how they are made.
        grid: what they are counted into.
        seed: of everything random.
        first_person: number of the first person; other numbers are other people.
        variants: also a column for each of `VARIANTS`: with the first of the events alone, and the same clips through
            cameras with three times the noise.
    """
    rng = np.random.default_rng([seed, first_person, 35])
    label = rng.permutation(np.arange(filming.clips) % len(CLASSES))
    columns: dict[str, list[NDArray[np.uint8]]] = {}
    span = filming.seconds * 1e6
    times = np.linspace(0, span, filming.frames)

    def keep(name: str, events: NDArray[np.void]) -> None:
        cells = counted(events, grid.bins, (grid.side, grid.side), (0, span + 1), (filming.pixels, filming.pixels))
        columns.setdefault(name, []).append(cells)

    for start in range(0, filming.clips, _AT_ONCE):
        chosen = label[start : start + _AT_ONCE]
        who = draw_people(len(chosen), seed, first_person + start)
        scene = staged([track(int(one), filming, rng) for one in chosen], who, rng, extent=(22.0, 26.0))
        pictures = render(scene, filming.pixels)["rgb"]
        for row, film in enumerate(pictures.reshape(len(chosen), filming.frames, *pictures.shape[1:])):
            number = [seed, first_person + start + row]
            ramp = np.exp(rng.normal(0, filming.lamp) * times / span).astype(np.float32)
            shown = light(film) * ramp[:, None, None]
            events = simulate(shown, times, filming.camera, _seed(number))
            keep("voxels", events)
            if variants:
                for name, share in EARLY.items():
                    keep(name, first(events, share))
                keep(NOISY, simulate(shown, times, filming.camera.noisier(3), _seed([*number, 1])))
    subjects = first_person + np.arange(filming.clips)
    return Samples(
        {"label": label.astype(np.int64), **{name: np.stack(rows) for name, rows in columns.items()}},
        subjects, f"event clips, seed {seed}",
    )  # fmt: skip


def track(label: int, filming: Filming, rng: np.random.Generator) -> Tracks:
    """How a face moves in one clip of a class."""
    n = filming.frames
    rows = np.zeros((n, len(actions.NAMES)), np.float32)
    for name, curve in _curves(CLASSES[label], n, rng):
        strength = rng.uniform(0.75, 1.05)
        for unit, weight in _FACES[name].items():
            rows[:, actions.number(unit)] += curve * weight * strength * np.clip(rng.normal(1, 0.12), 0.7, 1.3)
    slow = motion.FPS * filming.seconds / n
    pose = motion.wander(n, rng, 3, filming.drift_deg, slow)
    closed, _ = motion.blinks(n, rng, filming.blinks * slow)
    return Tracks(np.clip(rows, 0, 1.2), pose, closed, motion.wander(n, rng, 2, 1.0, slow))


def _curves(name: str, frames: int, rng: np.random.Generator) -> list[tuple[str, Floats]]:
    """Faces and how strong each is, 0 to 1, frame by frame."""
    t = np.linspace(0, 1, frames)

    def rise(start: float, long: float) -> Floats:
        x = np.clip((t - start) / long, 0, 1)
        return np.asarray(x * x * (3 - 2 * x), np.float32)

    if name == "smile_fast":
        long = rng.uniform(0.1, 0.2)
        return [("smile", rise(rng.uniform(0.05, 0.9 - long), long))]
    if name == "smile_slow":
        long = rng.uniform(0.55, 0.8)
        return [("smile", rise(rng.uniform(0.05, 0.95 - long), long))]
    if name in ("brow_then_smile", "smile_then_brow"):
        one, other = ("brow", "smile") if name == "brow_then_smile" else ("smile", "brow")
        begin = rng.uniform(0.05, 0.25)
        return [(one, rise(begin, rng.uniform(0.2, 0.3))),
                (other, rise(begin + rng.uniform(0.3, 0.4), rng.uniform(0.2, 0.3)))]  # fmt: skip
    begin, long = rng.uniform(0.05, 0.2), rng.uniform(0.2, 0.3)
    on = rise(begin, long)
    if name == "surprise_on":
        return [("surprise", on)]
    return [("surprise", on - rise(begin + long + rng.uniform(0.05, 0.2), rng.uniform(0.2, 0.3)))]


def _seed(numbers: list[int]) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
