"""A real stream over a real connection, decoded by the real process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("fastapi")

from unit.service.rtsp import Camera
from vultus.errors import VideoError
from vultus.service.footage import Reel, projected


@pytest.fixture
def camera() -> Iterator[Camera]:
    found = Camera()
    yield found
    found.close()


def never() -> None:
    """Nobody wants it to stop."""


def test_a_stream_with_a_password_is_read_to_where_it_breaks(camera: Camera) -> None:
    frames = []

    def watch() -> None:
        with projected(Reel(camera.address, 30.0), never) as source:
            frames.extend(source.frames())

    with pytest.raises(VideoError, match="lost after"):
        watch()
    assert len(frames) >= 3
    assert frames[0].image.shape == (48, 64, 3)
    assert frames[-1].image.mean() > frames[0].image.mean()


def test_a_wrong_password(camera: Camera) -> None:
    wrong = camera.address.replace("s3cret", "guess")
    with (
        pytest.raises(VideoError, match="the stream does not answer") as caught,
        projected(Reel(wrong, 5), never) as source,
    ):
        list(source.frames())
    assert "guess" not in str(caught.value)
    assert camera.played == 0
