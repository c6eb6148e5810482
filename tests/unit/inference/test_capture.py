"""Opening videos: what is refused, with which words."""

from __future__ import annotations

import os
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from unit.inference.films import FPS, HEIGHT, WIDTH, FakeCapture, film
from vultus.errors import VideoError
from vultus.inference import capture
from vultus.inference.capture import describe, name_of, target_of


def refusal(source: str | Path | int) -> str:
    with pytest.raises(VideoError) as caught:
        describe(source)
    assert str(caught.value).startswith("cannot read video ")
    return caught.value.reason


def test_header(tmp_path: Path) -> None:
    info = describe(film(tmp_path / "a.mp4", 50))
    assert (info.width, info.height, info.fps, info.n_frames, info.live) == (WIDTH, HEIGHT, FPS, 50, False)
    assert info.duration_s == pytest.approx(2.0)


def test_header_of_live_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "capture_camera", lambda _: FakeCapture(1))
    info = describe(0)
    assert info.live
    assert info.fps is None
    assert info.n_frames is None
    assert info.duration_s is None


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (0, 0),
        ("0", 0),
        ("12", 12),
        ("RTSP://Cam/1", "RTSP://Cam/1"),
        ("rtsps://cam/1", "rtsps://cam/1"),
        ("a.mp4", Path("a.mp4")),
        (Path("0"), Path("0")),
        ("concat:a|b", Path("concat:a|b")),
    ],
)
def test_kinds_of_source(source: str | Path | int, target: str | Path | int) -> None:
    assert target_of(source) == target


@pytest.mark.parametrize("address", ["http://host/a.mp4", "file:///etc/passwd", "udp://1.2.3.4:5"])
def test_other_addresses_are_refused(address: str) -> None:
    assert refusal(address) == "only files, camera indices and rtsp:// or rtsps:// addresses are read"


def test_password_is_not_shown() -> None:
    assert name_of("rtsp://me:se@cret@cam:554/x?y=1") == "rtsp://***@cam:554/x?y=1"
    assert name_of("rtsp://cam/x") == "rtsp://cam/x"
    assert name_of(2) == "camera 2"
    with pytest.raises(VideoError, match=re.escape("http://***@host/x")):
        target_of("http://me:secret@host/x")


def test_missing_folder_and_empty(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.mp4") == "there is no such file"
    assert refusal(tmp_path) == "it is a folder; name one video in it"
    (tmp_path / "zero.mp4").touch()
    assert refusal(tmp_path / "zero.mp4") == "the file is empty"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", 3)
    path.chmod(0)
    assert refusal(path) == "it cannot be opened (Permission denied)"


def test_unreadable_as_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    assert refusal(tmp_path / "a.mp4") == "it cannot be opened (Permission denied)"


@pytest.mark.parametrize("text", ["hello\n" * 100, "#EXTM3U\n/etc/passwd\n", "ffconcat version 1.0\nfile x\n"])
def test_text_and_playlists_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.mp4").write_text(text)
    assert refusal(tmp_path / "a.mp4") == "it is text, not a video"


@pytest.mark.parametrize(("suffix", "kind"), [(".jpg", "JPEG"), (".png", "PNG"), (".bmp", "BMP"), (".tiff", "TIFF")])
def test_stills_are_refused(tmp_path: Path, suffix: str, kind: str) -> None:
    cv2.imwrite(str(tmp_path / f"a{suffix}"), np.zeros((8, 8, 3), np.uint8))
    path = (tmp_path / f"a{suffix}").rename(tmp_path / "a.mp4")
    assert refusal(path) == f"it is a single {kind} picture, not a video; use the commands for images"


def test_no_video_and_broken_index(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    noise, cut = tmp_path / "noise.mp4", tmp_path / "cut.mp4"
    noise.write_bytes(np.random.default_rng(0).bytes(5000))
    whole = film(tmp_path / "whole.mp4").read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])  # the index of an .mp4 stands at its end
    why = "it is not a video, its index is broken or its codec is missing; re-encode it: "
    assert refusal(noise).startswith(why)
    assert refusal(cut).startswith(why)
    assert capfd.readouterr().err == ""


def test_colon_and_percent_are_plain_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("concat:a.mp4", "subfile,,x.mp4", "a%02d.mp4", "Zoë 映画.mp4"):
        film(Path("a.mp4"), 3).rename(name)
        assert describe(name).n_frames == 3


def test_silent_camera_and_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeCapture(0, opens=False)
    monkeypatch.setattr(capture, "capture_camera", lambda _: fake)
    monkeypatch.setattr(capture, "capture_stream", lambda _: fake)
    assert refusal(7) == "no such camera, or another program holds it"
    assert refusal("rtsp://me:pw@cam/1") == "the stream does not answer; check address, password and network"
    assert fake.released


def test_real_stream_refusal_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    assert "does not answer" in refusal("rtsp://127.0.0.1:9/x")
    assert capfd.readouterr().err == ""


def test_real_camera_refusal_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    assert "no such camera" in refusal(97)
    assert capfd.readouterr().err == ""
