"""Words for files that are no pictures."""

from __future__ import annotations

import pytest

from vultus.inference.foreign import describe


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"Dear reader,\nthis is no picture.\n", "it is text, not a picture"),
        ("Grüße aus Köln".encode(), "it is text, not a picture"),
        (b"<!DOCTYPE html><html>404</html>", "it is a web page, not a picture; the download probably went wrong"),
        (b"\xef\xbb\xbf\n<svg xmlns='http://www.w3.org/2000/svg'/>", "it is SVG or XML text"),
        (b"%PDF-1.7", "it is a PDF document; export its pages as PNG"),
        (b"PK\x03\x04....", "it is a ZIP archive; unpack it"),
        (b"\x1f\x8b....", "it is a gzip archive; unpack it"),
        (b"BZh9....", "it is a bzip2 archive; unpack it"),
        (b"8BPS....", "it is a Photoshop file; export it as PNG"),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000 is not supported; convert it to PNG"),
        (b"\xff\x4f\xff\x51\x00", "JPEG 2000 is not supported; convert it to PNG"),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL is not supported; convert it to PNG"),
        (b"\xff\x0a\x00\x00", "JPEG XL is not supported; convert it to PNG"),
        (b"II+\x00\x08\x00", "BigTIFF is not supported; convert it to TIFF or PNG"),
        (b"MM\x00+\x00\x08", "BigTIFF is not supported; convert it to TIFF or PNG"),
        (b"\x1aE\xdf\xa3....", "it is a video file, not a picture"),
    ],
)
def test_words(data: bytes, words: str) -> None:
    assert words in describe(data)


def test_nothing_is_said_of_unknown_bytes() -> None:
    assert describe(bytes(range(16, 32))) == ""
