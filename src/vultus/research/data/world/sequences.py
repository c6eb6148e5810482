"""Long recordings: micro- and macro-expressions among blinks, head turns and bursts of speech."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import ConfigError
from vultus.research.data.sample import Samples
from vultus.research.data.world import actions, motion, renderer
from vultus.research.data.world.clips import Tracks, staged
from vultus.research.data.world.people import People
from vultus.research.data.world.people import draw as draw_people

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.research.data.world.scene import Scene

    Floats = NDArray[np.float32]

MICRO, MACRO, BLINK, SPEECH = range(4)  # kinds of intervals
SHOWN = tuple(word for word in actions.EXPRESSIONS if word != "neutral")


@dataclass(frozen=True)
class Video:
    """Frames that are rendered when they are asked for: a column of `Samples`.

    Attributes:
        scene: all frames, recording after recording.
        frames: of one recording.
        size: pixels.
    """

    scene: Scene
    frames: int
    size: int

    def __len__(self) -> int:
        return len(self.scene) // self.frames

    def take(self, indices: NDArray[Any]) -> NDArray[np.uint8]:
        """Recordings in the order of the indices: (n, T, S, S, 3)."""
        rows = (np.asarray(indices)[:, None] * self.frames + np.arange(self.frames)).reshape(-1)
        found: NDArray[np.uint8] = renderer.render(self.scene.take(rows), self.size)["rgb"]
        return found.reshape(-1, self.frames, self.size, self.size, 3)


def _record(frames: int, rng: np.random.Generator, events: int) -> tuple[Tracks, list[tuple[int, ...]]]:
    """Tracks of one recording, and its intervals: onset, apex, offset, kind, expression."""
    rows = np.zeros((frames, len(actions.NAMES)), np.float32)
    rows += np.clip(motion.wander(frames, rng, len(actions.NAMES), 0.02, 3.0), 0, None)
    found: list[tuple[int, ...]] = []
    free = np.ones(frames, bool)
    for _ in range(events):
        kind = MICRO if rng.uniform() < 0.5 else MACRO
        # How long one lasts has nothing to do with what is shown; a few last far longer than most.
        long = int(
            np.clip(rng.lognormal(np.log(10 if kind == MICRO else 45), 0.22 if kind == MICRO else 0.45), 6, frames // 3)
        )
        start = int(rng.integers(2, max(frames - long - 2, 3)))
        if start + long >= frames - 1 or not free[max(start - 8, 0) : start + long + 8].all():
            continue
        free[start : start + long] = False
        expression = int(rng.integers(len(SHOWN)))
        apex = start + max(int(long * rng.uniform(0.35, 0.6)), 2)
        strength = rng.uniform(0.2, 0.45) if kind == MICRO else rng.uniform(0.65, 1.05)
        rows += (
            motion.envelope(frames, start, apex, start + long)[:, None]
            * actions.prototype(SHOWN[expression], rng)[0]
            * strength
        )
        found.append((start, apex, start + long, kind, actions.EXPRESSIONS.index(SHOWN[expression])))
    for _ in range(int(rng.poisson(frames / 240))):
        start = int(rng.integers(0, frames))
        stop = min(start + int(rng.uniform(15, 60)), frames)
        rows += motion.speech(frames, rng, start, stop, 0.8)
        found.append((start, (start + stop) // 2, stop - 1, SPEECH, -1))
    closed, shut = motion.blinks(frames, rng)
    found += [(max(int(at) - 3, 0), int(at), min(int(at) + 5, frames - 1), BLINK, -1) for at in shut]
    pose = motion.wander(frames, rng, 3, 1.6, 3.0)
    pose[:, 0] += motion.turns(frames, rng)
    tracks = Tracks(np.clip(rows, 0, 1.3).astype(np.float32), pose, closed, motion.wander(frames, rng, 2, 3.0, 0.8))
    return tracks, sorted(found)


def draw(
    n: int, seed: int = 0, frames: int = 600, size: int = 0, events: int = 6, people: People | None = None, **how: Any
) -> Samples:
    """Recordings: tracks of action units and landmarks, and the intervals to be found in them.

    `actions` is (N, T, A), `landmarks68` (N, T, 68, 2) in a picture 64 pixels high, `pose_deg` (N, T, 3), `eyelids`
    (N, T), `baseline` the action units of the neutral face, (N, A). `intervals` is (N, M, 5): onset, apex, offset,
    kind (`MICRO`, `MACRO`, `BLINK` or `SPEECH`) and expression; rows of -1 fill it up. With a size, `video` is rendered
    when it is asked for.

    Args:
        n: how many.
        seed: the same one gives the same recordings.
        frames: of one, at 30 per second; 60 at least.
        size: pixels; 0 for tracks alone.
        events: expressions that are tried per recording; those that find no room are left out.
        people: who is in them; without, everybody is new.
        how: of `scene.draw`.

    Raises:
        ConfigError: too few frames.
    """
    if frames < 60:
        raise ConfigError(f"a recording has 60 frames at least, not {frames}")
    rng = np.random.default_rng([seed, 3])
    who = draw_people(n, seed) if people is None else people.take(np.arange(n) % len(people))
    made = [_record(frames, rng, events) for _ in range(n)]
    most = max((len(intervals) for _, intervals in made), default=0)
    table = np.full((n, max(most, 1), 5), -1, np.int64)
    for row, (_, intervals) in enumerate(made):
        if intervals:
            table[row, : len(intervals)] = intervals
    base = np.clip(rng.normal(0, 0.05, (n, len(actions.NAMES))), 0, 0.15).astype(np.float32)
    tracks = [
        Tracks(np.clip(one.actions + base[row], 0, 1.3), one.pose_deg, one.eyelids, one.gaze_deg)
        for row, (one, _) in enumerate(made)
    ]
    whole = staged(tracks, who, rng, **how)
    columns: dict[str, Any] = {
        "actions": whole.actions.reshape(n, frames, -1),
        "landmarks68": renderer.tracks(whole).reshape(n, frames, 68, 2),
        "pose_deg": whole.pose_deg.reshape(n, frames, 3), "eyelids": np.stack([one.eyelids for one in tracks]),
        "baseline": base,
        "intervals": table,
    }  # fmt: skip
    if size:
        columns["video"] = Video(whole, frames, size)
    return Samples(columns, who.ids, f"world recordings, seed {seed}")
