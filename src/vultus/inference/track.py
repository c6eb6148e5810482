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
from vultus.inference.motion import Motion, nearness, pair
from vultus.inference.vote import BestFaces, vote, weight
from vultus.types import Box, Track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from vultus.inference.video import Frame
    from vultus.types import Calibration, Face

    Float = NDArray[np.float64]
    Image = NDArray[np.uint8]

FORBIDDEN_NEARNESS = 0.02  # beyond it looks alone, from a single sight, do not pair
LEAST_SCORE = 0.2
NEWCOMER = 0.05  # an established track wins a tie against one that just appeared
CUT_CHANGE = 0.18  # mean change of the brightness of a field, 0 to 1; a fast pan stays under it


@dataclass(frozen=True, slots=True)
class Looks:
    """What a cosine says, on the scale of one model pack.

    Attributes:
        alike: at or above it two faces are most likely of one person.
        unlike: at or below it they are rather of two.
    """

    alike: float
    unlike: float

    def __post_init__(self) -> None:
        if not -1 <= self.unlike < self.alike <= 1:
            raise ConfigError(f"unlike must be below alike, within -1 to 1, but they are {self.unlike}, {self.alike}")

    @classmethod
    def of(cls, calibration: Calibration) -> Looks:
        """The cosines at false match rates 1e-3 (or the smallest supported) and 1e-1 (or the largest)."""
        largest = calibration.points[0].fmr
        rare = min(max(1e-3, calibration.smallest_fmr), largest)
        return cls(calibration.threshold(rare), calibration.threshold(min(0.1, largest)) - 1e-6)

    def score(self, cosine: Float) -> Float:
        """0 at `unlike`, 1 at `alike`, within -1 to 1.5."""
        return np.clip((cosine - self.unlike) / (self.alike - self.unlike), -1.0, 1.5)


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
    max_gap_s: float = 1.0
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
    template: Float | None = None
    quality: float = 0.0
    in_place: bool = field(default=True)  # False after a cut: the motion says nothing any more

    def see(self, face: Face, time_s: float) -> None:
        self.end_s = time_s
        self.n_frames += 1
        self.best.add(face, time_s)
        if face.embedding is not None:
            self.quality = max(self.quality, face.quality.score)
            share = weight(face) * face.embedding.vector.astype(np.float64)
            self.template = share if self.template is None else self.template + share

    def absorb(self, later: _Trail) -> None:
        """Go on as a later trail of the same person."""
        self.motion, self.end_s, self.in_place = later.motion, later.end_s, later.in_place
        self.n_frames += later.n_frames
        self.best.merge(later.best)
        self.quality = max(self.quality, later.quality)
        if later.template is not None:
            self.template = later.template if self.template is None else self.template + later.template


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
            The faces that belong to a track, with its number. A face seen for the first times is not among them.

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
        return [(seen[index].track_id, face) for index, face in enumerate(faces) if seen[index].track_id]

    def cut(self) -> None:
        """Tell that the scene changed: places say nothing any more, looks still do."""
        self._trails = [trail for trail in self._trails if trail.track_id]
        for trail in self._trails:
            trail.in_place = False

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
            return time_s - trail.end_s > (late if trail.track_id and trail.template is not None else gap)

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
            score += _likeness(self.looks, trails, faces)
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

    def _lost_twin(self, trail: _Trail) -> _Trail | None:
        """The most alike track that ended before this one began."""
        if self.looks is None or trail.template is None:
            return None
        best, twin = self.looks.alike, None
        for other in self._trails:
            if other.track_id and other.template is not None and other.end_s < trail.start_s:
                cosine = _cosine(trail.template, other.template)
                if cosine >= best:
                    best, twin = cosine, other
        return twin


def _cosine(one: Float, other: Float) -> float:
    return float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-12))


def _likeness(looks: Looks, trails: Sequence[_Trail], faces: Sequence[Face]) -> Float:
    """What looks add to or take from each pairing, as far as both qualities deserve trust; (N, M)."""
    out = np.zeros((len(trails), len(faces)))
    columns = [(column, face.embedding.vector, face) for column, face in enumerate(faces) if face.embedding]
    rows = [(row, trail.template, trail.quality) for row, trail in enumerate(trails) if trail.template is not None]
    if not rows or not columns:
        return out
    templates = np.stack([template for _, template, _ in rows])
    templates /= np.maximum(np.linalg.norm(templates, axis=1, keepdims=True), 1e-12)
    cosine = templates @ np.stack([vector for _, vector, _ in columns]).astype(np.float64).T
    trust = np.sqrt(np.outer([quality for _, _, quality in rows], [face.quality.score for _, _, face in columns]))
    out[np.ix_([row for row, *_ in rows], [column for column, *_ in columns])] = trust * (looks.score(cosine) - 0.5)
    return out


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
    thumb: Float = np.zeros(0)
    try:
        for held in _bundles(frames, every * batch):
            found = find([frame.image for frame in held[::every]])
            for index, frame in enumerate(held):
                thumb, before = _thumb(frame.image), thumb
                if before.size and _is_cut(before, thumb):
                    tracker.cut()
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


def _thumb(image: Image) -> Float:
    """Mean green in 8 x 8 fields, 0 to 1: enough to tell one scene from another."""
    rows = np.linspace(0, image.shape[0] - 1, 64).astype(int)
    columns = np.linspace(0, image.shape[1] - 1, 64).astype(int)
    green = image[rows[:, None], columns[None, :], 1].astype(np.float64) / 255
    return np.asarray(green.reshape(8, 8, 8, 8).mean(axis=(1, 3)))


def _is_cut(before: Float, after: Float) -> bool:
    return float(np.abs(after - before).mean()) > CUT_CHANGE
