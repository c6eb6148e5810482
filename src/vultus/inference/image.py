"""Pictures in and out: everything to upright RGB uint8 (H, W, 3), and back to a file.

The only place where BGR exists. Grey, CMYK, palette and 16-bit pictures become RGB, transparent ones are laid on white,
of an animation the first frame is taken, and the EXIF orientation is applied. A picture that is not whole is refused:
a face from a half-decoded file must not end up in a gallery.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

from vultus.errors import ImageError, InputError, ShapeError
from vultus.inference.header import MAX_BYTES, MAX_PIXELS, READABLE, probe, still_png

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.inference.header import Header

    Picture: TypeAlias = NDArray[np.uint8]
    Source: TypeAlias = str | Path | bytes | Picture

# What a new picture is written as, by extension; the numbers are near-lossless, for pictures that are looked at.
_ENCODERS: dict[str, list[int]] = {
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".png": [],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 95],
    ".bmp": [],
    ".tif": [],
    ".tiff": [],
}
WRITABLE = tuple(_ENCODERS)


def read(source: Source, *, max_pixels: int = MAX_PIXELS, max_bytes: int = MAX_BYTES) -> Picture:
    """Read a picture from a file, from the bytes of a file, or check one that is an array already.

    Args:
        source: path, bytes of an encoded picture, or RGB uint8 (H, W, 3), which is checked and not copied if it can be.
        max_pixels: larger pictures are refused before they are decoded (decompression bombs).
        max_bytes: larger files are refused before they are read.

    Returns:
        RGB, uint8, (H, W, 3), upright, contiguous.

    Raises:
        ImageError: the file or the bytes cannot be read; the reason says why.
        ShapeError: the array is not RGB uint8 (H, W, 3).
    """
    if isinstance(source, np.ndarray):
        return _checked(source, max_pixels)
    name = name_of(source)
    if isinstance(source, (str, Path)):
        data = load(source, max_bytes)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
        if len(data) > max_bytes:
            raise ImageError(name, f"it is larger than the limit of {max_bytes:,} bytes")
    else:
        raise ShapeError("image", "a path, bytes or an RGB uint8 array (H, W, 3)", type(source).__name__)
    header = probe(data, name)
    if header.pixels > max_pixels:
        size = f"{header.width:,} x {header.height:,} pixels"
        raise ImageError(name, f"{size} are more than the limit of {max_pixels:,}; scale it down first")
    return _decode(data, header, name)


def load(source: str | Path, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file.

    Raises:
        ImageError: it cannot be read, is no regular file, or is larger than `max_bytes`.
    """
    text, name = str(source), name_of(source)
    if "://" in text[:10]:
        raise ImageError(name, "it is an address; download the picture first and give its path")
    try:
        with open(text, "rb", opener=_open) as file:
            status = os.fstat(file.fileno())
            fits = stat.S_ISREG(status.st_mode) and status.st_size <= max_bytes
            data = file.read() if fits else b""
    except FileNotFoundError:
        raise ImageError(name, "no such file") from None
    except IsADirectoryError:
        raise ImageError(name, "it is a folder; give a file, or the folder to a command that takes folders") from None
    except PermissionError:
        raise ImageError(name, "no permission to read it") from None
    except (OSError, ValueError) as error:
        raise ImageError(name, getattr(error, "strerror", None) or str(error)) from error
    if not stat.S_ISREG(status.st_mode):
        raise ImageError(name, "it is no regular file")
    if not fits:
        raise ImageError(name, f"{status.st_size:,} bytes are more than the limit of {max_bytes:,}")
    return data


def write(path: str | Path, image: Picture) -> Path:
    """Write a picture; the extension decides the format. The file appears whole or not at all.

    Args:
        path: .jpg, .jpeg, .png, .webp, .bmp, .tif or .tiff; missing folders are made.
        image: RGB, uint8, (H, W, 3).

    Returns:
        The path written.

    Raises:
        InputError: unknown extension, or the file cannot be written (disk full, no permission, ...).
        ShapeError: the array is not RGB uint8 (H, W, 3).
    """
    target = Path(path)
    options = _ENCODERS.get(target.suffix.lower())
    if options is None:
        what = f"unknown extension '{target.suffix}'" if target.suffix else "the name has no extension"
        raise InputError(f"cannot write image {name_of(target)}: {what}; use one of {' '.join(WRITABLE)}")
    bgr = cv2.cvtColor(_checked(image, MAX_PIXELS), cv2.COLOR_RGB2BGR)
    try:
        done, encoded = cv2.imencode(target.suffix.lower(), bgr, options)
    except cv2.error:
        done = False
    if not done:
        reason = f"{bgr.shape[1]} x {bgr.shape[0]} pixels do not fit the format"
        raise InputError(f"cannot write image {name_of(target)}: {reason}; use .png")
    try:
        _replace(target, encoded.tobytes())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"cannot write image {name_of(target)}: {reason}") from error
    return target


def jpeg(image: Picture, quality: int = 95) -> bytes:
    """A picture as the bytes of a JPEG file, without any metadata.

    Args:
        image: RGB, uint8, (H, W, 3).
        quality: 1 to 100.

    Raises:
        ShapeError: the array is not RGB uint8 (H, W, 3).
    """
    bgr = cv2.cvtColor(_checked(image, MAX_PIXELS), cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())


def name_of(source: object) -> str:
    """What to call a source in messages: its path, unprintable characters escaped, or a word for bytes and arrays."""
    if isinstance(source, np.ndarray):
        return f"<array {source.dtype} {source.shape}>"
    if isinstance(source, (bytes, bytearray, memoryview)):
        return f"<{len(source):,} bytes>"
    text = str(source)
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _checked(image: NDArray[Any], max_pixels: int) -> Picture:
    """The array itself where it is RGB uint8 (H, W, 3)."""
    expected, actual = "RGB uint8 (H, W, 3)", f"{image.dtype} {image.shape}"
    if image.dtype == np.uint8 and (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 1)):
        expected += "; turn grey into RGB with numpy.repeat(grey.reshape(H, W, 1), 3, axis=2)"
    elif image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 4:
        expected += "; drop the fourth channel with image[:, :, :3]"
    elif image.dtype != np.uint8 and image.ndim == 3:
        expected += " with values 0 to 255"
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ShapeError("image", expected, actual)
    if image.shape[0] * image.shape[1] > max_pixels:
        raise ImageError(name_of(image), f"it has more than the limit of {max_pixels:,} pixels; scale it down first")
    return np.ascontiguousarray(image)


def _open(path: str, flags: int) -> int:
    """Open without waiting: a pipe nobody writes to would hold us for ever."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _decode(data: bytes, header: Header, name: str) -> Picture:
    """Decode, bring to 8-bit RGB on white, and turn upright."""
    if header.format == "PNG":
        data = still_png(data)
    try:
        pixels: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except (cv2.error, MemoryError):
        pixels = None
    if pixels is None or pixels.size == 0:
        raise ImageError(name, _why_undecodable(header.format))
    # libtiff hands out 8-bit colours that are multiplied by their opacity already.
    multiplied = header.format == "TIFF" and pixels.dtype == np.uint8
    if pixels.dtype == np.uint16:
        pixels = _as_picture(cv2.convertScaleAbs(pixels, alpha=1 / 257))
    if pixels.dtype != np.uint8:
        raise ImageError(name, f"its pixels are {pixels.dtype}; convert it to 8 or 16 bits")
    return _upright(_to_rgb(pixels, multiplied=multiplied), header.orientation)


def _why_undecodable(kind: str) -> str:
    if kind in ("AVIF", "GIF", "WebP"):
        return f"the {kind} is damaged, or of a kind this OpenCV ({cv2.__version__}) does not read; convert it to PNG"
    return f"the {kind} is damaged or of a rare kind; convert it to PNG (readable: {READABLE})"


def _to_rgb(pixels: Picture, *, multiplied: bool = False) -> Picture:
    """Grey, BGR or BGRA to RGB; transparent parts become white."""
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return _as_picture(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB))
    if pixels.shape[2] == 2:
        return _to_rgb(np.ascontiguousarray(pixels[..., [0, 0, 0, 1]]))
    if pixels.shape[2] == 3:
        return _as_picture(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
    rgb = _as_picture(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB))
    alpha = pixels[..., 3:].astype(np.uint16)
    if alpha.min() == 255:
        return rgb
    if multiplied:
        return _as_picture(np.minimum(rgb + (255 - alpha), 255))
    return _as_picture((rgb * alpha + 255 * (255 - alpha) + 127) // 255)


def _upright(image: Picture, orientation: int) -> Picture:
    """Undo the EXIF orientation: 2 to 4 flip, 5 to 8 also swap the sides."""
    if orientation >= 5:
        image = image.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)


def _as_picture(array: Any) -> Picture:
    return np.asarray(array, dtype=np.uint8)


def _replace(target: Path, content: bytes) -> None:
    """Write beside the target, then rename over it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        part.write_bytes(content)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
