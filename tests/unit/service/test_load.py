from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from vultus.service.forms import parts_of
from vultus.service.load import document, fire, form, shot


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    """A server that answers with what it was asked, closes now and then, and breaks once."""
    loop = asyncio.new_event_loop()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if b"/broken" in head:
                    break
                close = b"Connection: close\r\n" if b"/close" in head else b""
                writer.write(b"HTTP/1.1 200 OK\r\n" + close + b'Content-Length: 7\r\n\r\n{"a":1}')
                if close:
                    break
        except asyncio.IncompleteReadError:
            pass
        writer.close()

    server = loop.run_until_complete(asyncio.start_server(answer, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield server.sockets[0].getsockname()[:2]
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.run_until_complete(asyncio.sleep(0.05))
    loop.close()


def test_every_request_is_sent_once(address: tuple[str, int]) -> None:
    shots = [shot(path, "GET", path, "key") for path in ("/a", "/close", "/broken", "/b")]
    hits = fire(address, iter(shots), 1, keep=lambda hit: hit.name == "/b")
    assert [(hit.name, hit.status) for hit in hits] == [("/a", 200), ("/close", 200), ("/broken", 0), ("/b", 200)]
    assert document(hits[-1]) == {"a": 1}
    assert hits[0].body == b""
    assert all(hit.seconds > 0 for hit in hits)


def test_clients_share_the_work(address: tuple[str, int]) -> None:
    assert len(fire(address, iter([shot("a", "GET", "/a", "")] * 40), 8)) == 40


def test_forms_are_forms() -> None:
    body, kind = form({"name": "Ada"}, [("images", "a.jpg", b"\x00data")])
    name, file = parts_of(kind, body, 9)
    assert (name.name, name.data) == ("name", b"Ada")
    assert (file.filename, file.data) == ("a.jpg", b"\x00data")


def test_heads_are_heads() -> None:
    raw = shot("a", "POST", "/x", "k", b"body", "text/plain", {"X-A": "b"}).raw
    head, _, body = raw.partition(b"\r\n\r\n")
    assert body == b"body"
    assert head.split(b"\r\n")[0] == b"POST /x HTTP/1.1"
    assert {b"Authorization: Bearer k", b"Content-Type: text/plain", b"X-A: b"} <= set(head.split(b"\r\n"))
