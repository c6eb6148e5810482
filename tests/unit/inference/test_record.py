"""Writing videos: complete or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from unit.inference.films import picture
from vultus.errors import InputError, ShapeError, VideoError
from vultus.inference import record
from vultus.inference.record import CODECS, VideoWriter
from vultus.inference.video import describe, frames


def film_until(error: BaseException, path: Path) -> None:
    with VideoWriter(path, fps=25) as out:
        for index in range(5):
            out.write(picture(index))
        raise error


@pytest.mark.parametrize("suffix", sorted(CODECS))
def test_round_trip(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"aus gabe ü{suffix}"
    with VideoWriter(path, fps=20) as out:
        for index in range(30):
            out.write(picture(index))
        assert not path.exists()
    back = list(frames(path))
    assert len(back) == 30
    assert back[-1].time_s == pytest.approx(29 / 20, abs=2e-3)
    worst = max(float(np.abs(picture(f.index).astype(int) - f.image).mean()) for f in back)
    assert worst < 6  # the codecs lose a little, but colours keep their order
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_odd_size_loses_a_line(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", fps=25) as out:
        out.write(np.zeros((65, 97, 3), np.uint8))
    assert (describe(tmp_path / "a.mp4").width, describe(tmp_path / "a.mp4").height) == (96, 64)


@pytest.mark.parametrize(
    ("name", "fps", "words"),
    [
        ("a.flv", 25, "extension must be one of .mp4, .mov, .mkv, .avi, .webm"),
        ("no/a.mp4", 25, "there is no folder"),
        ("a.mp4", 0, "fps must be above 0 and at most 1000, but is 0"),
    ],
)
def test_refusals(tmp_path: Path, name: str, fps: float, words: str) -> None:
    with pytest.raises(InputError, match=words):
        VideoWriter(tmp_path / name, fps=fps)


def test_frames_are_checked(tmp_path: Path) -> None:
    out = VideoWriter(tmp_path / "a.mp4", fps=25)
    with pytest.raises(ShapeError, match=r"frame must be RGB uint8 \(H, W, 3\), but is float64 \(8, 8, 3\)"):
        out.write(np.zeros((8, 8, 3)))  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match=r"but is uint8 \(8, 8\)"):
        out.write(np.zeros((8, 8), np.uint8))
    out.write(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(ShapeError, match=r"frame must be \(8, 8, 3\) like the first, but is \(8, 10, 3\)"):
        out.write(np.zeros((8, 10, 3), np.uint8))
    out.discard()
    assert list(tmp_path.iterdir()) == []


def test_no_frame(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no frame was given"), VideoWriter(tmp_path / "a.mp4", fps=25):
        pass


def test_error_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError, match="stop"):
        film_until(RuntimeError("stop"), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_ctrl_c_keeps_what_was_filmed(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        film_until(KeyboardInterrupt(), tmp_path / "a.mp4")
    assert describe(tmp_path / "a.mp4").n_frames == 5


def test_a_film_that_breaks_off_keeps_its_frames(tmp_path: Path) -> None:
    with pytest.raises(VideoError):
        film_until(VideoError("in.avi", "it ends early"), tmp_path / "a.mp4")
    assert describe(tmp_path / "a.mp4").n_frames == 5


def test_missing_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(record.CODECS, ".mp4", "zzzz")
    with pytest.raises(InputError, match="the folder is not writable or the codec is missing"):
        VideoWriter(tmp_path / "a.mp4", fps=25).write(picture(0))
    assert list(tmp_path.iterdir()) == []


FULL_DISK = """
import resource, signal, sys
import numpy as np
from vultus.errors import InputError
from vultus.inference.record import VideoWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
random = np.random.default_rng(0)
try:
    with VideoWriter(sys.argv[1], fps=25) as out:
        for _ in range(60):
            out.write(random.integers(0, 255, (96, 128, 3), dtype=np.uint8))
except InputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
@pytest.mark.parametrize("suffix", sorted(CODECS))
def test_full_disk(tmp_path: Path, suffix: str, checkout: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": str(checkout / "src")},
    )  # fmt: skip
    assert "only some of 60 frames came through; disk full?" in done.stdout
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
