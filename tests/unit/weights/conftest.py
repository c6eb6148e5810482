"""A tiny manifest, and a web server that can misbehave."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

DETECTOR = b"detector bytes"
EMBEDDER = b"embedder bytes"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def toy(**changes: Any) -> dict[str, Any]:
    """A sound manifest whose files lie beside it, with some top-level keys replaced."""
    manifest = {
        "schema": "vultus.pack/1",
        "name": "toy",
        "title": "A toy",
        "version": "1",
        "licence": {"id": "CC0-1.0", "use": "commercial", "summary": "Do what you like.", "url": "https://example.org"},
        "provenance": "Made by the tests.",
        "detector": {"kind": "yunet", "files": ["detector.onnx"], "options": {"score_threshold": 0.5}},
        "aligner": {"kind": "similarity", "template": [[1, 1], [3, 1], [2, 2], [1, 3], [3, 3]], "size": 4},
        "embedder": {
            "kind": "onnx",
            "file": "embedder.onnx",
            "dimension": 2,
            "size": 4,
            "colour": "RGB",
            "mean": [0, 0, 0],
            "scale": 1,
            "layout": "NCHW",
        },
        "files": [
            {"name": "detector.onnx", "sha256": sha(DETECTOR), "size_bytes": len(DETECTOR), "licence": "CC0-1.0"},
            {"name": "embedder.onnx", "sha256": sha(EMBEDDER), "size_bytes": len(EMBEDDER), "licence": "CC0-1.0"},
        ],
    }
    return {**manifest, **changes}


def write_toy(folder: Path, **changes: Any) -> Path:
    """A folder with a manifest and its two files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "detector.onnx").write_bytes(DETECTOR)
    (folder / "embedder.onnx").write_bytes(EMBEDDER)
    (folder / "manifest.json").write_text(json.dumps(toy(**changes)))
    return folder


@pytest.fixture
def toy_folder(tmp_path: Path) -> Path:
    return write_toy(tmp_path / "toy")


class Web:
    """What the server holds and how it behaves.

    Attributes:
        files: body by path.
        requests: (path, Range header or None) in order of arrival.
        cut: bytes after which a connection is closed, consumed one per request.
        ranges: whether Range is honoured.
        redirects: target by path.
        statuses: error codes to answer first, consumed one per request.
        says_length: whether Content-Length is sent.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.cut: list[int] = []
        self.ranges = True
        self.redirects: dict[str, str] = {}
        self.statuses: list[int] = []
        self.says_length = True
        self.address = ""


def _handler(web: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            web.requests.append((self.path, asked))
            if web.statuses:
                self.send_error(web.statuses.pop(0))
            elif self.path in web.redirects:
                self.send_response(302)
                self.send_header("Location", web.redirects[self.path])
                self.end_headers()
            elif self.path not in web.files:
                self.send_error(404)
            else:
                self._send(web.files[self.path], asked)

        def _send(self, body: bytes, asked: str | None) -> None:
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and web.ranges else 0
            if start and start >= len(body):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            if web.says_length:
                self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            end = start + web.cut.pop(0) if web.cut else len(body)
            self.wfile.write(body[start:end])

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@pytest.fixture
def web() -> Iterator[Web]:
    state = Web()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    state.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()
