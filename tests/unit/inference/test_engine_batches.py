"""Many pictures, many faces and many threads: the same answers, in order, in bounded memory."""

from __future__ import annotations

import copy
import gc
import tracemalloc
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from unit.inference.portraits import Image, empty, head, portrait, scaled, turned
from vultus.errors import ConfigError, ImageError, ShapeError, VultusError
from vultus.inference import engine as engine_module
from vultus.inference.detect import Detections
from vultus.inference.engine import FaceEngine
from vultus.inference.image import write
from vultus.types import Face


class Watch:
    """A detector that finds nobody and notes how much it was given at once."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        self.batches.append([image.shape[0] * image.shape[1] for image in images])
        return [Detections.none() for _ in images]


def _watched(engine: FaceEngine) -> tuple[FaceEngine, Watch]:
    other, watch = copy.copy(engine), Watch()
    other._detector = watch
    return other, watch


def _vector(face: Face) -> np.ndarray:
    assert face.embedding is not None
    return face.embedding.vector


def _equal(ours: list[Face], theirs: list[Face]) -> None:
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine.box.xyxy, other.box.xyxy)
        np.testing.assert_array_equal(mine.landmarks, other.landmarks)
        np.testing.assert_array_equal(_vector(mine), _vector(other))
        assert (mine.score, mine.quality) == (other.score, other.quality)


def _mixed() -> list[Image]:
    """Sizes that differ, two alike, one without a face, one with two."""
    small = scaled(head(), 0.6)
    return [head(), empty(), turned(head(), 15), portrait(), small, np.hstack([small, small[:, ::-1]]), head() // 3]


# --------------------------------------------------------------------------------------------------------------- find
def test_a_list_gives_each_picture_its_own_faces(engine: FaceEngine) -> None:
    """A picture in a batch shares every run of a network with the others: its faces must stay its own."""
    pictures = _mixed()
    together = engine.find(pictures)
    assert [len(faces) for faces in together] == [1, 0, 1, 1, 1, 2, 1]
    for picture, faces in zip(pictures, together, strict=True):
        alone = engine.find(picture)
        for mine, other in zip(faces, alone, strict=True):
            np.testing.assert_allclose(mine.box.xyxy, other.box.xyxy, atol=0.01)
            assert _vector(mine) @ _vector(other) > 0.99999


def test_lists_may_mix_kinds_of_sources(engine: FaceEngine, tmp_path: Path) -> None:
    path = tmp_path / "head.png"
    write(path, head())
    answers = engine.find([path, str(path), path.read_bytes(), head()])
    for faces in answers:
        _equal(faces, answers[0])


def test_a_crowd_is_embedded_face_by_face(engine: FaceEngine) -> None:
    """More faces than one run of the embedder takes; each keeps the vector of its own crop."""
    left, right = scaled(head(), 0.4), scaled(turned(head(), 20), 0.4)[:, ::-1]
    crowd = np.tile(np.hstack([left, right]), (5, 4, 1))
    faces = engine.find(np.ascontiguousarray(crowd))
    assert len(faces) == 40
    middle = crowd.shape[1] // 8
    sides = [int(face.box.centre[0] // middle) % 2 for face in faces]
    vectors = np.stack([_vector(face) for face in faces])
    for side, alone in enumerate((left, right)):
        (one,) = engine.find(np.ascontiguousarray(np.pad(alone, ((40, 40), (40, 40), (0, 0)), mode="edge")))
        mine = np.array(sides) == side
        assert mine.sum() == 20
        assert (vectors[mine] @ _vector(one)).min() > 0.98
        assert (vectors[mine] @ _vector(one)).min() > (vectors[~mine] @ _vector(one)).max()


def test_one_bad_picture_in_a_list_is_an_error(engine: FaceEngine) -> None:
    with pytest.raises(ImageError, match="cannot read image <3 bytes>"):
        engine.find([head(), b"bad"])
    with pytest.raises(
        ShapeError, match=r"image must be a path, bytes or an RGB uint8 array \(H, W, 3\), but is tuple"
    ):
        engine.find((head(), head()))  # type: ignore[call-overload]


def test_the_largest_faces_are_kept_best_first(engine: FaceEngine) -> None:
    sizes = (0.4, 1.0, 0.6)
    strip = [np.pad(scaled(head(), size), ((0, 300 - round(300 * size)), (0, 0), (0, 0))) for size in sizes]
    picture = np.hstack(strip)
    everybody = engine.find(picture, embed=False)
    assert len(everybody) == 3
    assert [face.score for face in everybody] == sorted((face.score for face in everybody), reverse=True)
    for count in (1, 2, 3, 9):
        some = engine.find(picture, embed=False, max_faces=count)
        largest = sorted((face.box.area for face in everybody), reverse=True)[:count]
        assert sorted((face.box.area for face in some), reverse=True) == pytest.approx(largest)
        assert [face.score for face in some] == sorted((face.score for face in some), reverse=True)
    (only,) = engine.find(picture, max_faces=1)
    np.testing.assert_array_equal(engine.embed(picture).vector, _vector(only))


def test_the_largest_faces_keep_the_order_of_their_scores(engine: FaceEngine) -> None:
    class Says:
        def detect(self, images: Sequence[Image]) -> list[Detections]:
            side = np.float32([20, 80, 40, 60])
            boxes = np.stack([side * 0, side * 0, side, side], axis=1)
            points = np.tile(np.float32([[6, 6], [14, 6], [10, 10], [7, 14], [13, 14]]), (4, 1, 1))
            return [Detections(boxes, np.float32([0.9, 0.7, 0.8, 0.6]), points) for _ in images]

    other = copy.copy(engine)
    other._detector = Says()
    for count, sides in ((1, [80]), (2, [80, 60]), (3, [80, 40, 60]), (4, [20, 80, 40, 60])):
        assert [face.box.width for face in other.find(empty(), embed=False, max_faces=count)] == sides


@pytest.mark.parametrize("count", [0, -1])
def test_fewer_faces_than_one_cannot_be_asked_for(engine: FaceEngine, count: int) -> None:
    with pytest.raises(ConfigError, match=f"max_faces must be at least 1, but is {count}"):
        engine.find(head(), max_faces=count)


# ---------------------------------------------------------------------------------------------------------- find_each
@pytest.mark.parametrize("batch", [1, 2, 3, 50])
def test_streams_give_what_find_gives(engine: FaceEngine, tmp_path: Path, batch: int) -> None:
    """Errors first, in the middle, two in a row and last; whatever the batch, all is in its place."""
    write(tmp_path / "head.png", head())
    bad, missing = b"no picture", tmp_path / "missing.jpg"
    sources = [bad, tmp_path / "head.png", missing, bad, empty(), (tmp_path / "head.png").read_bytes(), missing]
    answers = list(engine.find_each(sources, batch=batch))
    assert len(answers) == len(sources)
    for source, (given, faces) in zip(sources, answers, strict=True):
        assert given is source
        if source is bad or source is missing:
            assert isinstance(faces, ImageError)
        else:
            assert not isinstance(faces, VultusError)
            assert len(faces) == (0 if isinstance(source, np.ndarray) else 1)
    assert list(engine.find_each([], batch=batch)) == []
    assert all(isinstance(answer, ImageError) for _, answer in engine.find_each([bad, bad, bad], batch=batch))


def test_embeddings_are_left_out_of_streams_too(engine: FaceEngine) -> None:
    for _, faces in engine.find_each([head(), head()], embed=False):
        assert not isinstance(faces, VultusError)
        assert [face.embedding for face in faces] == [None]


def test_a_stream_can_be_left_early(engine: FaceEngine) -> None:
    """Nothing is read after the last answer that was wanted, and no thread stays behind."""
    taken: list[int] = []

    def counted() -> Iterator[Image]:
        for index in range(1000):
            taken.append(index)
            yield empty(40, 40)

    stream = engine.find_each(counted(), batch=2)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert len(taken) < 10


def test_a_source_that_breaks_is_not_hidden(engine: FaceEngine) -> None:
    def broken() -> Iterator[Image]:
        yield empty(40, 40)
        raise OSError("the share is gone")

    with pytest.raises(OSError, match="the share is gone"):
        list(engine.find_each(broken(), batch=1))


def test_large_pictures_close_a_batch_early(engine: FaceEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is in pixels, of pictures decoded and waiting: mixed sizes never add up to much more."""
    monkeypatch.setattr(engine_module, "_MAX_PENDING_PIXELS", 10_000)
    watched, watch = _watched(engine)
    sides = np.random.default_rng(0).choice([10, 40, 60, 150], 200)
    answers = list(watched.find_each([np.zeros((side, side, 3), np.uint8) for side in sides], batch=16))
    assert [faces for _, faces in answers] == [[]] * 200
    given = [pixels for batch in watch.batches for pixels in batch]
    assert given == [side * side for side in sides]
    assert max(len(batch) for batch in watch.batches) <= 16
    for batch in watch.batches:
        assert sum(batch[:-1]) < 10_000
    for batch in watch.batches[:-1]:  # and none is closed before it has to be
        assert len(batch) == 16 or sum(batch) >= 10_000


def test_memory_does_not_grow_with_the_number_of_pictures(engine: FaceEngine) -> None:
    watched, _ = _watched(engine)
    side = 300
    gc.collect()
    tracemalloc.start()
    for _ in watched.find_each((np.zeros((side, side, 3), np.uint8) for _ in range(400)), batch=4):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * side * side * 3  # of 400


# ------------------------------------------------------------------------------------------------------------ threads
def test_thirty_two_threads_get_the_same_bits(engine: FaceEngine) -> None:
    pictures = [scaled(picture, 0.7) for picture in _mixed()]
    serial = [engine.find(picture) for picture in pictures]
    assert sum(len(faces) for faces in serial) >= 6
    with ThreadPoolExecutor(32) as pool:
        parallel = list(pool.map(engine.find, pictures * 10))
    for faces, expected in zip(parallel, serial * 10, strict=True):
        _equal(faces, expected)


def test_streams_side_by_side_do_not_mix(engine: FaceEngine) -> None:
    pictures = [scaled(picture, 0.5) for picture in _mixed()]

    def stream(shift: int) -> list[list[Face]]:
        turn = pictures[shift:] + pictures[:shift]
        out = [faces for _, faces in engine.find_each(turn, batch=1)]
        assert all(not isinstance(faces, VultusError) for faces in out)
        return out[-shift:] + out[:-shift] if shift else out  # type: ignore[return-value]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(stream, range(4)))
    for answer in answers:
        for faces, expected in zip(answer, answers[0], strict=True):
            _equal(faces, expected)
