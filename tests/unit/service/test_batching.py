from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unit.gallery.fake import FakeEngine, person, picture
from vultus.errors import ImageError
from vultus.gallery.photo import Photo
from vultus.inference.engine import FaceEngine
from vultus.service import batching
from vultus.service.batching import BatchedEngine, share
from vultus.service.envelope import ServiceError
from vultus.service.settings import Settings

SETTINGS = Settings(Path("/nowhere"), decode="none", queue=8, batch=4)
ADA, EVE = picture(person("ada")), picture(person("eve"))


class Slow(FakeEngine):
    """Waits until it is let go; remembers the sizes of batches."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self.sizes = threading.Event(), []

    def find_each(self, sources, *, embed=True, batch=16):
        self.go.wait(10)
        self.sizes.append(len(sources))
        yield from super().find_each(sources, embed=embed)


@pytest.fixture
def slow() -> Iterator[tuple[Slow, BatchedEngine]]:
    inner = Slow()
    engine = BatchedEngine(inner, SETTINGS)
    yield inner, engine
    inner.go.set()
    engine.close()


def test_what_waits_goes_together_in_a_few_sizes(slow: tuple[Slow, BatchedEngine]) -> None:
    inner, engine = slow
    waiting = [engine.submit(ADA)]
    while engine._queue:
        time.sleep(0.001)
    waiting += [engine.submit(ADA) for _ in range(7)]
    inner.go.set()
    assert all(len(done.result(10)) == 1 for done in waiting)
    assert inner.sizes == [1, 4, 3]
    assert (engine.load.pictures, engine.load.batches) == (8, 3)


def test_a_full_queue_says_when_to_come_again(slow: tuple[Slow, BatchedEngine]) -> None:
    _, engine = slow
    engine.submit(ADA)
    while engine._queue:
        time.sleep(0.001)
    for _ in range(8):
        engine.submit(ADA)
    with pytest.raises(ServiceError, match="more pictures are waiting than can be worked on soon") as caught:
        engine.submit(ADA)
    assert int(caught.value.headers["Retry-After"]) >= 1
    assert engine.load.refused == 1


def test_a_picture_whose_request_has_ended_is_dropped(slow: tuple[Slow, BatchedEngine]) -> None:
    inner, engine = slow
    engine.submit(ADA)
    while engine._queue:
        time.sleep(0.001)
    token = batching.deadline.set(time.monotonic() - 1)
    late = engine.submit(ADA)
    batching.deadline.reset(token)
    gone = engine.submit(ADA)
    gone.cancel()
    inner.go.set()
    with pytest.raises(ServiceError, match="the engine could not begin in time"):
        late.result(10)
    engine.submit(EVE).result(10)
    assert engine.load.dropped == 2


def test_a_picture_that_cannot_be_read_is_its_own_trouble() -> None:
    engine = BatchedEngine(FakeEngine(), SETTINGS)
    good, bad = engine.submit(ADA), engine.submit(b"nonsense")
    assert len(good.result(10)) == 1
    with pytest.raises(ImageError, match="it is no picture"):
        bad.result(10)
    found = list(engine.find_each([ADA, b"nonsense", EVE], batch=2))
    assert [isinstance(answer, ImageError) for _, answer in found] == [False, True, False]
    assert len(engine.find(ADA)) == 1
    engine.close()


def test_an_engine_that_fails_for_one_fails_for_one_only() -> None:
    class Touchy(FakeEngine):
        def find_each(self, sources, *, embed=True, batch=16):
            if EVE in sources:
                raise RuntimeError("eve")
            yield from super().find_each(sources)

    inner = Touchy()
    engine = BatchedEngine(inner, SETTINGS)
    waiting = [engine.submit(one) for one in (ADA, EVE, ADA)]
    assert len(waiting[0].result(10)) == len(waiting[2].result(10)) == 1
    with pytest.raises(RuntimeError, match="eve"):
        waiting[1].result(10)
    engine.close()


def test_many_threads_get_their_own_answers() -> None:
    engine = BatchedEngine(FakeEngine(), replace(SETTINGS, queue=500), workers=3)
    wrong = []

    def ask(name: str) -> None:
        for _ in range(20):
            (face,) = engine.find(picture(person(name, noise=0.0)))
            (other,) = FakeEngine().find(picture(person(name, noise=0.0)))
            if not np.array_equal(face.embedding.vector, other.embedding.vector):
                wrong.append(name)

    threads = [threading.Thread(target=ask, args=(f"p{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.close()
    assert wrong == []


def test_long_runs_wait_for_room(slow: tuple[Slow, BatchedEngine]) -> None:
    inner, engine = slow
    threading.Timer(0.1, inner.go.set).start()
    assert len(list(engine.find_each([ADA] * 30, batch=30))) == 30


def test_a_closed_engine_takes_nothing() -> None:
    engine = BatchedEngine(FakeEngine(), SETTINGS)
    engine.close()
    with pytest.raises(ServiceError, match="the service is being stopped"):
        engine.submit(ADA)


def test_answers_are_those_of_the_engine_alone(real_engine: FaceEngine) -> None:
    skimage = pytest.importorskip("skimage.data")
    pixels = np.ascontiguousarray(skimage.astronaut()[..., :3])
    alone = real_engine.find(pixels)
    shared = BatchedEngine(real_engine, replace(SETTINGS, decode="sandbox"))
    found = [shared.submit(Photo.of(pixels, b"x", "a")) for _ in range(3)]
    for done in found:
        (face,) = done.result(60)
        assert np.allclose(face.embedding.vector, alone[0].embedding.vector, atol=1e-5)
        assert np.allclose(face.box.xyxy, alone[0].box.xyxy, atol=0.01)
    assert (shared.contract, shared.calibration) == (real_engine.contract, real_engine.calibration)
    assert shared.gate == real_engine.gate
    shared.close()


def test_processors_are_shared_out() -> None:
    assert share(replace(SETTINGS, threads=3)) == (3, 1)
    assert share(SETTINGS)[0] >= 1
    assert share(replace(SETTINGS, device="cuda:1", threads=4)) == (2, 4)
