"""Real processes with the default pack; what they may come to."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from unit.inference.portraits import portrait
from vultus.errors import ShapeError
from vultus.evaluation.bench_load import same_faces
from vultus.gallery.keys import ENV_KEY
from vultus.inference.engine import FaceEngine
from vultus.service import crew
from vultus.service.batching import BatchedEngine
from vultus.service.crew import Worker
from vultus.service.envelope import ServiceError
from vultus.service.settings import Settings

SETTINGS = Settings(Path("/nowhere"))


@pytest.fixture(scope="module")
def worker(real_engine: FaceEngine) -> Iterator[Worker]:
    made = Worker(SETTINGS, real_engine.contract)
    yield made
    made.stop()


def test_the_faces_are_those_of_the_engine(worker: Worker, real_engine: FaceEngine) -> None:
    pictures = [portrait(), np.zeros((50, 50, 3), np.uint8), np.ascontiguousarray(portrait()[:, ::-1])]
    for embed in (True, False):
        found, wanted = worker.find(pictures, embed=embed), real_engine.find(pictures, embed=embed)
        assert [len(faces) for faces in found] == [1, 0, 1]
        assert all(same_faces(one, other) for one, other in zip(found, wanted, strict=True))
        assert found[0][0].quality == wanted[0][0].quality
    assert worker.starts == 1


def test_a_process_that_is_gone_is_replaced(worker: Worker) -> None:
    worker.find([portrait()])
    before = worker.starts
    os.kill(worker._child.pid, signal.SIGKILL)
    worker._child.wait()
    assert len(worker.find([portrait()])[0]) == 1
    assert worker.starts == before + 1


def test_a_picture_over_which_it_ends_is_answered(worker: Worker, monkeypatch) -> None:
    worker.find([portrait()])
    whole = crew.take_values

    def killed(line: socket.socket):
        monkeypatch.setattr(crew, "take_values", whole)
        os.kill(worker._child.pid, signal.SIGKILL)
        return whole(line)

    monkeypatch.setattr(crew, "take_values", killed)
    with pytest.raises(ServiceError, match="the engine broke down over this picture") as caught:
        worker.find([np.zeros((4000, 4000, 3), np.uint8)])
    assert caught.value.code == "unavailable"
    assert len(worker.find([portrait()])[0]) == 1


def test_it_stops_in_peace_and_by_force(worker: Worker, monkeypatch) -> None:
    worker.find([portrait()])
    child = worker._child
    os.kill(child.pid, signal.SIGTERM)  # as an operator who stops the whole group
    assert len(worker.find([portrait()])[0]) == 1
    worker.stop()
    assert child.returncode == 0
    worker.start()
    child = worker._child
    monkeypatch.setattr(crew, "_STOP_S", 0)
    worker.stop()
    assert child.returncode in (0, -signal.SIGKILL)


def test_what_is_no_picture_never_gets_there(worker: Worker) -> None:
    with pytest.raises(ShapeError):
        worker.find([np.zeros((5, 5), np.uint8)])


def test_an_engine_that_fails_says_so(worker: Worker, monkeypatch) -> None:
    worker.find([portrait()])
    monkeypatch.setattr(crew, "take_values", lambda line: {"error": "MemoryError"})
    with pytest.raises(ServiceError, match="the engine failed on this picture"):
        worker.find([portrait()])
    worker.stop()


def test_another_contract_is_refused(caplog) -> None:
    worker = Worker(SETTINGS, "other:0")
    with pytest.raises(ServiceError, match="the engine cannot be started"):
        worker.start()
    assert "it has another contract" in caplog.text
    assert worker._child is None


def test_no_process_can_be_started(monkeypatch) -> None:
    def full(*args, **more):
        raise OSError("out of memory")

    monkeypatch.setattr(crew.subprocess, "Popen", full)
    with pytest.raises(ServiceError, match="the engine cannot be started") as caught:
        Worker(SETTINGS, "a:b").find([portrait()])
    assert caught.value.code == "unavailable"


def test_the_master_key_stays_at_home(monkeypatch) -> None:
    given: dict[str, str] = {}

    def look(*args, env, **more):
        given.update(env)
        raise OSError

    monkeypatch.setenv(ENV_KEY, "secret")
    monkeypatch.setattr(crew.subprocess, "Popen", look)
    with pytest.raises(ServiceError):
        Worker(SETTINGS, "a:b").start()
    assert given["OMP_NUM_THREADS"] == "1"
    assert ENV_KEY not in given


def test_each_batch_goes_to_a_process(real_engine: FaceEngine) -> None:
    crew_of_two = [Worker(SETTINGS, real_engine.contract) for _ in range(2)]
    engine = BatchedEngine(real_engine, SETTINGS, crew=crew_of_two)
    inside = threading.Event()
    real_find, real_engine.find = real_engine.find, lambda *args, **more: inside.set()
    try:
        waiting = [engine.submit(portrait()) for _ in range(6)]
        assert all(len(done.result(60)) == 1 for done in waiting)
    finally:
        real_engine.find = real_find
    assert not inside.is_set()
    assert engine.starts == 2
    engine.close()
    assert all(worker._child is None for worker in crew_of_two)
