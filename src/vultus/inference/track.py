"""Follow faces through a video: one track per person and visit, with the best faces and one voted embedding.

Each face found is paired with the track it fits best by place (a Kalman filter) and by looks (embedding, trusted as
far as the quality of both sides goes). A track that lost its face is found again by place for a moment and by
looks, over several sights, for longer. Two tracks that were seen at the same time are never joined: they are two
people.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ConfigError, InputError, VultusError
from vultus.inference.looks import Looks, Template, likeness
from vultus.inference.motion import Motion, nearness, pair
from vultus.inference.scene import Scene
from vultus.inference.vote import BestFaces, vote
from vultus.types import Box, Track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from vultus.inference.video import Frame
    from vultus.types import Face

    Float = NDArray[np.float64]
    Image = NDArray[np.uint8]

__all__ = ["Looks", "Sighting", "TrackRules", "Tracker", "follow"]

FORBIDDEN_NEARNESS = 0.02  # beyond it looks alone, from a single sight, do not pair
LEAST_SCORE = 0.15
SAME_PLACE = 0.3  # nearness at which two tracks that take turns count as being at one place
NEWCOMER = 0.05  # an established track wins a tie against one that just appeared


@dataclass(frozen=True, slots=True)
class TrackRules:
    """When tracks begin and end, and what is kept of them.

    Attributes:
        min_sightings: a face must be seen so often before it counts as a track.
        max_gap_s: a lost face is found again by its place so long; at least three steps of the video.
        rejoin_s: a lost face is found again by its looks so long (needs `Looks`); a track is reported this late.
        keep: best faces kept per track.
        moment_s: kept faces are from different moments of this length.
    """

    min_sightings: int = 3
    max_gap_s: float = 1.5
    rejoin_s: float = 5.0
    keep: int = 8
    moment_s: float = 0.2

    def __post_init__(self) -> None:
        if self.min_sightings < 1 or self.keep < 1:
            raise ConfigError(f"min_sightings and keep must be 1 or more, but are {self.min_sightings} and {self.keep}")
        if not (self.max_gap_s > 0 and self.rejoin_s >= 0 and self.moment_s >= 0):
            raise ConfigError("max_gap_s must be above 0 seconds, rejoin_s and moment_s 0 or more")


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A track in one frame.

    Attributes:
        track_id: of the track.
        box: where; foretold from its motion when `face` is None.
        face: None in frames in which no faces were looked for.
    """

    track_id: int
    box: Box
    face: Face | None


@dataclass(slots=True, eq=False)
class _Trail:
    """A track in the making."""

    motion: Motion
    start_s: float
    end_s: float
    best: BestFaces
    track_id: int = 0  # 0 until it counts
    n_frames: int = 0
    template: Template = field(default_factory=Template)
    in_place: bool = True  # False after a cut: the motion says nothing any more
    others: set[int] = field(default_factory=set)  # tracks seen in a frame together with this one

    def see(self, face: Face, time_s: float) -> None:
        self.end_s = time_s
        self.n_frames += 1
        self.best.add(face, time_s)
        self.template.add(face)

    def absorb(self, later: _Trail) -> None:
        """Take over a trail that began later and is the same person."""
        if later.end_s > self.end_s:
            self.motion, self.end_s, self.in_place = later.motion, later.end_s, later.in_place
        self.n_frames += later.n_frames
        self.best.merge(later.best)
        self.template.merge(later.template)
        self.others |= later.others


class Tracker:
    """Joins the faces of successive frames to tracks. Memory does not grow with the length of the video.

    Args:
        rules: when tracks begin and end.
        looks: scale of the pack's cosines; None pairs by place alone.
    """

    def __init__(self, rules: TrackRules | None = None, looks: Looks | None = None) -> None:
        self.rules, self.looks = rules or TrackRules(), looks
        self._trails: list[_Trail] = []
        self._ended: list[Track] = []
        self._ids = itertools.count(1)
        self._time_s = -math.inf
        self._steps: deque[float] = deque(maxlen=5)

    def update(self, faces: Sequence[Face], time_s: float) -> list[tuple[int, Face]]:
        """Take in the faces of the next frame.

        Args:
            faces: found in it.
            time_s: its time; must rise from call to call.

        Returns:
            The faces that belong to a track, with its number. A face seen for the first times is not among them,
            and a number may vanish when two tracks turn out to be one person.

        Raises:
            InputError: time does not rise.
        """
        if not time_s > self._time_s:
            raise InputError(f"time_s must rise from frame to frame, but {time_s:g} came after {self._time_s:g}")
        if math.isfinite(self._time_s):
            self._steps.append(time_s - self._time_s)
        self._time_s = time_s
        self._expire(time_s)
        near = [trail for trail in self._trails if self._in_reach(trail, time_s)]
        pairs = pair(self._scores(near, faces, time_s), LEAST_SCORE) if near and faces else []
        seen = {column: near[row] for row, column in pairs}
        for index, face in enumerate(faces):
            box = face.box.xyxy.astype(np.float64)
            if index not in seen:
                best = BestFaces(self.rules.keep, self.rules.moment_s)
                seen[index] = _Trail(Motion(box, time_s), time_s, time_s, best)
                self._trails.append(seen[index])
            else:
                seen[index].motion.update(box, time_s)
            seen[index].see(face, time_s)
        seen = {index: self._promote(trail) for index, trail in seen.items()}
        self._note_company(list(seen.values()))
        seen = {index: self._reunite(trail, time_s) for index, trail in seen.items()}
        return [(seen[index].track_id, face) for index, face in enumerate(faces) if seen[index].track_id]

    def cut(self) -> None:
        """Tell that the scene changed: places say nothing any more, looks still do."""
        self._trails = [trail for trail in self._trails if trail.track_id]
        for trail in self._trails:
            trail.in_place = False

    def shift(self, right_px: float, down_px: float) -> None:
        """Tell that the camera moved and all the picture with it; to be called before `update`."""
        for trail in self._trails:
            trail.motion.shift(right_px, down_px)

    def foretell(self, time_s: float) -> list[tuple[int, Box]]:
        """Where the tracks of the last frame will be."""
        current = [trail for trail in self._trails if trail.track_id and trail.end_s == self._time_s]
        return [(trail.track_id, Box(trail.motion.predict(time_s)[0].astype(np.float32))) for trail in current]

    def current(self, track_id: int) -> Track | None:
        """What is known so far of a track that has not ended, e.g. to name it in a live picture."""
        trail = next((trail for trail in self._trails if trail.track_id == track_id), None)
        return None if trail is None else self._track(trail)

    def ended(self) -> list[Track]:
        """Tracks that ended since the last call, in order of their end."""
        out, self._ended = self._ended, []
        return out

    def finish(self) -> list[Track]:
        """End all tracks; the tracker can then start another video."""
        self._end(self._trails)
        self._trails, self._time_s, self._ids = [], -math.inf, itertools.count(1)
        self._steps.clear()
        return self.ended()

    def _gap_s(self) -> float:
        return max(self.rules.max_gap_s, 3 * statistics.median(self._steps) if self._steps else 0.0)

    def _in_reach(self, trail: _Trail, time_s: float) -> bool:
        return trail.in_place and time_s - trail.end_s <= self._gap_s()

    def _expire(self, time_s: float) -> None:
        gap = self._gap_s()
        late = max(gap, self.rules.rejoin_s if self.looks else 0.0)

        def over(trail: _Trail) -> bool:
            return time_s - trail.end_s > (late if trail.track_id and trail.template else gap)

        self._end([trail for trail in self._trails if over(trail)])
        self._trails = [trail for trail in self._trails if not over(trail)]

    def _end(self, trails: list[_Trail]) -> None:
        known = [trail for trail in trails if trail.track_id]
        self._ended.extend(
            self._track(trail) for trail in sorted(known, key=lambda trail: (trail.end_s, trail.track_id))
        )

    def _track(self, trail: _Trail) -> Track:
        faces = trail.best.faces
        embedding = vote(faces, self.looks.unlike if self.looks else None)
        return Track(trail.track_id, trail.start_s, trail.end_s, trail.n_frames, faces, embedding)

    def _scores(self, trails: list[_Trail], faces: Sequence[Face], time_s: float) -> Float:
        foretold = [trail.motion.predict(time_s) for trail in trails]
        expected = np.stack([box for box, _ in foretold])
        boxes = np.stack([face.box.xyxy for face in faces]).astype(np.float64)
        near = nearness(expected, np.array([spread for _, spread in foretold]), boxes)
        score = near - np.array([0.0 if trail.track_id else NEWCOMER for trail in trails])[:, None]
        if self.looks is not None:
            score += likeness(self.looks, [trail.template for trail in trails], faces)
        return np.where(near >= FORBIDDEN_NEARNESS, score, -np.inf)

    def _promote(self, trail: _Trail) -> _Trail:
        """Number a trail that was seen often enough, or hand its faces to the lost track it belongs to."""
        if trail.track_id or trail.n_frames < self.rules.min_sightings:
            return trail
        lost = self._lost_twin(trail)
        if lost is None:
            trail.track_id = next(self._ids)
            return trail
        lost.absorb(trail)
        self._trails.remove(trail)
        return lost

    def _note_company(self, seen: list[_Trail]) -> None:
        """Remember who was in one frame with whom, as long as both are followed."""
        present = {trail.track_id for trail in seen if trail.track_id}
        followed = {trail.track_id for trail in self._trails}
        for trail in seen:
            trail.others = (trail.others | present) & followed - {trail.track_id}

    def _reunite(self, trail: _Trail, time_s: float) -> _Trail:
        """Join two tracks that took turns at one place: looks that changed had split one person.

        They must never have been seen in one frame, and not look like two people.
        """
        for other in self._trails:
            if not (other.track_id and trail.track_id and self.looks and self._in_reach(other, time_s)):
                continue
            took_turns = other.end_s < time_s and trail.start_s <= other.end_s and other.start_s <= trail.end_s
            if not took_turns or other.track_id in trail.others or trail.track_id in other.others:
                continue
            expected, spread = other.motion.predict(time_s)
            here, _ = trail.motion.predict(time_s)
            fits = float(nearness(expected[None], np.array([spread]), here[None])[0, 0])
            if fits >= SAME_PLACE and trail.template.cosine(other.template) > self.looks.unlike:
                first, second = (other, trail) if other.track_id < trail.track_id else (trail, other)
                first.absorb(second)
                self._trails.remove(second)
                return first
        return trail

    def _lost_twin(self, trail: _Trail) -> _Trail | None:
        """The most alike track that ended before this one began."""
        if self.looks is None:
            return None
        best, twin = self.looks.alike, None
        for other in self._trails:
            if other.track_id and other.end_s < trail.start_s:
                cosine = trail.template.cosine(other.template)
                if cosine >= best:
                    best, twin = cosine, other
        return twin


def follow(
    frames: Iterable[Frame],
    find: Callable[[list[Image]], Sequence[Sequence[Face]]],
    *,
    tracker: Tracker | None = None,
    every: int = 1,
    batch: int = 1,
    on_frame: Callable[[Frame, list[Sighting]], None] | None = None,
) -> Iterator[Track]:
    """Track the faces of a video and hand over each track when it ends.

    Args:
        frames: of the video, in order.
        find: faces of each of a list of pictures, e.g. `FaceEngine.find`.
        tracker: with its rules; it may be asked for a track's `current` state from `on_frame`.
        every: look for faces in every so many-th frame only.
        batch: pictures handed to `find` at once; that many times `every` frames are held in memory.
        on_frame: called for every frame in order, with the tracks in it.

    Yields:
        Tracks in order of their end. When the frames break off with an error or Ctrl-C, the tracks so far come
        before it is raised again.

    Raises:
        ConfigError: every or batch is below 1.
    """
    if every < 1 or batch < 1:
        raise ConfigError(f"every and batch must be 1 or more, but are {every} and {batch}")
    return _follow(frames, find, tracker or Tracker(), (every, batch), on_frame)


def _follow(
    frames: Iterable[Frame],
    find: Callable[[list[Image]], Sequence[Sequence[Face]]],
    tracker: Tracker,
    pace: tuple[int, int],
    on_frame: Callable[[Frame, list[Sighting]], None] | None,
) -> Iterator[Track]:
    every, batch = pace
    scene = Scene()
    try:
        for held in _bundles(frames, every * batch):
            found = find([frame.image for frame in held[::every]])
            for index, frame in enumerate(held):
                change = scene.step(frame.image)
                if change.cut:
                    tracker.cut()
                tracker.shift(*change.shift_px)
                sightings = _sight(tracker, frame, found[index // every] if index % every == 0 else None)
                if on_frame is not None:
                    on_frame(frame, sightings)
                yield from tracker.ended()
    except (VultusError, KeyboardInterrupt):
        yield from tracker.finish()
        raise
    yield from tracker.finish()


def _bundles(frames: Iterable[Frame], size: int) -> Iterator[list[Frame]]:
    """So many frames at a time; those before an error or Ctrl-C come first."""
    held: list[Frame] = []
    try:
        for frame in frames:
            held.append(frame)
            if len(held) == size:
                yield held
                held = []
    except (VultusError, KeyboardInterrupt):
        if held:
            yield held
        raise
    if held:
        yield held


def _sight(tracker: Tracker, frame: Frame, faces: Sequence[Face] | None) -> list[Sighting]:
    if faces is None:
        return [Sighting(track_id, box, None) for track_id, box in tracker.foretell(frame.time_s)]
    return [Sighting(track_id, face.box, face) for track_id, face in tracker.update(faces, frame.time_s)]
