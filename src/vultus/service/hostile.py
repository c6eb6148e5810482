"""Requests that nobody sends by mistake, for the soak of `vultus bench service`: each has to be answered below 500."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import TYPE_CHECKING

from vultus.service.load import form, shot

if TYPE_CHECKING:
    from vultus.service.load import Shot

_HOME = "/v1/collections/default"
_JSON = "application/json"
_MAGIC = b"\x89PNG\r\n\x1a\n"


def attacks(key: str, picture: bytes) -> list[Shot]:
    """Hostile requests of every kind.

    Args:
        key: of an admin; some go without, or with another.
        picture: a file that can be read, to be damaged.
    """
    return [*_pictures(key, picture), *_bodies(key), *_addresses(key), *_strangers(picture)]


def _pictures(key: str, picture: bytes) -> list[Shot]:
    files = {
        "empty": b"",
        "text": b"no picture at all",
        "cut": picture[: len(picture) // 2],
        "damaged": picture[:200] + bytes(200) + picture[400:],
        "bomb": bomb(12_000),
        "huge": b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + b"IHDR"
        + struct.pack(">II", 2**31 - 1, 2**31 - 1)
        + bytes(9),
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        "gif": b"GIF89a" + b"\xff" * 300,
        "tiff": b"II*\x00" + b"\xff" * 300,
        "webp": b"RIFF\xff\xff\xff\x7fWEBPVP8X" + b"\xff" * 100,
    }
    shots = []
    for name, data in files.items():
        body, kind = form({}, [("images", f"{name}.jpg", data)])
        shots.append(shot(f"picture {name}", "POST", "/v1/detect", key, body, kind))
        body, kind = form({"name": f"never {name}"}, [("images", "../../etc/passwd\x00.jpg", data)])
        shots.append(shot(f"enrol {name}", "POST", f"{_HOME}/persons", key, body, kind))
    return shots


def _bodies(key: str) -> list[Shot]:
    deep = b"[" * 100_000
    texts = {
        "deep": deep, "no json": b"{", "number": b"1e999999", "surrogate": b'{"images": ["\\ud800"]}',
        "base64": json.dumps({"images": [{"base64": "x" * 1000}]}).encode(),
        "url": json.dumps({"images": [{"url": "http://169.254.169.254/latest/meta-data/"}]}).encode(),
        "many": json.dumps({"images": [{"base64": base64.b64encode(b"x").decode()}] * 500}).encode(),
    }  # fmt: skip
    shots = [shot(f"body {name}", "POST", "/v1/detect", key, text, _JSON) for name, text in texts.items()]
    multipart = "multipart/form-data; boundary=edge"
    for name, body in (
        ("no form", b"x" * 500),
        ("cut form", b'--edge\r\nContent-Disposition: form-data; name="images"'),
    ):
        shots.append(shot(f"body {name}", "POST", "/v1/detect", key, body, multipart))
    shots.append(shot("body kind", "POST", "/v1/detect", key, b"x", "text/plain"))
    names = ("'; DROP TABLE person; --", "\u202eevil", "a\x00b", "x" * 10_000, " ")
    for number, name in enumerate(names):
        fields = json.dumps({"name": name, "images": [{"base64": "AA=="}]}).encode()
        shots.append(shot(f"name {number}", "POST", f"{_HOME}/persons", key, fields, _JSON))
    vector = {"contract": "x", "embedding": [1e308] * 128}
    shots.append(shot("embedding", "POST", f"{_HOME}/search", key, json.dumps(vector).encode(), _JSON))
    return shots


def _addresses(key: str) -> list[Shot]:
    paths = (
        "/v1/collections/..%2f..%2fetc%2fpasswd", "/v1/collections/default/persons/99999999999999999999999999",
        "/v1/collections/default/persons/-1", "/static/..%2f..%2f..%2fetc/passwd", "/v1/%00", "/v1/" + "x" * 4000,
        "/v1/collections/default/persons?cursor=AAAA", "/v1/collections/default/persons?limit=99999999",
        "/v1/collections/default/persons?q=%25%25%25%5c", "//etc/passwd", "/v1/keys/../keys/%0d%0aX:1",
    )  # fmt: skip
    shots = [shot("address", "GET", path, key) for path in paths]
    shots += [shot("method", method, "/v1/system", key) for method in ("PUT", "TRACE", "DELETE")]
    headers = {"X-Deadline-Ms": "-1", "Idempotency-Key": "x" * 500, "X-Purpose": "x" * 1000, "Last-Event-ID": "x"}
    return shots + [shot("header", "POST", "/v1/detect", key, more={name: value}) for name, value in headers.items()]


def _strangers(picture: bytes) -> list[Shot]:
    """Without a key, and with one that cannot be."""
    body, kind = form({}, [("images", "a.jpg", picture)])
    return [
        shot("no key", "POST", "/v1/detect", "", body, kind),
        shot("no key", "GET", "/v1/keys", ""),
        shot("bad key", "GET", "/v1/keys", "nonsense"),
        shot("bad key", "GET", "/v1/keys", "x" * 5000),
    ]


def bomb(side: int) -> bytes:
    """A PNG of few bytes and very many pixels."""
    packed = zlib.compressobj(9)
    row = bytes(1 + 3 * side)
    rows = b"".join(packed.compress(row) for _ in range(64)) + packed.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return _MAGIC + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
