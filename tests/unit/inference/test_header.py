"""Headers against Pillow's reading of the same bytes, and hostile bytes of each kind."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.inference.pictures import ALL_KINDS, EVERY_KIND, animated, encoded, oriented, png_bomb, png_chunk, scene
from vultus.errors import ImageError
from vultus.inference.header import MAX_JPEG_SCANS, exif_orientation, probe, still_png

PNG = b"\x89PNG\r\n\x1a\n"


def refusal(data: bytes) -> str:
    with pytest.raises(ImageError, match="cannot read image x: ") as caught:
        probe(data, "x")
    return caught.value.reason


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_size_of_every_kind(kind: str) -> None:
    header = probe(encoded(scene(31, 57), kind), "x")
    assert (header.width, header.height, header.pixels) == (57, 31, 57 * 31)
    assert header.orientation == 1


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("JPEG", "L", {}),
        ("JPEG", "CMYK", {}),
        ("JPEG", None, {"progressive": True}),
        ("JPEG", None, {"comment": b"\xff\xd9\xff\xda" * 20}),
        ("PNG", "1", {}),
        ("PNG", "P", {}),
        ("WEBP", None, {"lossless": True}),
        ("WEBP", "RGBA", {}),
        ("TIFF", None, {"compression": "tiff_lzw"}),
        ("TIFF", None, {"compression": "jpeg"}),
        ("BMP", "P", {}),
        ("PPM", "1", {}),
        ("PPM", "L", {}),
        ("AVIF", None, {}),
    ],
)
def test_size_of_rarer_kinds(kind: str, mode: str | None, options: dict[str, object]) -> None:
    if kind not in ALL_KINDS:
        pytest.skip(f"this Pillow writes no {kind}")
    header = probe(encoded(scene(31, 57), kind, mode, **options), "x")
    assert (header.width, header.height) == (57, 31)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_size_of_an_animation(kind: str) -> None:
    header = probe(animated([scene(20, 30), scene(20, 30)[::-1]], kind), "x")
    assert (header.width, header.height) == (30, 20)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(kind: str, orientation: int) -> None:
    assert probe(oriented(scene(), kind, orientation), "x").orientation == orientation


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"II",
        b"junkjunkjunk",
        b"II*\x00\xff\xff\xff\xff",
        b"II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00",
        struct.pack("<2sHIHHHIHH", b"II", 42, 8, 1, 0x0112, 3, 1, 99, 0),
        struct.pack("<2sHIHHHII", b"II", 42, 8, 1, 0x0112, 3, 1000, 0xFFFFFF),
        struct.pack("<2sHIHHHIHH", b"II", 42, 8, 1, 0x0112, 3, 0, 6, 0),
    ],
)
def test_damaged_exif_means_upright(exif: bytes) -> None:
    assert exif_orientation(exif) == 1


def test_exif_in_both_byte_orders() -> None:
    assert exif_orientation(struct.pack("<2sHIHHHIHH", b"II", 42, 8, 1, 0x0112, 3, 1, 6, 0)) == 6
    assert exif_orientation(struct.pack(">2sHIHHHIHH", b"MM", 42, 8, 1, 0x0112, 3, 1, 8, 0)) == 8


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_cut_off_at_any_place_is_refused(kind: str) -> None:
    data = encoded(scene(), kind)
    for share in (0.3, 0.6, 0.9):
        assert any(word in refusal(data[: int(len(data) * share)]) for word in ("cut off", "damaged"))


def test_cut_off_says_which_kind() -> None:
    for kind, name in (("JPEG", "JPEG"), ("PNG", "PNG"), ("WEBP", "WebP"), ("BMP", "BMP"), ("PPM", "PNM")):
        data = encoded(scene(), kind)
        assert refusal(data[:-3]) == f"the {name} file is cut off; copy or download it again"
    tiff = encoded(scene(), "TIFF")
    assert refusal(tiff[:-600]).startswith("the TIFF file is cut off")


@pytest.mark.skipif("AVIF" not in ALL_KINDS, reason="this Pillow writes no AVIF")
def test_avif_that_is_cut_off() -> None:
    data = encoded(scene(), "AVIF")
    for length in (len(data) - 3, 32):
        assert refusal(data[:length]) == "the AVIF file is cut off; copy or download it again"


def test_tiff_in_a_million_parts() -> None:
    data = struct.pack("<2sHIHHHII", b"II", 42, 8, 1, 273, 4, 2_000_000, 0) + bytes(64)
    assert refusal(data) == "the TIFF is cut into 2,000,000 parts, which no scanner does (limit 1,000,000)"


def test_jpeg_without_its_last_marker_is_refused() -> None:
    whole = encoded(scene(), "JPEG")
    assert refusal(whole[:-2]) == "the JPEG file is cut off; copy or download it again"
    assert probe(whole + b"a film some phones append", "x").width == 64


def test_end_marker_of_the_thumbnail_is_not_taken_for_the_end() -> None:
    whole = encoded(scene(), "JPEG", exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00" + encoded(scene(8, 8), "JPEG"))
    assert probe(whole, "x").width == 64
    assert "cut off" in refusal(whole[:-2])


def test_jpeg_that_would_keep_the_decoder_busy() -> None:
    whole = encoded(scene(), "JPEG", progressive=True)
    scan = whole.rindex(b"\xff\xda")
    many = whole[:scan] + whole[scan:-2] * (MAX_JPEG_SCANS + 1) + b"\xff\xd9"
    assert refusal(many).startswith("the JPEG has 2")
    assert "scans, which no camera writes (limit 200)" in refusal(many)


def test_jpeg_without_frame_header() -> None:
    assert refusal(b"\xff\xd8\xff\xda\x00\x02data\xff\xd9") == "the JPEG has no frame header"


def test_png_with_a_flipped_bit() -> None:
    data = bytearray(encoded(scene(), "PNG"))
    data[data.index(b"IDAT") + 20] ^= 1
    assert refusal(bytes(data)) == "the PNG is damaged (checksum of its IDAT chunk)"


def test_png_that_starts_with_another_chunk() -> None:
    data = PNG + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b"")
    assert refusal(data) == "the PNG does not start with its header chunk"


def test_of_a_png_only_the_still_picture_is_kept() -> None:
    plain = encoded(scene(), "PNG")
    assert still_png(plain) == plain
    moving = animated([scene(), scene()[::-1]], "PNG")
    rich = oriented(scene(), "PNG", 6, dpi=(72, 72), icc_profile=b"profile")
    for data in (moving, rich):
        still = still_png(data + b"trailing bytes")
        assert not any(kind in still for kind in (b"acTL", b"fcTL", b"fdAT", b"iCCP", b"eXIf", b"pHYs", b"trailing"))
        assert probe(still, "x").width == 64


def test_size_nought() -> None:
    data = PNG + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 0, 5, 8, 2, 0, 0, 0)) + png_chunk(b"IEND", b"")
    assert refusal(data) == "its header gives the size 0 x 5"


def test_gif_without_picture() -> None:
    assert refusal(b"GIF89a\x10\x00\x10\x00\x00\x00\x00;") == "the GIF is damaged or holds no picture"


def test_webp_of_an_unknown_kind() -> None:
    data = bytearray(encoded(scene(), "WEBP"))
    data[12:16] = b"VP99"
    assert refusal(bytes(data)) == "the WebP is damaged (unknown first chunk)"


def test_tiff_without_size_and_of_floats() -> None:
    assert refusal(struct.pack("<2sHIH", b"II", 42, 8, 0) + b"\x00" * 8) == "the TIFF has no size"
    floats = encoded(np.zeros((4, 4), np.float32), "TIFF")
    assert refusal(floats) == "the TIFF holds floating-point numbers; convert it to 8 or 16 bits"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty (0 bytes)"),
        (b"Dear reader,\nthis is no picture.\n", "it is text, not a picture"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41", "it is a video file (MP4 or MOV), not a picture"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "HEIC is not readable here; convert it to JPEG first"),
        (
            bytes(range(16, 32)),
            "no picture format known here (expected JPEG, PNG, WebP, GIF, BMP, TIFF, PNM or AVIF; it",
        ),
        (b"\x89PNG\r\n\x1a\n", "the PNG file is cut off"),
        (b"\xff\xd8\xff", "the JPEG file is cut off"),
        (b"GIF89a", "its header is damaged or cut off"),
        (b"P6\n", "its header is damaged or cut off"),
        (b"P5\n# a comment without an end", "its header is damaged or cut off"),
    ],
)
def test_words_for_what_is_no_picture(data: bytes, words: str) -> None:
    assert words in refusal(data)


def test_pnm_with_comments() -> None:
    header = probe(b"P5 # made by hand\n# twice\n3\n2 255\n" + bytes(6), "x")
    assert (header.format, header.width, header.height) == ("PNM", 3, 2)


def test_a_bomb_is_recognised_by_its_header() -> None:
    header = probe(png_bomb(30_000, 300), "x")
    assert (header.width, header.height) == (30_000, 300)


@given(st.data())
def test_no_bytes_make_it_fail_otherwise(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(ALL_KINDS))
    content = bytearray(encoded(scene(16, 16), kind))
    for _ in range(data.draw(st.integers(0, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    try:
        header = probe(bytes(content), "x")
    except ImageError:
        return
    assert header.width >= 1
    assert header.height >= 1
    assert 1 <= header.orientation <= 8
