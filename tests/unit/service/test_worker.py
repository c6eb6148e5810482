from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from unit.service.test_parcels import face
from vultus.evaluation.bench_load import same_faces
from vultus.inference import engine
from vultus.inference.embed import BATCH
from vultus.service import parcels, serving, worker


class Engine:
    """Finds a face whose seed is the first pixel of each picture; 13 is bad luck."""

    contract = "a:b"

    def __init__(self, **settings) -> None:
        self.settings = settings

    def crops(self, picture, face):
        return np.zeros((2, 9, 9, 3), np.uint8)

    def embed_crops(self, crops):
        assert crops.shape == (BATCH // 2, 2, 9, 9, 3)  # a full run of the network, two views of each face

    def find(self, pictures, *, embed=True):
        seeds = [int(picture[0, 0, 0]) for picture in pictures]
        if 13 in seeds:
            raise MemoryError("a path and other secrets")
        return [[face(seed, dimension=8 * embed)] for seed in seeds]


@pytest.fixture(autouse=True)
def harmless(monkeypatch) -> None:
    """The process of the tests keeps its memory, threads and signals."""
    monkeypatch.setattr(serving, "calm", lambda: None)
    monkeypatch.setattr(cv2, "setNumThreads", lambda count: None)
    monkeypatch.setattr(worker.signal, "signal", lambda number, what: None)


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def pictures(*seeds: int) -> list[np.ndarray]:
    return [np.full((3, 4, 3), seed, np.uint8) for seed in seeds]


def test_it_answers_until_the_line_is_closed(line, monkeypatch) -> None:
    monkeypatch.setattr(engine, "FaceEngine", Engine)
    monkeypatch.setattr(sys, "argv", ["-c", str(line[1].detach()), json.dumps({"pack": "dlib", "threads": 1})])
    thread = threading.Thread(target=worker.main)
    thread.start()
    assert parcels.take_values(line[0]) == {"contract": "a:b"}
    for seeds, embed in (((1, 2), True), ((3,), False)):
        parcels.send_pictures(line[0], pictures(*seeds), embed=embed)
        assert parcels.take_values(line[0]) == {}
        found = parcels.take_faces(line[0], "a:b")
        assert same_faces([one for (one,) in found], [face(seed, dimension=8 * embed) for seed in seeds])
    parcels.send_pictures(line[0], pictures(13), embed=True)
    assert parcels.take_values(line[0]) == {"error": "MemoryError"}
    line[0].close()
    thread.join(10)
    assert not thread.is_alive()


def test_an_engine_that_cannot_be_built_says_why(line) -> None:
    worker.work(line[1], {"pack": "no such pack"})
    assert "no such pack" in parcels.take_values(line[0])["error"]
