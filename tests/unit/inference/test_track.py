"""Tracks: births, gaps, crossings, returns, cuts, memory."""

from __future__ import annotations

import gc
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit.inference.people import face, person
from vultus.errors import ConfigError, InputError, VideoError
from vultus.inference.looks import Looks
from vultus.inference.track import Sighting, Tracker, TrackRules, follow
from vultus.inference.video import Frame
from vultus.types import Box, Face, Quality

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from vultus.types import Track

ANN, BEN, CEM = person(1), person(2), person(3)
LOOKS = Looks(alike=0.6, unlike=0.3)
FPS = 25


def play(
    tracker: Tracker, scenes: Sequence[Sequence[Face]], start_s: float = 0.0
) -> tuple[list[list[int]], list[Track]]:
    """Feed frames; the track numbers per frame (0 for none) and the tracks that ended."""
    numbers, ended = [], []
    for step, faces in enumerate(scenes):
        named = {id(face): number for number, face in tracker.update(faces, start_s + step / FPS)}
        numbers.append([named.get(id(face), 0) for face in faces])
        ended += tracker.ended()
    return numbers, ended


def test_a_track_from_birth_to_end() -> None:
    tracker = Tracker()
    numbers, ended = play(tracker, [[face(100 + step, quality=step / 100)] for step in range(50)])
    assert numbers == [[0], [0]] + [[1]] * 48
    assert ended == []
    (track,) = tracker.finish()
    assert (track.track_id, track.start_s, track.end_s, track.n_frames) == (1, 0.0, 49 / FPS, 50)
    assert [kept.quality.score for kept in track.faces] == sorted((f.quality.score for f in track.faces), reverse=True)
    assert track.faces[0].quality.score == 0.49
    assert len(track.faces) == 8
    assert track.embedding is None
    assert track.identification is None


def test_a_flicker_is_no_track() -> None:
    tracker = Tracker()
    play(tracker, [[face(100)], [face(100)], *[[]] * 60])
    assert tracker.finish() == []


def test_a_short_gap_is_bridged_and_a_long_one_ends_the_track() -> None:
    tracker = Tracker(TrackRules(max_gap_s=1.0))
    here: list[list[Face]] = [[face(100)]]
    numbers, ended = play(tracker, here * 10 + [[]] * 20 + here * 10 + [[]] * 30 + here * 10)
    assert numbers[35] == [1]
    assert numbers[-1] == [2]
    assert [(track.track_id, track.n_frames, track.end_s) for track in ended] == [(1, 20, 39 / FPS)]
    assert [track.track_id for track in tracker.finish()] == [2]


def test_people_keep_their_numbers_when_they_cross_by_place_alone() -> None:
    scenes = [[face(100 + 6 * step, 200), face(500 - 6 * step, 230)] for step in range(60)]
    numbers, _ = play(Tracker(), scenes)
    assert numbers[2:] == [[1, 2]] * 58


def hidden(step: int) -> bool:
    return 25 <= step < 40


def test_looks_tell_who_comes_out_behind_an_occlusion() -> None:
    """Two people meet behind a pillar and turn back; the motion says they passed each other."""
    scenes = []
    for step in range(70):
        x = 6 * min(step, 65 - step)
        pair = [face(100 + x, 200, who=ANN), face(420 - x, 205, who=BEN)]
        scenes.append([] if hidden(step) else pair)
    numbers, _ = play(Tracker(looks=LOOKS), scenes)
    shown = [pair for pair in numbers[2:] if pair]
    assert shown[0] == [1, 2]
    assert all(pair in ([1, 2], [0, 0], [1, 0], [0, 2]) for pair in shown)
    assert shown[-1] == [1, 2]


def test_a_swap_from_one_frame_to_the_next_is_noticed() -> None:
    before = [[face(200, who=ANN), face(300, who=BEN)]] * 20
    after = [[face(300, who=ANN), face(200, who=BEN)]] * 20
    numbers, _ = play(Tracker(looks=LOOKS), before + after)
    assert numbers[19] == [1, 2]
    assert all(pair in ([0, 0], [1, 2]) for pair in numbers[20:])
    assert numbers[-1] == [1, 2]
    blind, _ = play(Tracker(), before + after)
    assert blind[-1] == [2, 1]


def test_looks_of_a_bad_face_are_not_trusted() -> None:
    """A blurred face resembles nobody, but it is where it should be."""
    scenes = [[face(200, who=ANN)]] * 10 + [[face(200, who=CEM, quality=0.05)]] * 10 + [[face(200, who=ANN)]] * 10
    tracker = Tracker(looks=LOOKS)
    numbers, _ = play(tracker, scenes)
    assert numbers[2:] == [[1]] * 28
    assert tracker.finish()[0].embedding.similarity(face(0, who=ANN).embedding) > 0.99  # type: ignore[union-attr, arg-type]


def test_who_returns_elsewhere_goes_on_as_the_same_track() -> None:
    tracker = Tracker(TrackRules(rejoin_s=5.0), LOOKS)
    numbers, ended = play(tracker, [[face(100, who=ANN)]] * 20 + [[]] * 75 + [[face(500, 90, who=ANN, size=80)]] * 20)
    assert numbers[-1] == [1]
    assert ended == []
    (track,) = tracker.finish()
    assert (track.n_frames, track.start_s, track.end_s) == (40, 0.0, 114 / FPS)


def test_after_the_time_to_rejoin_it_is_another_track() -> None:
    tracker = Tracker(TrackRules(rejoin_s=2.0), LOOKS)
    scenes = [[face(100, who=ANN)]] * 20 + [[]] * 75 + [[face(500, who=ANN)]] * 20
    numbers, ended = play(tracker, scenes)
    assert numbers[-1] == [2]
    assert [track.track_id for track in ended] == [1]


def test_another_person_at_the_place_is_another_track() -> None:
    tracker = Tracker(looks=LOOKS)
    numbers, _ = play(tracker, [[face(100, who=ANN)]] * 20 + [[]] * 5 + [[face(100, who=BEN)]] * 20)
    assert numbers[-1] == [2]
    assert [track.n_frames for track in tracker.finish()] == [20, 20]


def test_two_faces_of_one_frame_are_never_one_track() -> None:
    """A mirror: both sides look alike, and yet they are two, also after one side was away."""
    both = [[face(100, who=ANN), face(500, who=ANN)]] * 20
    one = [[face(100, who=ANN)]] * 40
    tracker = Tracker(looks=LOOKS)
    numbers, _ = play(tracker, both + one + both)
    assert [pair for pair in numbers if len(pair) == 2 and 0 not in pair and pair != [1, 2]] == []
    assert len(tracker.finish()) == 2


def test_a_cut_ends_what_place_alone_can_say() -> None:
    blind, sighted = Tracker(), Tracker(looks=LOOKS)
    for tracker in (blind, sighted):
        play(tracker, [[face(100, who=ANN)]] * 10)
        tracker.cut()
    assert play(blind, [[face(100, who=BEN)]] * 10, 10 / FPS)[0][-1] == [2]
    assert play(sighted, [[face(400, who=ANN)]] * 10, 10 / FPS)[0][-1] == [1]


def test_a_person_whose_looks_change_back_and_forth_becomes_one_track_again() -> None:
    """With each nod the embedding jumps between two values that are alike, but not very."""
    up, down = (100, ANN), (113, 0.4 * ANN + 0.9 * CEM)
    nods = [up] * 20 + [down] * 4 + [up, up, down, down] * 5
    tracker = Tracker(looks=Looks(alike=0.9, unlike=0.38))
    numbers, _ = play(tracker, [[face(200, y, who=who)] for y, who in nods])
    assert {number for (number,) in numbers[2:]} >= {0, 1}  # it was split
    assert numbers[-8:] == [[1]] * 8
    (track,) = tracker.finish()
    assert track.n_frames == len(nods)


def test_two_people_who_take_turns_at_one_place_stay_two() -> None:
    """Once seen together they can never be one, even if they look alike."""
    together = [[face(122, who=ANN), face(138, who=BEN)]] * 10
    turns = [[face(130, who=ANN)], [face(130, who=BEN)]] * 10
    tracker = Tracker(looks=Looks(alike=0.9, unlike=-0.5))
    play(tracker, together + turns)
    assert len(tracker.finish()) == 2


def test_a_camera_motion_is_followed() -> None:
    """The camera jerks by three face widths; the faces jump with the picture."""
    still, told = Tracker(), Tracker()
    for tracker in (still, told):
        play(tracker, [[face(100), face(250)]] * 10)
    told.shift(150, 0)
    jump = [[face(250), face(400)]] * 5
    assert play(told, jump, 10 / FPS)[0] == [[1, 2]] * 5
    assert play(still, jump, 10 / FPS)[0][0] == [2, 0]


def test_sparse_frames_stretch_the_gap() -> None:
    tracker = Tracker(TrackRules(max_gap_s=1.0))
    seen = [tracker.update([face(100)], 2.0 * step) for step in range(10)]
    assert [len(named) for named in seen] == [0, 0] + [1] * 8
    assert [track.n_frames for track in tracker.finish()] == [10]


def test_current_and_foretold() -> None:
    tracker = Tracker()
    play(tracker, [[face(100 + 5 * step)] for step in range(20)])
    assert tracker.current(7) is None
    track = tracker.current(1)
    assert track is not None
    assert track.n_frames == 20
    ((number, box),) = tracker.foretell(20 / FPS)
    assert number == 1
    assert box.centre[0] == pytest.approx(200, abs=4)


def test_a_tracker_starts_again_after_the_end() -> None:
    tracker = Tracker()
    for _ in range(2):
        numbers, _ = play(tracker, [[face(100)]] * 5)
        assert numbers[-1] == [1]
        assert [track.track_id for track in tracker.finish()] == [1]


def test_refusals() -> None:
    tracker = Tracker()
    tracker.update([], 5.0)
    with pytest.raises(InputError, match="time_s must rise from frame to frame, but 5 came after 5"):
        tracker.update([], 5.0)
    with pytest.raises(ConfigError, match="min_sightings and keep must be 1 or more, but are 0 and 8"):
        TrackRules(min_sightings=0)
    with pytest.raises(ConfigError, match="max_gap_s must be above 0 seconds, rejoin_s and moment_s 0 or more"):
        TrackRules(max_gap_s=0)
    with pytest.raises(ConfigError, match="every and batch must be 1 or more, but are 0 and 1"):
        follow([], lambda _: [], every=0)


@settings(max_examples=30)
@given(st.data())
def test_whatever_comes_no_face_is_in_two_tracks_and_counts_agree(data: st.DataObject) -> None:
    tracker, counts, people = Tracker(TrackRules(min_sightings=1), LOOKS), Counter[int](), [ANN, BEN, None]
    tracks = []
    for step in range(data.draw(st.integers(1, 15))):
        places = data.draw(st.lists(st.tuples(st.floats(0, 600), st.integers(0, 2)), max_size=5))
        faces = [face(x, who=people[index]) for x, index in places]
        named = tracker.update(faces, float(step) * 0.3)
        assert len(named) == len(faces) == len({number for number, _ in named})
        counts.update(number for number, _ in named)
        tracks += tracker.ended()
    tracks += tracker.finish()
    assert {track.track_id for track in tracks} <= set(counts)  # a number vanishes when two tracks are joined
    assert sum(track.n_frames for track in tracks) == counts.total()
    assert all(track.start_s <= track.end_s for track in tracks)


# A whole video


def film(n_frames: int, fps: float = FPS) -> Iterator[Frame]:
    for index in range(n_frames):
        yield Frame(index, index / fps, np.full((32, 32, 3), 100, np.uint8))


class Finder:
    """Stands in for FaceEngine.find: one walker, and counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.seen = 0

    def __call__(self, images: list[Any]) -> list[list[Face]]:
        self.asked.append(len(images))
        self.seen += len(images)
        return [[face(100, who=ANN)] for _ in images]


@pytest.mark.parametrize(("every", "batch", "asked"), [(1, 1, [1] * 30), (1, 8, [8, 8, 8, 6]), (3, 4, [4, 4, 2])])
def test_follow(every: int, batch: int, asked: list[int]) -> None:
    find, sights = Finder(), list[tuple[int, list[Sighting]]]()
    tracks = list(
        follow(
            film(30), find, every=every, batch=batch, on_frame=lambda frame, seen: sights.append((frame.index, seen))
        )
    )
    assert find.asked == asked
    assert [track.n_frames for track in tracks] == [find.seen]
    assert [index for index, _ in sights] == list(range(30))
    assert all(len(seen) == 1 for index, seen in sights if index >= 2 * every)
    foretold = [index for index, seen in sights if seen and seen[0].face is None]
    assert foretold == [index for index in range(2 * every, 30) if index % every]


def test_a_scene_change_is_noticed() -> None:
    def two_scenes() -> Iterator[Frame]:
        for frame in film(20):
            yield Frame(frame.index, frame.time_s, frame.image + np.uint8(100 * (frame.index >= 10)))

    assert len(list(follow(two_scenes(), lambda images: [[face(100)] for _ in images]))) == 2


@pytest.mark.parametrize("error", [VideoError("a.mp4", "it ends early"), KeyboardInterrupt()])
def test_what_was_seen_before_a_break_is_handed_over(error: BaseException) -> None:
    def broken() -> Iterator[Frame]:
        yield from film(11)
        raise error

    find, tracks = Finder(), []
    stream = follow(broken(), find, batch=4)
    tracks.append(next(stream))
    with pytest.raises(type(error), match=re.escape(str(error)) or None):
        next(stream)
    assert [track.n_frames for track in tracks] == [11]


def test_ctrl_c_while_faces_are_found() -> None:
    def find(images: list[Any]) -> list[list[Face]]:
        if calls.update("x") or calls["x"] > 10:
            raise KeyboardInterrupt
        return [[face(100)] for _ in images]

    calls = Counter[str]()
    stream = follow(film(30), find)
    assert next(stream).n_frames == 10
    with pytest.raises(KeyboardInterrupt):
        next(stream)


def living(kind: type) -> int:
    return sum(type(one) is kind for one in gc.get_objects())


def test_an_hour_needs_no_more_memory_than_a_minute() -> None:
    """3,600 frames with a person in the picture all the time and a new passer-by every 100 seconds."""

    def find(images: list[Any]) -> list[list[Face]]:
        step[0] += len(images)
        ann = face(100, who=ANN, quality=step[0] % 7 / 10)
        passer = face(300 + step[0] % 100, who=passers[step[0] // 100])
        return [[ann, passer] if step[0] % 100 < 40 else [ann]]

    step, passers = [0], [person(10 + index) for index in range(40)]
    faces, pictures, n_tracks, before = [], [], 0, living(Face)
    for track in follow(film(3_600, fps=1), find, tracker=Tracker(TrackRules(rejoin_s=20), LOOKS)):
        n_tracks += 1
        assert len(track.faces) <= 8
        faces.append(living(Face) - before)
        pictures.append(living(Frame))
    assert n_tracks == 37
    assert max(faces) <= 40  # the best of three tracks, and what the frame at hand holds
    assert max(faces[5:]) <= max(faces[:5]) + 2
    assert max(pictures) <= pictures[0] + 2


# Real faces


def shaken(image: Any, n_frames: int) -> Iterator[Frame]:
    """A hand-held pan over a photograph, with the blur of the motion and sensor noise."""
    rng, height, width = np.random.default_rng(3), *image.shape[:2]
    shake, before = np.zeros(2), np.zeros(2)
    for index in range(n_frames):
        shake = 0.7 * shake + rng.normal(0, 2, 2)
        wave = 2 * np.pi * index / FPS
        at = np.array([0.3 * width / 2 * np.sin(wave / 4), 0.1 * height / 2 * np.sin(wave / 2.7)]) + shake
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), 3 * np.sin(wave / 3), 1 + 0.1 * np.sin(wave / 5))
        turn[:, 2] -= at
        frame = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REFLECT_101)
        blur = max(int(np.abs(at - before).max() / 2), 1)
        frame = cv2.blur(frame, (blur, 1)) if abs(at - before)[0] > abs(at - before)[1] else cv2.blur(frame, (1, blur))
        before = at
        yield Frame(index, index / FPS, np.clip(frame + rng.normal(0, 3, frame.shape), 0, 255).astype(np.uint8))


@pytest.mark.shared
@pytest.mark.parametrize(("name", "people"), [("fr_obama_and_biden.jpg", 3), ("fr_two_people.jpg", 2)])
def test_in_a_shaken_pan_each_person_is_one_track(shared: Path, name: str, people: int) -> None:
    detector = cv2.FaceDetectorYN.create(str(shared / "data/ref_weights/yunet_n_640_640.onnx"), "", (512, 360), 0.7)

    def find(images: list[Any]) -> list[list[Face]]:
        out = []
        for image in images:
            _, rows = detector.detect(np.ascontiguousarray(image[:, :, ::-1]))
            out.append([seen_by(row) for row in ([] if rows is None else rows)])
        return out

    def seen_by(row: Any) -> Face:
        box = Box(np.array([row[0], row[1], row[0] + row[2], row[1] + row[3]]))
        return Face(box, row[4:14].reshape(5, 2), float(row[14]), Quality(float(row[14])))

    image = cv2.resize(cv2.imread(str(shared / "data/celeb_examples/images" / name)), (512, 360))[:, :, ::-1]
    tracks = list(follow(shaken(image, 60), find))
    assert len(tracks) == people
    assert sorted(track.n_frames for track in tracks)[-2] > 40
