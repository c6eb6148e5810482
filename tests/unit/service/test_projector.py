"""The process from within: a thread plays it; what it does to itself is seen in test_footage.py."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from vultus.errors import VideoError
from vultus.service import projector
from vultus.service.projector import ABOUT, END, FRAME, LENGTH, REFUSED, REPLY, exactly


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch):
    """Our end of the socket of a process that is a thread."""
    monkeypatch.setattr(projector, "_confine", lambda: None)
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(projector.sys, "argv", ["projector", str(theirs.detach())])
    thread = threading.Thread(target=projector.main)
    thread.start()
    yield ours
    ours.close()
    thread.join(10)


def ask(line: socket.socket, kind: str, source: str) -> None:
    request = {"kind": kind, "source": source, "fps": 2, "start_s": 0, "end_s": None, "max_pixels": 100}
    data = json.dumps(request).encode()
    line.sendall(LENGTH.pack(len(data)) + data)


def reply(line: socket.socket) -> tuple:
    kind, height, width, index, time_s = REPLY.unpack(exactly(line, REPLY.size))
    if kind == FRAME:
        return kind, index, time_s, exactly(line, height * width * 3)
    return kind, exactly(line, width).decode()


def test_a_frame_goes_out_each_time_one_is_asked_for(line, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def frames(source, **more):
        asked.append((source, more["reconnect"]))
        for number in range(2):
            yield SimpleNamespace(index=number, time_s=number / 2, image=np.full((2, 2, 3), number, np.uint8))

    monkeypatch.setattr("vultus.inference.video.frames", frames)
    ask(line, "camera", "3")
    assert reply(line) == (ABOUT, '{"duration_s": null}')
    for number in range(2):
        line.sendall(b"n")
        assert reply(line) == (FRAME, number, number / 2, bytes([number] * 12))
    line.sendall(b"n")
    assert reply(line) == (END, "")
    assert asked == [(3, False)]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (VideoError("x", "no such camera"), "no such camera"),
        (MemoryError(), "it needs more memory than a video may take"),
        (ZeroDivisionError("secret"), "it cannot be decoded (ZeroDivisionError)"),
    ],
)
def test_why_there_are_none(line, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str) -> None:
    def broken(*_, **__):
        raise error

    monkeypatch.setattr("vultus.inference.video.frames", broken)
    ask(line, "stream", "rtsp://x")
    assert reply(line)[0] == ABOUT
    assert reply(line) == (REFUSED, words)


def test_whoever_hangs_up_ends_it(line, tmp_path: Path) -> None:
    ask(line, "file", str(tmp_path / "gone.mp4"))
    assert reply(line) == (REFUSED, "there is no such file")


def test_a_line_that_ends_too_early() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"ab")
    theirs.close()
    with pytest.raises(ConnectionError):
        exactly(ours, 3)
    ours.close()
