"""Reading against Pillow's reading of the same bytes; every kind of bad input; writing whole or not at all."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from PIL import Image

from unit.inference.pictures import (
    ALL_KINDS,
    EVERY_KIND,
    animated,
    encoded,
    oriented,
    png_bomb,
    png_chunk,
    png_that_crashes_opencv,
    scene,
)
from vultus.errors import ImageError, InputError, ShapeError
from vultus.inference import image


def far(first: np.ndarray, second: np.ndarray) -> float:
    """Largest difference of two pictures."""
    assert first.shape == second.shape
    return float(np.abs(first.astype(float) - second).max())


def in_own_process(code: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)


# What can be read


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_every_kind_from_file_and_bytes(kind: str, tmp_path: Path) -> None:
    data = encoded(scene(), kind)
    path = tmp_path / "picture.with-a-wrong-extension.txt"
    path.write_bytes(data)
    picture = image.read(path)
    tolerance = {"JPEG": 20, "GIF": 40, "WEBP": 30}.get(kind, 0)
    assert far(picture, scene()) <= tolerance
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    assert_array_equal(picture, image.read(data))
    assert_array_equal(picture, image.read(str(path)))
    assert_array_equal(picture, image.read(memoryview(data)))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk(kind: str) -> None:
    assert far(image.read(encoded(scene(), kind, "CMYK")), scene()) <= 20


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_grey(kind: str) -> None:
    grey = scene()[..., 0]
    picture = image.read(encoded(grey, kind))
    assert picture.shape == (48, 64, 3)
    assert far(picture, np.repeat(grey[..., None], 3, axis=2)) <= 8


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits(kind: str) -> None:
    deep = np.linspace(0, 65535, 48 * 64).reshape(48, 64).astype(np.uint16)
    assert far(image.read(encoded(deep, kind)), np.repeat((deep / 257)[..., None], 3, axis=2)) <= 0.51


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_transparent_parts_become_white(kind: str) -> None:
    alpha = np.zeros((48, 64, 1), np.uint8)
    alpha[:, 20:40], alpha[:, 40:] = 128, 255
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    picture = image.read(encoded(np.concatenate([scene(), alpha], axis=2), kind, **options))
    assert (picture[:, :20] == 255).all()
    assert far(picture[:, 20:40], scene()[:, 20:40] * (128 / 255) + 127) <= 1
    assert_array_equal(picture[:, 40:], scene()[:, 40:])


def test_grey_with_transparency_and_palette_with_transparency() -> None:
    both = np.stack([scene()[..., 0], np.zeros((48, 64), np.uint8)], axis=-1)
    assert (image.read(encoded(both, "PNG")) == 255).all()
    flat = np.zeros((4, 6, 3), np.uint8)
    assert (image.read(encoded(flat, "PNG", "P", transparency=0)) == 255).all()
    assert (image.read(encoded(flat, "PNG", "1")) == 0).all()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame(kind: str) -> None:
    frames = [np.full((20, 30, 3), colour, np.uint8) for colour in (50, 200, 120)]
    options = {"lossless": True} if kind == "WEBP" else {}
    assert far(image.read(animated(frames, kind, **options)), frames[0]) <= 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright(kind: str, orientation: int) -> None:
    """A picture turned by the inverse of an orientation, and marked with it, comes back upright."""
    turns = {
        1: lambda x: x,
        2: lambda x: x[:, ::-1],
        3: lambda x: x[::-1, ::-1],
        4: lambda x: x[::-1],
        5: lambda x: x.transpose(1, 0, 2),
        6: lambda x: np.rot90(x, 1),
        7: lambda x: np.rot90(x, 2).transpose(1, 0, 2),
        8: lambda x: np.rot90(x, -1),
    }
    stored = np.ascontiguousarray(turns[orientation](scene()))
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95}}.get(kind, {})
    tagged = {"tiffinfo": {0x0112: orientation}}
    data = encoded(stored, kind, **tagged) if kind == "TIFF" else oriented(stored, kind, orientation, **options)
    assert far(image.read(data), scene()) <= 20


def test_an_animation_that_crashes_opencv(tmp_path: Path) -> None:
    """In a process of its own, since what is tested is that the process lives."""
    path = tmp_path / "frames.png"
    path.write_bytes(png_that_crashes_opencv())
    run = in_own_process(f"from vultus.inference import image; print(image.read({str(path)!r}).sum())")
    assert (run.returncode, run.stdout.strip()) == (0, "0"), run.stderr


def test_one_pixel() -> None:
    dot = np.array([[[10, 200, 30]]], np.uint8)
    assert_array_equal(image.read(encoded(dot, "PNG")), dot)


def test_unicode_name(tmp_path: Path) -> None:
    path = tmp_path / "Ærøskøbing 人臉 👩.png"
    path.write_bytes(encoded(scene(), "PNG"))
    assert_array_equal(image.read(path), scene())
    assert_array_equal(image.read(image.write(tmp_path / "Łódź 🙂.png", scene())), scene())


@pytest.mark.skipif("AVIF" not in ALL_KINDS, reason="this Pillow writes no AVIF")
def test_avif_is_read_or_refused_with_advice() -> None:
    try:
        picture = image.read(encoded(scene(), "AVIF", quality=95))
    except ImageError as error:
        assert "does not read; convert it to PNG" in error.reason  # noqa: PT017
    else:
        assert far(picture, scene()) <= 30


@pytest.mark.shared
def test_every_picture_of_the_shared_data_is_read_as_pillow_reads_it(shared: Path) -> None:
    seen = 0
    for folder in ("celeb_examples", "inspireface_functional", "orl_faces", "thermal_lwir", "yale_faces"):
        for path in sorted((shared / "data" / folder / "images").iterdir())[::20]:
            expected = np.asarray(Image.open(path).convert("RGB"))
            assert np.abs(image.read(path).astype(int) - expected).mean() < 3, path
            seen += 1
    assert seen > 30


# What cannot be read


def reason(source: object, **limits: int) -> str:
    with pytest.raises(ImageError, match="cannot read image") as caught:
        image.read(source, **limits)  # type: ignore[arg-type]
    assert caught.value.source in str(caught.value)
    return caught.value.reason


def test_missing_folder_and_address(tmp_path: Path) -> None:
    assert reason(tmp_path / "nobody.jpg") == "no such file"
    assert reason(tmp_path).startswith("it is a folder; give a file")
    assert reason("https://example.org/face.jpg").startswith("it is an address; download the picture first")
    assert reason("nul\0byte.jpg") == "embedded null byte"
    assert reason("n" * 5000 + ".jpg") == "File name too long"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(encoded(scene(), "PNG"))
    path.chmod(0)
    assert reason(path) == "no permission to read it"


def test_no_permission_whoever_runs_the_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert reason(tmp_path / "secret.png") == "no permission to read it"


def test_failing_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "open", fail)
    assert reason("face.png") == "Input/output error"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipe_and_device_do_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert reason(tmp_path / "pipe.jpg") == "it is no regular file"
    assert reason("/dev/zero") == "it is no regular file"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted in /proc")
def test_no_file_stays_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for bad in (tmp_path, tmp_path / "none", Path("/dev/null")):
        for _ in range(5):
            reason(bad)
    assert len(os.listdir("/proc/self/fd")) == before


def test_empty_and_text(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "letter.jpg").write_text("Dear Sir or Madam,\n")
    assert reason(tmp_path / "empty.jpg") == "the file is empty (0 bytes)"
    assert reason(tmp_path / "letter.jpg").startswith("it is text, not a picture")
    assert reason(b"") == "the file is empty (0 bytes)"


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_truncated(kind: str) -> None:
    data = encoded(scene(200, 200), kind)
    for share in (0.1, 0.5, 0.9):
        reason(data[: int(share * len(data))])


def test_decompression_bomb_is_refused_without_decoding() -> None:
    small = png_bomb(30_000, 30_000)
    assert len(small) < 500_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    words = reason(small)
    assert words == "30,000 x 30,000 pixels are more than the limit of 100,000,000; scale it down first"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_limits_can_be_set(tmp_path: Path) -> None:
    path = tmp_path / "face.png"
    path.write_bytes(data := encoded(scene(), "PNG"))
    assert reason(data, max_pixels=3071) == "64 x 48 pixels are more than the limit of 3,071; scale it down first"
    assert image.read(data, max_pixels=3072).shape == (48, 64, 3)
    assert reason(path, max_bytes=10) == f"{len(data):,} bytes are more than the limit of 10"
    assert reason(data, max_bytes=10) == "it is larger than the limit of 10 bytes"
    assert reason(scene(), max_pixels=10) == "it has more than the limit of 10 pixels; scale it down first"


def test_damage_behind_a_sound_header() -> None:
    header = encoded(scene(), "PNG")[:33]
    data = header + png_chunk(b"IDAT", b"no deflate stream") + png_chunk(b"IEND", b"")
    assert reason(data).startswith("the PNG is damaged or of a rare kind; convert it to PNG (readable: JPEG, PNG")


def test_kinds_this_opencv_may_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image.cv2, "imdecode", lambda *_: None)
    assert "the GIF is damaged, or of a kind this OpenCV (" in reason(encoded(scene(), "GIF"))
    assert reason(encoded(scene(), "GIF")).endswith(") does not read; convert it to PNG")


def test_numbers_that_are_no_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image.cv2, "imdecode", lambda *_: np.zeros((2, 2, 3), np.float32))
    assert reason(encoded(scene(), "PNG")) == "its pixels are float32; convert it to 8 or 16 bits"


def test_two_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    both = np.stack([scene()[..., 0], np.full((48, 64), 255, np.uint8)], axis=-1)
    monkeypatch.setattr(image.cv2, "imdecode", lambda *_: both)
    assert_array_equal(image.read(encoded(scene(), "PNG")), np.repeat(both[..., :1], 3, axis=2))


@given(st.data())
def test_hostile_bytes_never_crash(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(ALL_KINDS))
    content = bytearray(encoded(scene(16, 16), kind))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        picture = image.read(bytes(content), max_pixels=1_000_000)
    except ImageError:
        return
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3


@given(st.binary(max_size=300))
def test_random_bytes_never_crash(content: bytes) -> None:
    with pytest.raises(ImageError, match="cannot read image <"):
        image.read(content)


# Arrays and names


def test_array_is_taken_as_it_is() -> None:
    picture = scene()
    assert image.read(picture) is picture
    assert image.read(picture[:, ::-1]).flags.c_contiguous


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 5), np.uint8), "turn grey into RGB with numpy.repeat(grey.reshape(H, W, 1), 3, axis=2), but is"),
        (np.zeros((4, 5, 1), np.uint8), "turn grey into RGB"),
        (np.zeros((4, 5, 4), np.uint8), "drop the fourth channel with image[:, :, :3], but is uint8 (4, 5, 4)"),
        (
            np.zeros((4, 5, 3), np.float32),
            "image must be RGB uint8 (H, W, 3) with values 0 to 255, but is float32 (4, 5, 3)",
        ),
        (np.zeros((1, 4, 5, 3), np.uint8), "image must be RGB uint8 (H, W, 3), but is uint8 (1, 4, 5, 3)"),
        (np.zeros((0, 5, 3), np.uint8), "image must be RGB uint8 (H, W, 3), but is uint8 (0, 5, 3)"),
    ],
)
def test_other_arrays_are_refused_with_advice(array: np.ndarray, words: str, tmp_path: Path) -> None:
    for use in (image.read, lambda x: image.write(tmp_path / "x.png", x)):
        with pytest.raises(ShapeError) as caught:
            use(array)  # type: ignore[operator]
        assert words in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_other_things_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"a path, bytes or an RGB uint8 array \(H, W, 3\), but is int"):
        image.read(3)  # type: ignore[arg-type]


def test_names() -> None:
    assert image.name_of("a b/Jörg.jpg") == "a b/Jörg.jpg"
    assert image.name_of(Path("x") / "y.png") == str(Path("x") / "y.png")
    assert image.name_of("evil\x1b[31m\n.jpg") == "evil\\x1b[31m\\n.jpg"
    assert image.name_of(os.fsdecode(b"caf\xe9.jpg")).encode("utf-8") == b"caf\\udce9.jpg"
    assert image.name_of(b"12345") == "<5 bytes>"
    assert image.name_of(np.zeros((2, 3), np.uint8)) == "<array uint8 (2, 3)>"


# Writing


@pytest.mark.parametrize("extension", image.WRITABLE)
def test_written_and_read_back(extension: str, tmp_path: Path) -> None:
    path = image.write(tmp_path / "new" / "folder" / f"face{extension.upper()}", scene())
    assert far(image.read(path), scene()) <= {".jpg": 12, ".jpeg": 12, ".webp": 30}.get(extension, 0)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_written_with_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    path = image.write(tmp_path / "face.png", scene())
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_unknown_extension(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown extension '\.xyz'; use one of \.jpg \.jpeg \.png"):
        image.write(tmp_path / "face.xyz", scene())
    with pytest.raises(InputError, match="the name has no extension; use one of"):
        image.write(tmp_path / "face", scene())


def test_too_long_for_the_format(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"70000 x 1 pixels do not fit the format; use \.png"):
        image.write(tmp_path / "strip.jpg", np.zeros((1, 70_000, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_disk_full_leaves_the_old_picture(tmp_path: Path) -> None:
    """In a process of its own whose files may not grow beyond a kilobyte."""
    path = image.write(tmp_path / "face.png", scene())
    before = path.read_bytes()
    run = in_own_process(
        "import resource, signal, numpy as np\n"
        "from vultus.inference import image\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))\n"
        f"image.write({str(path)!r}, np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))\n"
    )
    assert f"cannot write image {path}: File too large" in run.stderr
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["face.png"]


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot write image .*face\.png: (Not a directory|File exists)"):
        image.write(tmp_path / "file" / "face.png", scene())
