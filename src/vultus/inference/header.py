"""What the first bytes of a picture say: format, size, orientation, and whether the file is whole.

Read before any decoder sees the bytes, so that a decompression bomb or a cut file is refused with a reason and without
work. Formats are told by their magic number, never by the extension of the name.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from vultus.errors import ImageError
from vultus.inference.foreign import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Larger files and pictures are refused before they are read or decoded.
MAX_BYTES = 256 * 1024 * 1024
MAX_PIXELS = 100_000_000
READABLE = "JPEG, PNG, WebP, GIF, BMP, TIFF, PNM or AVIF"
# A real progressive JPEG has about ten scans; thousands of them are a way to keep the decoder busy for minutes.
MAX_JPEG_SCANS = 200
_CUT = "the {} file is cut off; copy or download it again"
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_PNG_NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_EXIF_ORIENTATION = 0x0112
# Width, height, orientation, sample format, and where strips or tiles start and how long they are.
_TIFF_TAGS = frozenset((256, 257, _EXIF_ORIENTATION, 339, 273, 279, 324, 325))
_MAX_TIFF_PARTS = 1_000_000
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


@dataclass(frozen=True, slots=True)
class Header:
    """Size and kind of a picture, as its header claims.

    Attributes:
        format: "JPEG", "PNG", "GIF", "WebP", "BMP", "TIFF", "PNM" or "AVIF".
        width, height: pixels as stored, before the orientation is applied.
        orientation: EXIF orientation 1 to 8; 1 where the decoder takes care of it itself.
    """

    format: str
    width: int
    height: int
    orientation: int = 1

    @property
    def pixels(self) -> int:
        return self.width * self.height


class _RefusedError(Exception):
    """Carries a reason up to `probe`."""


def probe(data: bytes, name: str) -> Header:
    """Read the header of a picture.

    Args:
        data: the whole file.
        name: what to call it in messages.

    Raises:
        ImageError: empty, cut off, of an unknown or unsupported format, or with a senseless size.
    """
    try:
        header = _parser(data)(data)
    except _RefusedError as refusal:
        raise ImageError(name, str(refusal)) from None
    except (struct.error, IndexError, ValueError):
        raise ImageError(name, "its header is damaged or cut off") from None
    if header.width < 1 or header.height < 1:
        raise ImageError(name, f"its header gives the size {header.width} x {header.height}")
    return header


def _parser(data: bytes) -> Callable[[bytes], Header]:
    """The reader for this magic number."""
    if not data:
        _refuse("the file is empty (0 bytes)")
    for magic, parse in _PARSERS:
        if data.startswith(magic):
            return parse
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp
    if data[4:8] == b"ftyp":
        return _isobmff
    if data[:2] == b"BM" and len(data) >= 18 and struct.unpack_from("<I", data, 14)[0] in _BMP_HEADERS:
        return _bmp
    if data[:1] == b"P" and data[1:2] in b"123456" and data[2:3].isspace():
        return _pnm
    _refuse(describe(data) or f"no picture format known here (expected {READABLE}; it starts with {data[:8].hex(' ')})")


def _refuse(reason: str) -> NoReturn:
    raise _RefusedError(reason)


# JPEG


def _jpeg(data: bytes) -> Header:
    """Walk the segments up to the first scan, then look for the end of the picture."""
    size, orientation = None, 1
    for marker, start, stop in _jpeg_segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, start + 1)
            size = (width, height)
        elif marker == 0xE1 and data[start : start + 6] == b"Exif\x00\x00":
            orientation = exif_orientation(data[start + 6 : stop])
        elif marker == 0xDA:
            end = data.find(b"\xff\xd9", stop)
            if end < 0:
                _refuse(_CUT.format("JPEG"))
            scans = data.count(b"\xff\xda", stop, end)
            if scans > MAX_JPEG_SCANS:
                _refuse(f"the JPEG has {scans} scans, which no camera writes (limit {MAX_JPEG_SCANS})")
            break
    else:
        _refuse(_CUT.format("JPEG"))
    if size is None:
        _refuse("the JPEG has no frame header")
    return Header("JPEG", *size, orientation)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and stop of each segment's content."""
    place = 2
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 4 > len(data):
            return
        marker = data[place + 1]
        if marker in (0xFF, 0x00) or 0xD0 <= marker <= 0xD8:
            place += 1 if marker == 0xFF else 2
            continue
        length = struct.unpack_from(">H", data, place + 2)[0]
        stop = place + 2 + length
        if marker == 0xD9 or length < 2 or stop > len(data):
            return
        yield marker, place + 4, stop
        place = stop


# PNG, GIF, WebP


def _png(data: bytes) -> Header:
    """Walk and check the chunks up to IEND."""
    width, height = 0, 0
    orientation, place = 1, 8
    while place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        stop = place + 12 + length
        if stop > len(data):
            break
        if kind[:1].isupper() and zlib.crc32(data[place + 4 : stop - 4]) != int.from_bytes(data[stop - 4 : stop]):
            _refuse(f"the PNG is damaged (checksum of its {kind.decode('latin-1')} chunk)")
        if place == 8:
            if kind != b"IHDR" or length != 13:
                _refuse("the PNG does not start with its header chunk")
            width, height = struct.unpack_from(">II", data, 16)
        elif kind == b"eXIf":
            orientation = exif_orientation(data[place + 8 : stop - 4])
        elif kind == b"IEND":
            return Header("PNG", width, height, orientation)
        place = stop
    _refuse(_CUT.format("PNG"))


def still_png(data: bytes) -> bytes:
    """A PNG that `probe` has passed, without animation, colour profile and text: only what makes the picture.

    OpenCV's reader of animated PNG can crash the process on damaged frames (opencv/opencv issue 27744), and compressed
    text and profiles are a way to fill the memory.
    """
    kept, place, kind = [data[:8]], 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, place)
        if kind in _PNG_NEEDED:
            kept.append(data[place : place + 12 + length])
        place += 12 + length
    return b"".join(kept)


def _gif(data: bytes) -> Header:
    """Walk to the end of the first frame."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    place = 13 + _gif_table(flags)
    while place < len(data):
        kind = data[place]
        if kind == 0x2C:
            frame_flags = data[place + 9]
            _gif_blocks(data, place + 11 + _gif_table(frame_flags))
            return Header("GIF", width, height)
        if kind != 0x21:
            _refuse("the GIF is damaged or holds no picture")
        place = _gif_blocks(data, place + 2)
    _refuse(_CUT.format("GIF"))


def _gif_table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _gif_blocks(data: bytes, place: int) -> int:
    """Skip a chain of sub-blocks."""
    while place < len(data):
        length = data[place]
        place += 1 + length
        if length == 0:
            return place
    _refuse(_CUT.format("GIF"))


def _webp(data: bytes) -> Header:
    """Read the first chunk, then look for an EXIF chunk."""
    if struct.unpack_from("<I", data, 4)[0] + 8 > len(data):
        _refuse(_CUT.format("WebP"))
    kind = data[12:16]
    if kind == b"VP8X":
        width = 1 + int.from_bytes(data[24:27], "little")
        height = 1 + int.from_bytes(data[27:30], "little")
    elif kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        _refuse("the WebP is damaged (unknown first chunk)")
    orientation, place = 1, 12
    while kind == b"VP8X" and place + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, place)
        if name == b"EXIF":
            content = data[place + 8 : place + 8 + length]
            orientation = exif_orientation(content.removeprefix(b"Exif\x00\x00"))
        place += 8 + length + length % 2
    return Header("WebP", width, height, orientation)


# BMP, PNM


def _bmp(data: bytes) -> Header:
    offset, header = struct.unpack_from("<II", data, 10)
    if header == 12:
        width, height, _, depth = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    else:
        width, height, _, depth, compression = struct.unpack_from("<iiHHI", data, 18)
    height = abs(height)
    needed = offset + (width * depth + 31) // 32 * 4 * height
    if compression in (0, 3) and needed > len(data):
        _refuse(_CUT.format("BMP"))
    return Header("BMP", width, height)


def _pnm(data: bytes) -> Header:
    """Width and height (and the largest value) as text, with comments between."""
    bitmap = data[1:2] in b"14"
    numbers: list[int] = []
    place = 2
    while len(numbers) < (2 if bitmap else 3):
        while data[place : place + 1].isspace():
            place += 1
        if data[place : place + 1] == b"#":
            place = data.index(b"\n", place)
            continue
        stop = place
        while data[stop : stop + 1].isdigit() and stop - place < 10:
            stop += 1
        numbers.append(int(data[place:stop]))
        place = stop
    width, height = numbers[:2]
    depth = 1 if bitmap else 8 if numbers[2] < 256 else 16
    row = (width * depth * (3 if data[1:2] == b"6" else 1) + 7) // 8
    if data[1:2] in b"456" and place + 1 + row * height > len(data):
        _refuse(_CUT.format("PNM"))
    return Header("PNM", width, height)


# TIFF and EXIF (which is a small TIFF)


def _tiff(data: bytes) -> Header:
    tags = dict(_tiff_tags(data))
    if not {256, 257} <= tags.keys():
        _refuse("the TIFF has no size")
    if 3 in tags.get(339, ()):
        _refuse("the TIFF holds floating-point numbers; convert it to 8 or 16 bits")
    for starts, lengths in ((273, 279), (324, 325)):
        pairs = zip(tags.get(starts, ()), tags.get(lengths, ()), strict=False)
        if any(start + length > len(data) for start, length in pairs):
            _refuse(_CUT.format("TIFF"))
    # libtiff turns the picture upright itself, whatever is asked of it.
    return Header("TIFF", tags[256][0], tags[257][0])


def exif_orientation(exif: bytes) -> int:
    """Orientation 1 to 8 in a block of EXIF data; 1 where it is absent or the block is damaged."""
    try:
        value = dict(_tiff_tags(exif)).get(_EXIF_ORIENTATION, (1,))[0]
    except (struct.error, IndexError, _RefusedError):
        return 1
    return value if 1 <= value <= 8 else 1


def _tiff_tags(data: bytes) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The whole-number tags of the first directory that matter here."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        return
    directory = struct.unpack_from(order + "I", data, 4)[0]
    if directory + 2 > len(data):
        _refuse(_CUT.format("TIFF"))
    count = struct.unpack_from(order + "H", data, directory)[0]
    for entry in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, kind, length = struct.unpack_from(order + "HHI", data, entry)
        code, width = {1: ("B", 1), 3: ("H", 2), 4: ("I", 4)}.get(kind, ("", 0))
        if tag not in _TIFF_TAGS or not code or length < 1:
            continue
        if length > _MAX_TIFF_PARTS:
            _refuse(f"the TIFF is cut into {length:,} parts, which no scanner does (limit {_MAX_TIFF_PARTS:,})")
        place = entry + 8
        if width * length > 4:
            place = struct.unpack_from(order + "I", data, place)[0]
        if place + width * length > len(data):
            _refuse(_CUT.format("TIFF"))
        yield tag, struct.unpack_from(f"{order}{length}{code}", data, place)


# AVIF and its relatives


def _isobmff(data: bytes) -> Header:
    """Tell AVIF, HEIC and video apart by the brands; the size stands in `ispe` properties."""
    brands = [data[place : place + 4] for place in range(8, min(struct.unpack_from(">I", data)[0], 256), 4)]
    if not any(brand in (b"avif", b"avis") for brand in brands):
        if any(brand in _HEIF_BRANDS for brand in brands):
            _refuse("HEIC is not readable here; convert it to JPEG first, e.g. heif-convert photo.heic photo.jpg")
        _refuse("it is a video file (MP4 or MOV), not a picture")
    start, stop = _box(data, b"meta")
    sizes, place = [(0, 0)], data.find(b"ispe", start, stop)
    while place >= 0:
        sizes.append(struct.unpack_from(">II", data, place + 8))
        place = data.find(b"ispe", place + 4, stop)
    if max(place for place, _ in _boxes(data)) > len(data):
        _refuse(_CUT.format("AVIF"))
    return Header("AVIF", *max(sizes, key=lambda size: size[0] * size[1]))


def _boxes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """End and kind of each top-level box."""
    place = 0
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        if length == 1:
            length = struct.unpack_from(">Q", data, place + 8)[0]
        place = len(data) if length == 0 else place + max(length, 8)
        yield place, kind


def _box(data: bytes, wanted: bytes) -> tuple[int, int]:
    start = 0
    for stop, kind in _boxes(data):
        if kind == wanted:
            return start, min(stop, len(data))
        start = stop
    _refuse(_CUT.format("AVIF"))


_PARSERS: tuple[tuple[bytes, Callable[[bytes], Header]], ...] = (
    (b"\xff\xd8\xff", _jpeg),
    (_PNG_MAGIC, _png),
    (b"GIF87a", _gif),
    (b"GIF89a", _gif),
    (b"II*\x00", _tiff),
    (b"MM\x00*", _tiff),
)
