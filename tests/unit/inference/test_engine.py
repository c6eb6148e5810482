"""The default pack from path to decision: every way in gives the same answer, and nothing is ever guessed."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from unit.inference.portraits import POINTS, Image, empty, head, portrait, scaled, turned
from vultus.errors import (
    ConfigError,
    ImageError,
    NoFaceError,
    ShapeError,
    UnknownNameError,
    UnsupportedTargetError,
    VultusError,
)
from vultus.inference.engine import FaceEngine, prominent
from vultus.inference.image import write
from vultus.inference.record import VideoWriter
from vultus.types import FAILURE_TO_ACQUIRE, Calibration, CalibrationPoint, Embedding, Face

POINTS_OF_A_TEST = (CalibrationPoint(1e-1, 0.80, 0.79, 0.81), CalibrationPoint(1e-3, 0.93, 0.92, 0.94))
CALIBRATION = Calibration("test:0", "a test", 10_000, 100, POINTS_OF_A_TEST)


def _with(engine: FaceEngine, *calibrations: Calibration) -> FaceEngine:
    other = copy.copy(engine)
    other.pack = dataclasses.replace(engine.pack, calibrations=calibrations)
    return other


@pytest.fixture(scope="module")
def judge(engine: FaceEngine) -> FaceEngine:
    """The engine with a calibration of known numbers."""
    return _with(engine, CALIBRATION)


@pytest.fixture(scope="module")
def stranger() -> Image:
    """Grace Hopper, United States Navy, public domain; comes with matplotlib."""
    data = pytest.importorskip("matplotlib").get_data_path()
    from vultus.inference.image import read

    return read(Path(data) / "sample_data/grace_hopper.jpg")


def _same(a: Face, b: Face) -> None:
    np.testing.assert_array_equal(a.box.xyxy, b.box.xyxy)
    np.testing.assert_array_equal(a.landmarks, b.landmarks)
    assert a.embedding is not None
    assert b.embedding is not None
    np.testing.assert_array_equal(a.embedding.vector, b.embedding.vector)


# --------------------------------------------------------------------------------------------------------------- find
def test_a_face_is_complete(engine: FaceEngine) -> None:
    (face,) = engine.find(portrait())
    assert np.abs(face.landmarks - POINTS).max() < 5
    assert face.quality.ok
    assert face.score > 0.9
    assert face.embedding is not None
    assert face.embedding.vector.shape == (128,)
    assert face.embedding.contract == engine.contract
    assert engine.contract.startswith("dlib:")
    assert engine.provider == "CPUExecutionProvider"


def test_path_bytes_and_array_give_the_same(engine: FaceEngine, tmp_path: Path) -> None:
    path = tmp_path / "Bild mit Ümlaut.png"
    write(path, portrait())
    for source in (path, str(path), path.read_bytes()):
        _same(engine.find(source)[0], engine.find(portrait())[0])


def test_a_list_is_answered_in_order(engine: FaceEngine) -> None:
    pictures = [empty(), portrait(), np.tile(head(), (1, 2, 1))]
    answers = engine.find(pictures)
    assert [len(faces) for faces in answers] == [0, 1, 2]
    np.testing.assert_allclose(answers[1][0].box.xyxy, engine.find(portrait())[0].box.xyxy, atol=0.01)
    assert engine.find([]) == []


def test_what_is_not_asked_for_is_not_made(engine: FaceEngine) -> None:
    (face,) = engine.find(portrait(), embed=False)
    assert face.embedding is None
    two = np.hstack([head(), np.vstack([scaled(head(), 0.5), np.zeros((150, 150, 3), np.uint8)])])
    assert len(engine.find(two)) == 2
    (largest,) = engine.find(two, max_faces=1)
    assert largest.box.width > 70


def test_pictures_that_cannot_be_read_are_errors(engine: FaceEngine, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no such file"):
        engine.find(tmp_path / "nobody.jpg")
    with pytest.raises(ShapeError, match="image must be"):
        engine.find(np.zeros((10, 10), np.uint8))


def test_the_prominent_face_is_the_largest(engine: FaceEngine) -> None:
    faces = engine.find(np.hstack([head(), np.vstack([scaled(head(), 0.5), np.zeros((150, 150, 3), np.uint8)])]))
    assert prominent(faces) is max(faces, key=lambda face: face.box.area)
    assert prominent([]) is None


# ---------------------------------------------------------------------------------------------------------- find_each
def test_a_broken_file_is_reported_and_the_rest_goes_on(engine: FaceEngine, tmp_path: Path) -> None:
    write(tmp_path / "1.png", head())
    (tmp_path / "2.jpg").write_bytes(b"no picture")
    write(tmp_path / "3.png", empty())
    paths = sorted(tmp_path.iterdir())
    answers = dict(engine.find_each(paths, batch=2))
    assert list(answers) == paths
    assert isinstance(answers[paths[1]], VultusError)
    assert [len(answers[path]) for path in (paths[0], paths[2])] == [1, 0]  # type: ignore[arg-type]


def test_pictures_are_read_only_a_few_ahead(engine: FaceEngine) -> None:
    """Bounded memory: of an endless source no more is taken than what is being worked on."""
    taken = 0

    def endless() -> Iterator[Image]:
        nonlocal taken
        while True:
            taken += 1
            yield empty(60, 60)

    stream = engine.find_each(endless(), embed=False, batch=4)
    for _ in range(8):
        next(stream)
    assert taken <= 8 + 4 + 4


def test_a_batch_has_at_least_one_picture(engine: FaceEngine) -> None:
    with pytest.raises(ConfigError, match="batch must be at least 1, but is 0"):
        engine.find_each([], batch=0)


# --------------------------------------------------------------------------------------------------- embed and verify
def test_a_picture_without_a_face_is_never_embedded(engine: FaceEngine, tmp_path: Path) -> None:
    write(tmp_path / "sky.png", empty())
    with pytest.raises(NoFaceError, match=r"no face found in .*sky\.png"):
        engine.embed(tmp_path / "sky.png")


@pytest.mark.parametrize(
    "change",
    [lambda image: image[:, ::-1].copy(), lambda image: scaled(image, 0.5), lambda image: turned(image, 15)],
    ids=["mirrored", "half the size", "turned"],
)
def test_a_person_remains_the_same_person(judge: FaceEngine, change: object) -> None:
    decision = judge.verify(head(), change(head()))  # type: ignore[operator]
    assert decision.matched
    assert decision.similarity is not None
    assert decision.similarity > 0.95
    assert (decision.threshold, decision.fmr_target, decision.calibration_id) == (0.93, 1e-3, "test:0")


def test_a_stranger_is_a_stranger(judge: FaceEngine, stranger: Image) -> None:
    decision = judge.verify(head(), stranger)
    assert not decision.matched
    assert decision.reason == ""
    assert decision.similarity is not None
    assert decision.similarity < 0.9


def test_no_face_is_a_typed_answer(judge: FaceEngine) -> None:
    for pair in ((head(), empty()), (empty(), head())):
        decision = judge.verify(*pair)
        assert (decision.matched, decision.similarity, decision.reason) == (False, None, FAILURE_TO_ACQUIRE)


def test_embeddings_are_compared_without_looking_again(judge: FaceEngine) -> None:
    vector = judge.embed(head())
    assert judge.verify(vector, vector).similarity == pytest.approx(1.0, abs=1e-6)
    foreign = Embedding(vector.vector, "opencv:0123456789abcdef")
    with pytest.raises(ConfigError, match="this embedding has contract opencv:0123456789abcdef, the engine has dlib:"):
        judge.verify(vector, foreign)


def test_one_to_one_embeds_no_bystander(judge: FaceEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = np.tile(head(), (1, 3, 1))
    largest = prominent(judge.find(crowd))
    assert largest is not None
    counts = []
    embed_views = judge._embedder.embed_views
    monkeypatch.setattr(judge._embedder, "embed_views", lambda crops: counts.append(len(crops)) or embed_views(crops))
    np.testing.assert_array_equal(judge.embed(crowd).vector, largest.embedding.vector)
    assert counts == [1]


def test_rates_that_were_not_measured_are_refused(judge: FaceEngine) -> None:
    with pytest.raises(UnsupportedTargetError, match=r"the smallest supported FMR is 0\.001"):
        judge.verify(head(), head(), fmr=1e-6)
    with pytest.raises(ConfigError, match="pack dlib has no calibration, so no decision can be made with it"):
        _with(judge).verify(head(), head())


def test_liveness_cannot_be_asked_of_a_pack_without_it() -> None:
    with pytest.raises(ConfigError, match="pack dlib has no liveness model; leave liveness out, or add one"):
        FaceEngine(liveness=True)


def test_the_model_trained_on_rendered_attacks_is_off_unless_asked_for(judge: FaceEngine) -> None:
    assert judge.find(head(), embed=False)[0].liveness is None
    (face, *_) = FaceEngine(liveness="rendered", threads=1).find(head())
    assert face.liveness is not None
    assert 0 <= face.liveness.live_score <= 1
    assert face.liveness.operating_point.startswith("trained on rendered attacks")
    assert (face.liveness.reason == "") == face.liveness.live == (face.embedding is not None)
    with pytest.raises(UnknownNameError, match="unknown liveness 'real'"):
        FaceEngine(liveness="real")  # type: ignore[arg-type]


# --------------------------------------------------------------------------------------------------- threads and video
def test_many_threads_get_what_one_gets(engine: FaceEngine) -> None:
    pictures = [head(), portrait(), turned(head(), 10), scaled(head(), 0.6)]
    serial = [engine.find(picture) for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        parallel = list(pool.map(engine.find, pictures * 4))
    for faces, expected in zip(parallel, serial * 4, strict=True):
        assert len(faces) == len(expected) == 1
        _same(faces[0], expected[0])


def test_a_face_in_a_video_is_one_track(engine: FaceEngine, tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "walk.mp4", fps=5) as film:
        for step in range(10):
            film.write(np.ascontiguousarray(np.roll(head(), 6 * step, axis=1)))
    (track,) = engine.track(tmp_path / "walk.mp4")
    assert (track.start_s, track.n_frames) == (0, 10)
    assert track.end_s == pytest.approx(1.8, abs=0.05)
    assert track.embedding is not None
    assert track.embedding.similarity(engine.embed(head())) > 0.97


def test_crops_embed_to_what_find_embeds(engine: FaceEngine) -> None:
    (face,) = engine.find(portrait())
    crops = engine.crops(portrait(), face)
    assert crops.shape == (2, 150, 150, 3)
    assert engine.mirrored == (True, False)
    assert engine.embed_crops(crops[None])[0] == pytest.approx(face.embedding.vector, abs=1e-5)
