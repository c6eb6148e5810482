from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from vultus.service import fetch as module
from vultus.service.envelope import ServiceError
from vultus.service.fetch import _is_public, fetch
from vultus.service.settings import Settings

SETTINGS = Settings(Path("/nowhere"), fetch_urls=True, max_bytes=1000)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_only_the_internet_at_large_is_public(address: str, public: bool) -> None:
    assert _is_public(address) == public


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://example.org/a.jpg", "only http on port 80 and https on port 443 are read"),
        ("file:///etc/passwd", "this is no address"),
        ("http://example.org:8080/", "only http on port 80"),
        ("http://example.org:x/", "this is no address"),
        ("http://", "this is no address"),
        ("http://a/\r\nX: 1", "this is no address"),
        ("http://a/" + "x" * 3000, "this is no address"),
        ("http://user:pass@example.org/", "an address must not hold a password"),
    ],
)  # fmt: skip
def test_what_is_no_such_address_is_refused(url: str, message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        fetch(url, SETTINGS, lambda *_: ["93.184.216.34"])


def test_one_private_address_of_a_host_is_enough() -> None:
    with pytest.raises(ServiceError, match="the host is not public"):
        fetch("http://example.org/", SETTINGS, lambda *_: ["93.184.216.34", "127.0.0.1"])


def test_a_host_that_nobody_knows() -> None:
    def unknown(*_) -> list[str]:
        raise OSError

    with pytest.raises(ServiceError, match="the host is not known"):
        fetch("http://example.org/", SETTINGS, unknown)


def test_only_hosts_that_were_named() -> None:
    some = Settings(Path("/nowhere"), fetch_hosts=("cdn.example",))
    with pytest.raises(ServiceError, match="pictures are not read from this host"):
        fetch("http://example.org/", some, lambda *_: ["93.184.216.34"])


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, headers, body = {
            "/a.jpg": (200, {}, b"picture"), "/large": (200, {}, bytes(2000)), "/gone": (404, {}, b""),
            "/moved": (302, {"Location": "/a.jpg"}, b""), "/round": (302, {"Location": "/round"}, b""),
            "/inside": (302, {"Location": "http://inside.example/"}, b""),
        }[self.path]  # fmt: skip
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that passes for a public one on port 80."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    real = module.socket.create_connection
    monkeypatch.setattr(module.socket, "create_connection", lambda _, timeout: real(server.server_address, timeout))
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def lookup(name: str, port: int) -> list[str]:
    return ["127.0.0.1"] if name == "inside.example" else ["93.184.216.34"]


@pytest.mark.parametrize("path", ["/a.jpg", "/moved"])
def test_a_picture_is_fetched(host: None, path: str) -> None:
    assert fetch(f"http://example.org{path}", SETTINGS, lookup) == b"picture"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/large", "a picture may have 1,000 bytes"),
        ("/gone", "the address answers with status 404"),
        ("/round", "the address leads to more than 3 others"),
        ("/inside", "the host is not public"),
    ],
)
def test_what_does_not_answer_well_is_told(host: None, path: str, message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        fetch(f"http://example.org{path}", SETTINGS, lookup)


def test_a_host_that_hangs_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_, **__) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(module.socket, "create_connection", refuse)
    with pytest.raises(ServiceError, match="the address does not answer as it should"):
        fetch("http://example.org/", SETTINGS, lookup)


def test_there_is_an_end_to_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", -1.0)
    with pytest.raises(ServiceError, match="the address takes too long"):
        fetch("http://example.org/", SETTINGS, lookup)
