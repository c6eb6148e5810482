"""Pictures of every kind for the tests, encoded by Pillow, which shares no code with the reader under test."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, features

if TYPE_CHECKING:
    from numpy.typing import NDArray


def scene(height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """A smooth picture that differs in all corners and channels: a wrong turn or channel order shows at once."""
    y, x = np.mgrid[:height, :width].astype(float)
    red, green, blue = 255 * x / width, 255 * y / height, 255 * (x / width - 1) * (y / height - 1)
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def encoded(image: NDArray[Any], kind: str, mode: str | None = None, **options: Any) -> bytes:
    """A file in memory, as Pillow writes it."""
    out = io.BytesIO()
    picture = Image.fromarray(image)
    (picture.convert(mode) if mode else picture).save(out, kind, **options)
    return out.getvalue()


def oriented(image: NDArray[Any], kind: str, orientation: int, **options: Any) -> bytes:
    """A file with an EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image, kind, exif=exif, **options)


def animated(frames: list[NDArray[Any]], kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    first, *rest = [Image.fromarray(frame) for frame in frames]
    first.save(out, kind, save_all=True, append_images=rest, **options)
    return out.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_bomb(width: int, height: int) -> bytes:
    """A valid one-bit PNG of any size in a few kilobytes."""
    packer = zlib.compressobj(9)
    row = b"\x00" * (1 + (width + 7) // 8)
    content = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", content) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def png_that_crashes_opencv() -> bytes:
    """A sound still picture with an animation whose second frame is damaged: OpenCV 5.0.0 dies of it."""
    good = zlib.compress(bytes(16 * 49))
    bad = b"\x00\x00\x00\x02" + zlib.compress(b"\x07" * 900)
    frame = struct.pack(">IIIIIHHBB", 1, 16, 16, 0, 0, 1, 10, 0, 0)
    chunks = {b"acTL": struct.pack(">II", 2, 0), b"IDAT": good, b"fcTL": frame, b"fdAT": bad, b"IEND": b""}
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(png_chunk(*chunk) for chunk in chunks.items())


EVERY_KIND = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM")
ALL_KINDS = (*EVERY_KIND, *(("AVIF",) if features.check("avif") else ()))
