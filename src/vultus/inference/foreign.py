"""What a file is that is no picture we read, in words that say what to do about it."""

from __future__ import annotations

_FOREIGN = (
    (b"%PDF", "it is a PDF document; export its pages as PNG"),
    (b"PK\x03\x04", "it is a ZIP archive; unpack it"),
    (b"\x1f\x8b", "it is a gzip archive; unpack it"),
    (b"BZh", "it is a bzip2 archive; unpack it"),
    (b"8BPS", "it is a Photoshop file; export it as PNG"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000 is not supported; convert it to PNG"),
    (b"\xff\x4f\xff\x51", "JPEG 2000 is not supported; convert it to PNG"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL is not supported; convert it to PNG"),
    (b"\xff\x0a", "JPEG XL is not supported; convert it to PNG"),
    (b"II+\x00", "BigTIFF is not supported; convert it to TIFF or PNG"),
    (b"MM\x00+", "BigTIFF is not supported; convert it to TIFF or PNG"),
    (b"\x1aE\xdf\xa3", "it is a video file, not a picture"),
)


def describe(data: bytes) -> str:
    """Words for the first bytes of a file; empty where they say nothing."""
    for magic, words in _FOREIGN:
        if data.startswith(magic):
            return words
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:5].lower() in (b"<svg ", b"<?xml"):
        return "it is SVG or XML text, not a picture of pixels"
    if head[:5].lower() in (b"<html", b"<!doc"):
        return "it is a web page, not a picture; the download probably went wrong"
    if not any(byte < 9 or 13 < byte < 32 for byte in head):
        return "it is text, not a picture"
    return ""
