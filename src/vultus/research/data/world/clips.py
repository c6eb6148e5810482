"""Short clips of one expression, or of what only looks like one: ground truth is a curve per action unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import ConfigError, UnknownNameError
from vultus.research.data.sample import Samples
from vultus.research.data.world import actions, motion, scene
from vultus.research.data.world.people import People
from vultus.research.data.world.people import draw as draw_people
from vultus.research.data.world.renderer import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# macro: plain to see. micro: weak and brief. flash: a micro-expression between key frames of another face. talking and
# turning: an expression while the mouth or the head moves. order: two expressions after one another. still: none.
KINDS = ("macro", "micro", "flash", "talking", "turning", "order", "still")


@dataclass(frozen=True)
class Tracks:
    """Everything that moves in one clip or sequence, frame by frame.

    Attributes:
        actions: (T, A).
        pose_deg: (T, 3).
        eyelids: how far closed, (T,).
        gaze_deg: (T, 2).
    """

    actions: Floats
    pose_deg: Floats
    eyelids: Floats
    gaze_deg: Floats


def staged(tracks: Sequence[Tracks], people: People, rng: np.random.Generator, **how: Any) -> scene.Scene:
    """One scene with every frame of every clip, clip after clip; lamp, camera and room stay within a clip."""
    lengths = [len(one.actions) for one in tracks]
    rows = np.repeat(np.arange(len(tracks)), lengths)
    base = scene.draw(
        people, np.zeros((len(people), len(actions.NAMES)), np.float32), rng, **{"turn": 0.4, **how}
    ).take(rows)
    pose = np.concatenate([one.pose_deg for one in tracks])
    return base.but(
        actions=np.concatenate([one.actions for one in tracks]), pose_deg=base.pose_deg + pose,
        eyelids=np.clip(base.eyelids + np.concatenate([one.eyelids for one in tracks])[:, None], 0, 1),
        gaze_deg=np.concatenate([one.gaze_deg for one in tracks]), seeds=base.seeds + np.arange(len(rows)),
    )  # fmt: skip


def _times(kind: str, frames: int, rng: np.random.Generator) -> tuple[int, int, int]:
    """Onset, apex and offset of a clip."""
    if kind in ("micro", "flash"):
        long = int(np.clip(rng.lognormal(np.log(0.32 * frames), 0.25), 4, 0.6 * frames))
    else:
        long = int(frames * rng.uniform(0.6, 0.9))
    onset = int(rng.integers(0, max(frames - long, 1)))
    apex = onset + max(int(long * rng.uniform(0.3, 0.6)), 2)
    return onset, min(apex, frames - 2), min(onset + long, frames - 1)


def _one(
    kind: str, expression: int, then: int, frames: int, rng: np.random.Generator
) -> tuple[Tracks, tuple[int, int, int]]:
    """Tracks of a clip, and its onset, apex and offset."""
    onset, apex, offset = _times(kind, frames, rng)
    strength = {"micro": rng.uniform(0.25, 0.55), "flash": rng.uniform(0.35, 0.6), "still": 0.0}.get(
        kind, rng.uniform(0.75, 1.05)
    )
    name = actions.EXPRESSIONS[expression]
    shown = actions.prototype(name, rng, 1.0)[0] * strength
    rows = motion.envelope(frames, onset, apex, offset)[:, None] * shown
    if kind == "order":  # each has half of the time
        half = frames // 2
        first = motion.envelope(frames, 1, half // 2, half)
        second = motion.envelope(frames, half, half + half // 2, frames - 1)
        rows = (
            first[:, None] * shown + second[:, None] * actions.prototype(actions.EXPRESSIONS[then], rng)[0] * strength
        )
        onset, apex, offset = 1, half // 2, half
    elif kind == "flash":  # a smile or a frown lies over both ends
        cover = 1 - motion.envelope(frames, max(onset - 3, 0), apex, min(offset + 3, frames - 1), 0.6)
        rows = rows + cover[:, None] * actions.prototype(actions.EXPRESSIONS[then], rng, 0.6)[0]
    if kind == "talking":
        rows = rows * 0.85 + motion.speech(frames, rng, 0, frames)
    pose = motion.wander(frames, rng, 3, 1.0)
    if kind == "turning":
        pose[:, 0] += rng.uniform(-25, 25) * np.sin(np.linspace(0, np.pi * rng.uniform(0.6, 1.6), frames))
    closed, _ = motion.blinks(frames, rng, 0.15)
    return Tracks(np.clip(rows, 0, 1.3).astype(np.float32), pose, closed, motion.wander(frames, rng, 2, 2.0)), (
        onset,
        apex,
        offset,
    )


def draw(
    n: int, seed: int = 0, frames: int = 16, size: int = 64, kinds: Sequence[str] = ("macro",),
    people: People | None = None, expressions: Sequence[str] = actions.EXPRESSIONS, **how: Any,
) -> Samples:  # fmt: skip
    """Clips: `video` uint8 (N, T, S, S, 3), and the truth about them.

    `expression` and `then` (the second one of kind order, the face around a flash; -1 without) are numbers into
    `actions.EXPRESSIONS`, `kind` is a number into `KINDS`; `onset`, `apex` and `offset` are frames, -1 in a still clip;
    `actions` is (N, T, A), `pose_deg` (N, T, 3).

    Args:
        n: how many.
        seed: the same one gives the same clips.
        frames: of a clip, at 30 per second; 8 at least.
        size: pixels.
        kinds: taken in turn, of `KINDS`.
        people: who is in them, one after the other and over again; without, everybody is new.
        expressions: what they show.
        how: of `scene.draw`.

    Raises:
        ConfigError: too few frames.
        UnknownNameError: no such kind.
    """
    if frames < 8:
        raise ConfigError(f"a clip has 8 frames at least, not {frames}")
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownNameError("kind", kind, KINDS, f"Known: {', '.join(KINDS)}")
    rng = np.random.default_rng([seed, 2])
    who = draw_people(n, seed) if people is None else people.take(np.arange(n) % len(people))
    known = np.array([actions.EXPRESSIONS.index(word) for word in expressions])
    labels = known[rng.permutation(np.arange(n) % len(known))]
    chosen = np.arange(n) % len(kinds)
    then = np.full(n, -1)
    tracks, times = [], []
    for row in range(n):
        kind = kinds[int(chosen[row])]
        if kind in ("order", "flash"):
            others = [e for e in known if e != labels[row] and actions.EXPRESSIONS[e] != "neutral"]
            then[row] = rng.choice(others) if others else labels[row]
        one, time = _one(kind, int(labels[row]), int(then[row]), frames, rng)
        tracks.append(one)
        times.append((-1, -1, -1) if kind == "still" or actions.EXPRESSIONS[labels[row]] == "neutral" else time)
        if kind == "still":
            labels[row] = actions.EXPRESSIONS.index("neutral")
    whole = staged(tracks, who, rng, **how)
    video = render(whole, size)["rgb"].reshape(n, frames, size, size, 3)
    onset, apex, offset = np.array(times).reshape(n, 3).T
    columns: dict[str, Any] = {
        "video": video, "expression": labels, "then": then, "onset": onset, "apex": apex, "offset": offset,
        "kind": np.array([KINDS.index(kinds[int(number)]) for number in chosen], np.int64),
        "actions": whole.actions.reshape(n, frames, -1), "pose_deg": whole.pose_deg.reshape(n, frames, 3),
        "identity": who.identity,
    }  # fmt: skip
    return Samples(columns, who.ids, f"world clips, seed {seed}")
