"""Reading videos: times, windows, damage, live sources."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from unit.inference.films import FPS, FakeCapture, film, index_of
from vultus.errors import ConfigError, VideoError
from vultus.inference import capture, video
from vultus.inference.video import Frame, Retry, frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NO_PAUSE = Retry(attempts=3, first_s=0.0)


def drain(stream: Iterator[Frame]) -> tuple[list[Any], str]:
    """All frames up to the error, and its words."""
    got: list[Any] = []
    try:
        for frame in stream:
            got.append(frame)
    except VideoError as error:
        return got, str(error)
    return got, ""


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "mp4v"), ("avi", "MJPG"), ("webm", "VP80"), ("mkv", "mp4v")])
def test_all_frames_with_their_times(tmp_path: Path, suffix: str, codec: str) -> None:
    got = list(frames(film(tmp_path / f"a.{suffix}", 40, codec)))
    assert [frame.index for frame in got] == list(range(40))
    assert [index_of(frame.image) for frame in got] == list(range(40))
    assert [frame.time_s for frame in got] == pytest.approx([index / FPS for index in range(40)], abs=2e-3)


def test_pictures_are_rgb(tmp_path: Path) -> None:
    image = next(iter(frames(film(tmp_path / "a.mp4", 3)))).image
    red, green, blue = image[26:30, 16:20].reshape(-1, 3).mean(axis=0)
    assert red > 200
    assert max(green, blue) < 60


def test_thinning_to_a_rate(tmp_path: Path) -> None:
    got = list(frames(film(tmp_path / "a.mp4", 50), fps=5))
    assert [frame.index for frame in got] == list(range(0, 50, 5))
    assert len(list(frames(tmp_path / "a.mp4", fps=1000))) == 50


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "mp4v"), ("avi", "MJPG"), ("webm", "VP80"), ("mkv", "mp4v")])
def test_a_span_far_in_counts_like_the_whole(tmp_path: Path, suffix: str, codec: str) -> None:
    path = film(tmp_path / f"a.{suffix}", 250, codec)
    want = [(f.index, f.image[40, 50].tolist()) for f in frames(path) if 6.0 <= f.time_s < 6.4]
    got = [(f.index, f.image[40, 50].tolist()) for f in frames(path, start_s=6.0, end_s=6.4)]
    assert [index for index, _ in got] == list(range(150, 160))
    assert got == want


def test_where_a_container_cannot_seek_it_is_read_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stubborn:
        def __init__(self, path: str) -> None:
            self.inner = real(path)

        def set(self, *_: object) -> bool:
            return False

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

    real = capture.capture_file
    monkeypatch.setattr(capture, "capture_file", Stubborn)
    assert [f.index for f in frames(film(tmp_path / "a.mp4", 200), start_s=6.0, end_s=6.2)] == list(range(150, 155))


def test_time_stamps_that_do_not_rise_are_replaced() -> None:
    clock = video._Clock(10.0)
    assert [clock.time_s(ms) for ms in (0, 0, 0, 900, float("nan"), 950)] == pytest.approx(
        [0.0, 0.1, 0.2, 0.9, 1.0, 1.1]
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"fps": 0}, "fps must be above 0, but is 0; leave it out to take all frames"),
        ({"fps": float("nan")}, "fps must be above 0, but is nan"),
        ({"start_s": -1}, "start_s must be 0 or more seconds, but is -1"),
        ({"start_s": 5, "end_s": 5}, "end_s must be after start_s = 5, but is 5"),
    ],
)
def test_settings_are_checked_at_the_call(arguments: dict[str, float], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        frames("a.mp4", **arguments)  # type: ignore[arg-type]


def test_span_after_the_end(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"it ends at 2\.0 s, before start_s = 99"):
        list(frames(film(tmp_path / "a.mp4", 50), start_s=99))


def test_too_many_pixels(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="its frames have 96 x 64 pixels; at most 6,000 pixels are read"):
        list(frames(film(tmp_path / "a.mp4", 3), max_pixels=6000))


@pytest.mark.parametrize(("suffix", "codec"), [("avi", "MJPG"), ("webm", "VP80"), ("mkv", "mp4v")])
def test_truncated_file_gives_its_frames_and_then_says_so(tmp_path: Path, suffix: str, codec: str) -> None:
    path = film(tmp_path / f"a.{suffix}", 50, codec)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    got, error = drain(frames(path))
    assert re.search(r"it ends after frame \d+ of 50: truncated or damaged", error)
    got = [frame.index for frame in got]
    assert got == list(range(len(got)))
    assert 10 < len(got) < 45


def test_early_end_is_fine_when_asked_for(tmp_path: Path) -> None:
    assert len(list(frames(film(tmp_path / "a.mp4", 50), end_s=0.4))) == 10


def test_no_frame_at_all(tmp_path: Path) -> None:
    path = film(tmp_path / "a.avi", 20, "MJPG")
    data = path.read_bytes()
    begin, end = data.index(b"movi") + 4, data.index(b"idx1")
    path.write_bytes(data[:begin] + bytes(end - begin) + data[end:])
    with pytest.raises(VideoError, match="no frame can be decoded; re-encode it"):
        list(frames(path))


def test_missing_codec(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv", 20)
    path.write_bytes(path.read_bytes().replace(b"V_MPEG4/ISO/ASP", b"V_UNKNOWN/CODEC"))
    with pytest.raises(VideoError, match="its codec is missing"):
        list(frames(path))


def test_garbage_in_the_middle_is_survived(tmp_path: Path) -> None:
    path = film(tmp_path / "a.avi", 50, "MJPG")
    data = bytearray(path.read_bytes())
    third = len(data) // 3
    data[third : third + 300] = bytes(300)
    path.write_bytes(data)
    got = [(frame.index, index_of(frame.image)) for frame in frames(path)]
    assert 45 <= len(got) < 50
    assert [index for index, _ in got[-20:]] == [truth for _, truth in got[-20:]] == list(range(30, 50))


def test_closing_early_frees_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeCapture(10)
    monkeypatch.setattr(capture, "capture_file", lambda _: fake)
    stream = frames(film(tmp_path / "a.mp4", 3))
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert fake.released


# Live


def live(monkeypatch: pytest.MonkeyPatch, captures: list[FakeCapture]) -> list[FakeCapture]:
    """Feed these captures to the opener, one per (re)opening; then nothing opens any more."""
    opened: list[FakeCapture] = []

    def serve(_: str) -> FakeCapture:
        opened.append(captures.pop(0) if captures else FakeCapture(0, opens=False))
        return opened[-1]

    monkeypatch.setattr(capture, "capture_stream", serve)
    return opened


def test_a_lost_stream_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = live(monkeypatch, [FakeCapture(3), FakeCapture(0, opens=False), FakeCapture(0), FakeCapture(2)])
    got, error = drain(frames("rtsp://me:pw@cam/1", reconnect=NO_PAUSE, newest=False))
    assert "lost after 5 frames and 3 attempts to open it again" in error
    assert [frame.index for frame in got] == [0, 1, 2, 3, 4]
    times = [frame.time_s for frame in got]
    assert times == sorted(times)
    assert got[0].image[0, 0].tolist() == [30, 20, 10]
    assert len(opened) == 7
    assert all(fake.released for fake in opened)


def test_without_reconnect_the_first_loss_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = live(monkeypatch, [FakeCapture(3), FakeCapture(3)])
    with pytest.raises(VideoError, match="lost after 3 frames and 0 attempts"):
        list(frames("rtsp://cam/1", reconnect=False, newest=False))
    assert len(opened) == 1


def test_a_wrong_address_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = live(monkeypatch, [])
    with pytest.raises(VideoError, match="the stream does not answer"):
        list(frames("rtsp://cam/1"))
    assert len(opened) == 1


def test_pauses_grow_to_a_bound() -> None:
    assert [Retry().pause_s(attempt) for attempt in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_pauses_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    live(monkeypatch, [FakeCapture(1)])
    begin = time.monotonic()
    with pytest.raises(VideoError, match="lost"):
        list(frames("rtsp://cam/1", reconnect=Retry(attempts=3, first_s=0.02, longest_s=0.05), newest=False))
    assert time.monotonic() - begin >= 0.02 + 0.04 + 0.05 - 0.01


def test_a_slow_caller_sees_the_newest_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = live(monkeypatch, [FakeCapture(10_000)])
    stream = frames("rtsp://cam/1", reconnect=False)
    first = next(stream)
    deadline = time.monotonic() + 5
    while opened[0].left > 9_000 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert next(stream).index > first.index + 100
    stream.close()  # type: ignore[attr-defined]
    assert opened[0].released
    assert not [thread for thread in threading.enumerate() if thread.name == "vultus-video"]


def test_an_error_in_the_reader_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    live(monkeypatch, [FakeCapture(3, size=(400, 400))])
    with pytest.raises(VideoError, match="400 x 400"):
        list(frames("rtsp://cam/1", max_pixels=1000))


def test_live_span_ends_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    live(monkeypatch, [FakeCapture(10**9)])
    got = list(frames("rtsp://cam/1", end_s=0.1, newest=False))
    assert got
    assert got[-1].time_s < 0.1


def test_memory_stays_flat(tmp_path: Path) -> None:
    import tracemalloc

    path = film(tmp_path / "a.avi", 400, "MJPG")
    tracemalloc.start()
    for _ in frames(path):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * 96 * 64 * 3
