from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vultus.evaluation.bench_load import same_faces
from vultus.service import parcels
from vultus.types import Box, Embedding, Expression, Face, Liveness, Quality


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def face(seed: int, *, dimension: int = 0, life: bool = False, shown: bool = False) -> Face:
    random = np.random.default_rng(seed)
    vector = random.normal(size=dimension)
    return Face(
        Box(random.normal(size=4)), random.normal(size=(5, 2)), float(random.random()),
        Quality(float(random.random()), ("too_dark", "small"), {"sharpness": np.float32(0.1), "yaw_deg": -3.25}),
        Embedding((vector / np.linalg.norm(vector)).astype(np.float32), "a:b") if dimension else None,
        Liveness(0.25, 0.5, "presentation_attack", "EER") if life else None,
        Expression({"happy": 0.75, "sad": 0.25}) if shown else None,
    )  # fmt: skip


def there(line: tuple[socket.socket, socket.socket], found: list[list[Face]]) -> list[list[Face]]:
    sender = threading.Thread(target=parcels.send_faces, args=(line[0], found))
    sender.start()
    taken = parcels.take_faces(line[1], "a:b")
    sender.join()
    return taken


def test_pictures_arrive_as_they_were(line: tuple[socket.socket, socket.socket]) -> None:
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 255, (height, 7, 3), np.uint8) for height in (1, 300)]
    pictures.append(random.integers(0, 255, (40, 60, 3), np.uint8)[::2, ::3])
    sender = threading.Thread(target=parcels.send_pictures, args=(line[0], pictures), kwargs={"embed": False})
    sender.start()
    taken, embed = parcels.take_pictures(line[1])
    sender.join()
    assert not embed
    assert [one.shape for one in taken] == [(1, 7, 3), (300, 7, 3), (20, 20, 3)]
    assert all(np.array_equal(one, other) for one, other in zip(pictures, taken, strict=True))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(counts=st.lists(st.integers(0, 3), max_size=4), dimension=st.sampled_from([0, 2, 512]), more=st.booleans())
def test_faces_arrive_to_the_last_bit(line, counts: list[int], dimension: int, more: bool) -> None:
    found = [[face(10 * at + n, dimension=dimension * (n % 2), life=more, shown=more) for n in range(count)]
             for at, count in enumerate(counts)]  # fmt: skip
    taken = there(line, found)
    assert len(taken) == len(found)
    for sent, came in zip(found, taken, strict=True):
        assert same_faces(sent, came)
        for one, other in zip(sent, came, strict=True):
            assert one.quality == other.quality
            assert one.liveness == other.liveness
            assert one.expression == other.expression
            assert (one.embedding and one.embedding.contract) == (other.embedding and other.embedding.contract)


def test_who_hangs_up_in_the_middle_is_noticed(line: tuple[socket.socket, socket.socket]) -> None:
    line[0].sendall(b"\x01\x00\x00\x00\x02\x00\x00\x00\x10\x00\x00\x00\x10 only a few pixels")
    line[0].close()
    with pytest.raises(ConnectionResetError, match="the other side has hung up"):
        parcels.take_pictures(line[1])
