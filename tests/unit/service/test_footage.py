"""Real films, decoded by the real process."""

from __future__ import annotations

import os
import signal
import socket
import struct
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi")

from vultus.errors import VideoError
from vultus.inference.record import VideoWriter
from vultus.service import footage
from vultus.service.footage import Reel, projected


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds at ten frames per second that grow brighter."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    with VideoWriter(path, fps=10) as writer:
        for number in range(20):
            writer.write(np.full((48, 64, 3), number * 10, np.uint8))
    return path


def never() -> None:
    """Nobody wants it to stop."""


def test_frames_come_in_order_and_at_the_rate_asked_for(film: Path) -> None:
    with projected(Reel(film, 5), never) as reel:
        assert reel.duration_s == pytest.approx(2.0, abs=0.11)
        frames = list(reel.frames())
    assert [frame.index for frame in frames] == list(range(0, 20, 2))
    assert frames[0].image.shape == (48, 64, 3)
    assert [int(frame.image.mean()) for frame in frames] == pytest.approx([20 * n for n in range(10)], abs=6)


def test_a_part_of_a_film(film: Path) -> None:
    with projected(Reel(film, 60, 0.5, 1.0), never) as reel:
        assert [round(frame.time_s, 1) for frame in reel.frames()] == [0.5, 0.6, 0.7, 0.8, 0.9]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"#EXTM3U\nhttp://169.254.169.254/secret", "it is text, not a video"),
        (os.urandom(5000), "it is not a video, its index is broken"),
    ],
)
def test_what_is_no_film(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(data)
    with pytest.raises(VideoError, match=words), projected(Reel(path, 5), never) as reel:
        list(reel.frames())


def test_frames_that_are_too_large(film: Path) -> None:
    with pytest.raises(VideoError, match="at most 100 pixels"), projected(Reel(film, 5, max_pixels=100), never) as reel:
        list(reel.frames())


def test_a_decoder_that_dies_costs_its_film_alone(film: Path) -> None:
    with projected(Reel(film, 5), never) as reel:
        frames = reel.frames()
        next(frames)
        os.kill(reel._child.pid, signal.SIGKILL)
        with pytest.raises(VideoError, match="it brought its decoder down"):
            list(frames)


def test_a_decoder_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, film: Path) -> None:
    monkeypatch.setattr(footage, "FIRST_S", -1.0)
    with pytest.raises(VideoError, match="it takes too long to decode"), projected(Reel(film, 5), never):
        pass


def test_whoever_wants_no_more_is_heard(film: Path) -> None:
    def enough() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), projected(Reel(film, 5), enough):
        pass


def test_nothing_that_a_decoder_says_is_believed(film: Path) -> None:
    with projected(Reel(film, 5), never) as reel:
        ours, theirs = socket.socketpair()
        reel._line.close()
        reel._line = ours
        theirs.sendall(struct.pack("!BIIQd", 0, 1 << 31, 1 << 31, 0, 0.0))
        with pytest.raises(VideoError, match="its decoder answers nonsense"):
            next(reel.frames())
        theirs.close()


def test_no_list_of_processes_shows_a_password() -> None:
    shown = []

    def through() -> None:
        with projected(Reel("rtsp://ann:s3cret@127.0.0.1:9/x", 5), never) as reel:
            shown.append(Path(f"/proc/{reel._child.pid}/cmdline").read_bytes())
            list(reel.frames())

    with pytest.raises(VideoError, match="the stream does not answer") as caught:
        through()
    assert shown
    assert b"s3cret" not in b"".join(shown)
    assert "s3cret" not in str(caught.value)
    assert Reel("rtsp://a", 1).live
    assert not Reel(Path("a"), 1).live
