from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import numpy as np
import pytest

from unit.gallery.encrypted.keys import key
from unit.gallery.encrypted.test_server import UPDATE, Running
from unit.gallery.encrypted.world import people
from vultus.errors import InputError, StoreError
from vultus.gallery.encrypted import client
from vultus.gallery.encrypted.owner import rule
from vultus.gallery.encrypted.server import Service


@pytest.fixture
def running() -> Iterator[Running]:
    found = Running(Service(UPDATE.archive))
    yield found
    found.close()


def test_a_question_from_end_to_end(running: Running) -> None:
    address = f"http://127.0.0.1:{running.port}"
    told = client.about(address)
    vector = people([2]).vectors[0]
    for number in (None, 1):
        ruling = rule(key(), UPDATE.roster, client.ask(address, told, vector, number))
        assert ruling is not None
        assert ruling.name == "p2"
    with pytest.raises(InputError, match="the scorer refuses: there is no template with the number"):
        client.ask(address, told, vector, 10**6)


def test_an_address_that_is_none_is_told() -> None:
    for address in (
        "",
        "127.0.0.1:8765",
        "ftp://x",
        "file:///etc/passwd",
        "http://",
        "http://host/path",
        "http://[::1",
    ):
        with pytest.raises(InputError, match="a scorer's address looks like http"):
            client.about(address)
    with pytest.raises(StoreError, match=r"no scorer answers at http://127.0.0.1:1: .*; start one"):
        client.about("http://127.0.0.1:1")


class Liar(BaseHTTPRequestHandler):
    """Answers whatever it was told to."""

    status, body = 200, b""

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def liar() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Liar)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def say(status: int, document: Any) -> None:
    Liar.status, Liar.body = status, document if isinstance(document, bytes) else json.dumps(document).encode()


def test_what_is_no_scorer_is_told(liar: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Service(UPDATE.archive).about
    say(200, b"<html>")
    with pytest.raises(InputError, match="what the scorer tells of itself is cut short or damaged"):
        client.about(liar)
    say(500, b"oops")
    with pytest.raises(InputError, match="the scorer refuses: 500"):
        client.about(liar)
    answer = {"schema": "vultus.encrypted.answer/1", "fingerprint": "00", "revision": told.revision, "number": None,
              "scores": [], "scale": 0.0, "loss": 0.0}  # fmt: skip
    say(200, answer)
    with pytest.raises(InputError, match="has answered another question than the one it was asked"):
        client.ask(liar, told, np.eye(1, 16)[0])
    monkeypatch.setattr(client, "_MOST_ANSWER", 10)
    with pytest.raises(InputError, match="longer than any answer can be"):
        client.about(liar)
