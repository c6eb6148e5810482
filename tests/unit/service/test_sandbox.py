from __future__ import annotations

import socket

import pytest

from vultus.service.sandbox import REPLY, _exactly, _mapped, _refuse


def test_bytes_are_taken_whole_or_not_at_all() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"abcdef")
        assert _exactly(ours, 4) == b"abcd"
        theirs.close()
        assert _exactly(ours, 4) == b""


def test_a_reason_is_short() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        _refuse(theirs, "é" * 1000)
        kind, _, length = REPLY.unpack(_exactly(ours, REPLY.size))
        assert (kind, length) == (1, 500)


def test_the_memory_in_use_is_known() -> None:
    if not __import__("sys").platform.startswith("linux"):
        pytest.skip("needs /proc")
    assert _mapped() > 10_000_000
