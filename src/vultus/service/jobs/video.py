"""Videos of a job: people are followed through it, and each track has one outcome.

What was found is written down in pieces that end where nobody is in view, so that a job goes on from there after a
restart. Where somebody is in view all the time, a piece ends after five minutes, and a track may be told in two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.gallery.photo import Photo
from vultus.inference.looks import Looks
from vultus.inference.track import Tracker, TrackRules, follow
from vultus.service import footage, shapes
from vultus.service.envelope import ServiceError
from vultus.service.jobs.pictures import enrol, keep
from vultus.service.jobs.shapes import unnamed
from vultus.service.jobs.store import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.inference.track import Sighting
    from vultus.inference.video import Frame
    from vultus.service.jobs.pictures import Bench
    from vultus.service.settings import Settings
    from vultus.types import Box, Face, Track

QUIET_S = 8.0  # without a face: whoever comes then is a new track
PIECE_S, LONGEST_S = 20.0, 300.0  # of a piece
_EVERY = 10  # frames after which the progress is written down
_STILLS, _APART_S = 5, 0.5  # pictures kept of a track, and the time between them
_TRACKS = 20  # of which pictures are kept
_SECOND = 0.4  # share of the longest track from which on a second one counts as another person
_MARGIN = 1.0  # around a face that is cut out of a frame, as a share of its size


@dataclass(slots=True)
class _Still:
    """A good picture of a track."""

    quality: float
    time_s: float
    photo: Photo


@dataclass(slots=True)
class _Reading:
    """How far a video is.

    Attributes:
        begun_s: where this piece began.
        now_s: time of the frame at hand.
        seen_s: when a face was seen last.
        frames: looked at.
        over: the video has no more.
        stills: the best pictures of each track of this piece.
    """

    begun_s: float
    now_s: float
    seen_s: float
    frames: int
    over: bool = False
    stills: dict[int, list[_Still]] = field(default_factory=dict)


def go_through(bench: Bench, path: Path, settings: Settings) -> None:
    """Work on a video from where the journal ends.

    Raises:
        VideoError: it cannot be read; the tracks up to there are written down.
        ServiceError: it shows several people where one is to be enrolled.
        VultusError: the collection cannot be used.
    """
    options, job = bench.options, bench.job
    if job.kind == "enrol" and not options.name:
        raise ServiceError("invalid_request", "options.name: say who is to be enrolled from the video")
    whole = job.kind == "enrol"  # one person, so one piece
    begin = options.start_s if whole else max(options.start_s, job.place)
    reel = footage.Reel(path, options.fps, begin, options.end_s, settings.max_pixels)
    raw = settings.decode == "none"
    with footage.projected(reel, bench.halt) as film:
        end = min(options.end_s or math.inf, film.duration_s or math.inf)
        total = None if math.isinf(end) else max(math.ceil((end - options.start_s) * options.fps), 1)
        reading = _Reading(begin, begin, begin, 0 if whole else job.done)
        bench.store.record(job.job_id, [], done=reading.frames, total=total)
        number = bench.store.through(job.job_id)
        frames = film.frames()
        while True:
            tracks = list(_piece(bench, frames, reading, raw=raw, longest=math.inf if whole else LONGEST_S))
            outcomes = _outcomes(bench, path.name, tracks, reading, number)
            number += len(outcomes)
            place = reading.now_s + 1e-3
            done = max(reading.frames, total or 0) if reading.over else reading.frames
            bench.store.record(job.job_id, outcomes, place=place, done=done, total=total)
            if reading.over:
                break
            reading.begun_s, reading.stills = reading.now_s, {}
        bench.store.record(job.job_id, [], done=reading.frames, total=reading.frames)


def _piece(bench: Bench, frames: Iterator[Frame], reading: _Reading, *, raw: bool, longest: float) -> Iterator[Track]:
    calibration = bench.gallery.engine.calibration
    tracker = Tracker(TrackRules(min_sightings=2), Looks.of(calibration))

    def find(images: list[NDArray[np.uint8]]) -> Sequence[Sequence[Face]]:
        found = bench.gallery.engine.find_each([image.view(Photo) for image in images], batch=1)
        return [faces if isinstance(faces, list) else [] for _, faces in found]

    def note(frame: Frame, sightings: list[Sighting]) -> None:
        reading.seen_s = frame.time_s if sightings else reading.seen_s
        if bench.job.kind != "identify":
            _keep_stills(frame, sightings, reading, raw=raw)

    yield from follow(_until_quiet(bench, frames, reading, longest), find, tracker=tracker, on_frame=note)


def _until_quiet(bench: Bench, frames: Iterator[Frame], reading: _Reading, longest: float) -> Iterator[Frame]:
    for frame in frames:
        bench.halt()
        reading.now_s = frame.time_s
        reading.frames += 1
        if reading.frames % _EVERY == 0:
            bench.store.record(bench.job.job_id, [], done=reading.frames)
        yield frame
        long, quiet = frame.time_s - reading.begun_s, frame.time_s - max(reading.seen_s, reading.begun_s)
        if long >= longest or (long >= PIECE_S and quiet >= QUIET_S and longest < math.inf):
            return
    reading.over = True


def _outcomes(bench: Bench, film: str, tracks: Sequence[Track], reading: _Reading, number: int) -> list[Outcome]:
    tracks = sorted(tracks, key=lambda track: (track.start_s, track.track_id))
    if bench.job.kind == "enrol":
        return _enrolled(bench, film, tracks, reading)
    outcomes = []
    for at, track in enumerate(tracks, number + 1):
        found = bench.gallery.identify_track(track, bench.rate, bench.options.top or bench.top)
        body = {
            "track": at, "start_s": round(track.start_s, 3), "end_s": round(track.end_s, 3),
            "n_frames": track.n_frames, **who(found, bench),
        }  # fmt: skip
        counts = {"tracks": 1, "known": int(body["person_id"] is not None)}
        if bench.job.kind == "unknown" and body["person_id"] is None:
            photos = [(film, still.photo) for still in reading.stills.get(track.track_id, ())]
            for still in keep(bench, photos):
                body.setdefault("face_ids", []).extend(still.body.get("face_ids", ()))
            counts["kept"] = len(body.get("face_ids", ()))
        outcomes.append(Outcome(f"track {at}", body, counts=counts))
    return outcomes


def who(track: Track, bench: Bench) -> dict[str, Any]:
    """Who a track is, and its best face, as JSON values; without names."""
    best = track.faces[0] if track.faces else None
    body: dict[str, Any] = {"person_id": None, "candidates": [], "name": None}
    if track.identification is not None:
        body = unnamed(shapes.who(track.identification, bench.gallery))
    if best is not None:
        body["box"] = [round(float(edge), 2) for edge in best.box.xyxy]
        body["quality"] = round(best.quality.score, 5)
    return body


def _enrolled(bench: Bench, film: str, tracks: Sequence[Track], reading: _Reading) -> list[Outcome]:
    """The best pictures of whoever is in view most of the time."""
    ranked = sorted(tracks, key=lambda track: -track.n_frames)
    if not ranked:
        return [Outcome(film, {"person": bench.options.name}, "no_face", "no face can be followed in the video",
                        {"rejected": 1})]  # fmt: skip
    if len(ranked) > 1 and ranked[1].n_frames >= _SECOND * ranked[0].n_frames and bench.options.face == "single":
        raise ServiceError(
            "invalid_request", "the video shows several people for long; enrol with one of this person alone, "
            "or take whoever is in view most: face 'largest'",
        )  # fmt: skip
    stills = sorted(reading.stills.get(ranked[0].track_id, ()), key=lambda still: still.time_s)
    name = bench.options.name or ""
    return enrol(bench, [(still.photo.label, name, still.photo) for still in stills])


def _keep_stills(frame: Frame, sightings: Sequence[Sighting], reading: _Reading, *, raw: bool) -> None:
    """The best few pictures of each track, from different moments; tracks with few of them go first."""
    for sighting in sightings:
        face = sighting.face
        if face is None or not face.quality.ok or face.embedding is None:
            continue
        kept = reading.stills.setdefault(sighting.track_id, [])
        near = [still for still in kept if abs(still.time_s - frame.time_s) < _APART_S]
        worst = min(near or (kept if len(kept) >= _STILLS else []), key=lambda still: still.quality, default=None)
        if worst is not None and worst.quality >= face.quality.score:
            continue
        kept[:] = [still for still in kept if still is not worst]
        label = f"{frame.time_s:.2f} s"
        kept.append(_Still(face.quality.score, frame.time_s, around(frame.image, face.box, label, raw=raw)))
    while len(reading.stills) > _TRACKS:
        del reading.stills[min(reading.stills, key=lambda track: (len(reading.stills[track]), track))]


def around(image: NDArray[np.uint8], box: Box, label: str, *, raw: bool = False) -> Photo:
    """A face with what is around it, as a picture of its own.

    Args:
        image: the frame.
        box: of the face.
        label: for people.
        raw: take the whole frame: a made-up one has no place for faces.
    """
    if raw:
        part = np.ascontiguousarray(image)
    else:
        margin = _MARGIN * max(box.width, box.height)
        left, top, right, bottom = (float(edge) for edge in box.xyxy)
        height, width = image.shape[:2]
        part = np.ascontiguousarray(
            image[max(int(top - margin), 0) : min(math.ceil(bottom + margin), height),
                  max(int(left - margin), 0) : min(math.ceil(right + margin), width)]
        )  # fmt: skip
    return Photo.of(part, part.tobytes(), label)
