from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from unit.gallery.encrypted.keys import key
from unit.gallery.encrypted.world import CONTRACT, people, state
from vultus.errors import InputError, StoreError
from vultus.gallery.encrypted import server
from vultus.gallery.encrypted.archive import write_archive
from vultus.gallery.encrypted.block import read_scores
from vultus.gallery.encrypted.message import Answer, Probe, text
from vultus.gallery.encrypted.owner import bring_up_to_date
from vultus.gallery.encrypted.score import Scorer
from vultus.gallery.encrypted.server import ScorerServer, Service

UPDATE = state([1, 2, 3])


class Running:
    """A server in a thread of its own.

    Attributes:
        lines: of its log.
    """

    def __init__(self, service: Service) -> None:
        self.lines: list[str] = []
        self.server = ScorerServer(service, "127.0.0.1", 0, self.lines.append)
        self.port = int(self.server.server_address[1])
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, json.loads(content) if content[:1] == b"{" else {}

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
def running() -> Iterator[Running]:
    found = Running(Service(UPDATE.archive, per_minute=8))
    yield found
    found.close()


def probe(number: int | None = None, revision: str | None = None) -> bytes:
    values = UPDATE.archive.layout.quantise(np.eye(1, 16)).values[0]
    return text(Probe(values, number, revision or UPDATE.archive.revision).document())


def test_it_tells_what_it_is_and_answers(running: Running) -> None:
    status, about = running.ask("GET", "/about")
    assert (status, about["blocks"], about["fingerprint"]) == (200, 1, UPDATE.roster.fingerprint)
    first, second = (running.ask("POST", "/score", probe())[1] for _ in range(2))
    assert first["scores"] != second["scores"], "every answer has a new nonce"
    assert Answer.read(json.dumps(first).encode()).number is None
    assert running.ask("POST", "/score", probe(2))[1]["number"] == 2
    assert running.lines[0].startswith("question 1: all templates")
    assert running.lines[2].startswith("question 3: one template")


def test_bad_questions_are_refused_and_the_next_one_is_answered(running: Running) -> None:
    cases = [
        ("GET", "/", None, 404, "there is only GET /about and POST /score"),
        ("POST", "/about", b"{}", 404, "there is only"),
        ("POST", "/score", b"{", 400, "is cut short or damaged"),
        ("POST", "/score", probe(revision="00"), 400, "the probe means another state of the encrypted gallery"),
        ("POST", "/score", probe(number=10**6), 400, "there is no template with the number 1000000"),
    ]
    for method, path, body, status, told in cases:
        found, document = running.ask(method, path, body)
        assert found == status
        assert told in document["error"]
    for length in ("-1", "1048577", "99999999999999", "x", ""):
        status, document = running.ask("POST", "/score", b"", **{"Content-Length": length})
        assert status == 413
        assert "needs its Content-Length, of at most 1048576 bytes" in document["error"]
    status, document = running.ask("PUT", "/score", b"{}")
    assert (status, document["error"]) == (501, "Unsupported method ('PUT')")
    assert running.ask("POST", "/score", probe())[0] == 200


@pytest.mark.parametrize(
    ("question", "status", "told"),
    [
        (b"\x00\xff garbage\r\n\r\n", b"", "request type"),
        (b"GET /about HTTP/x.y\r\n\r\n", b"", "Bad request version"),
        (b"GET /" + 70_000 * b"a" + b" HTTP/1.1\r\n\r\n", b"414", "URI"),
        (b"GET /about HTTP/1.1\r\n" + b"".join(b"a%d: b\r\n" % at for at in range(200)) + b"\r\n", b"431", "headers"),
        (b"HEAD /about HTTP/1.1\r\n\r\n", b"501", ""),
    ],
)
def test_what_is_no_question_is_refused_in_json_too(
    running: Running, question: bytes, status: bytes, told: str
) -> None:  # fmt: skip
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as raw:
        raw.sendall(question)
        found = b""
        while part := raw.recv(1 << 16):
            found += part
    head, _, body = found.rpartition(b"\r\n\r\n")
    assert status in head
    assert b"<html" not in found.lower()
    assert told in (json.loads(body)["error"] if body else "")
    assert bool(body) == bool(told)


def test_more_questions_in_a_minute_than_allowed_are_refused() -> None:
    running = Running(Service(UPDATE.archive, per_minute=2))
    try:
        assert [running.ask("POST", "/score", probe())[0] for _ in range(4)] == [200, 200, 429, 429]
        assert running.ask("GET", "/about")[0] == 200
        assert running.lines[-1] == "refused: more than 2 questions in a minute"
    finally:
        running.close()


def test_several_processes_answer_the_same() -> None:
    alone, several = Service(UPDATE.archive), Service(UPDATE.archive, workers=2)
    try:
        question = Probe.read(probe(), UPDATE.archive.layout)
        answers = [service.score(question).scores for service in (alone, several)]
        assert answers[0] != answers[1], "every answer has a new nonce"
        values = [read_scores(key(), UPDATE.archive.layout, scores).tolist() for scores in answers]
        assert values[0] == values[1]
    finally:
        several.close()
        alone.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_it_goes_over_to_a_new_state(workers: int) -> None:
    first = state(list(range(1, 40)))
    before = (first.archive, first.roster)
    more = bring_up_to_date(key(), people([*range(1, 20), *range(21, 60)]), CONTRACT, 0.0, before)
    service = Service(first.archive, workers=workers)
    try:
        for update in (more, state([1, 2]), state([3], key(seed=1))):
            service.exchange(update.archive)
            assert service.about.revision == update.archive.revision
            values = update.archive.layout.quantise(people([3]).vectors).values[0]
            scores = service.score(Probe(values, None, update.archive.revision)).scores
            wanted = Scorer(update.archive.public, update.archive.layout, update.archive.blocks).score(values)
            private = key(seed=1) if update.new == 1 and update.gone == 0 else key()
            found, right = (read_scores(private, update.archive.layout, one) for one in (scores, wanted))
            assert found.tolist() == right.tolist()
    finally:
        service.close()


def test_it_follows_its_file(tmp_path: Path) -> None:
    path = tmp_path / "f.enc"
    write_archive(UPDATE.archive, path)
    lines: list[str] = []
    server = ScorerServer(Service(UPDATE.archive), "127.0.0.1", 0, lines.append, path)
    server.follow()
    assert lines == []
    other = state([1, 2])
    write_archive(other.archive, path)
    server.follow()
    assert (server.service.about.revision, lines[-1]) == (other.archive.revision, "serving a new state: 1 blocks")
    path.write_bytes(b"half")
    server.follow()
    path.unlink()
    server.follow()
    assert server.service.about.revision == other.archive.revision
    assert lines[1].startswith("still serving the state before: the encrypted gallery")
    assert len(lines) == 2
    server.server_close()


def test_questions_of_a_minute_ago_count_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(UPDATE.archive, per_minute=1)
    clock = 1000.0
    monkeypatch.setattr("vultus.gallery.encrypted.server.time.monotonic", lambda: clock)
    assert [service.may_ask(), service.may_ask()] == [True, False]
    clock = 1061.0
    assert service.may_ask()


def test_who_takes_for_ever_to_ask_loses_the_place(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_PATIENCE_S", 0.05)
    for part in (b"POST /sc", b"POST /score HTTP/1.1\r\nContent-Length: 1000\r\n\r\n{"):
        with socket.create_connection(("127.0.0.1", running.port), timeout=10) as slow:
            slow.sendall(part)
            while slow.recv(4096):
                pass
    assert running.ask("GET", "/about")[0] == 200


def test_a_process_that_has_died_is_told() -> None:
    running = Running(Service(UPDATE.archive, workers=2))
    try:
        worker = running.server.service._scorer._workers[0][0]
        worker.kill(), worker.join()
        status, told = running.ask("POST", "/score", probe())
        assert status == 500
        assert "a process of the scorer has died" in told["error"]
    finally:
        running.server.service.close()
        running.close()


def test_a_port_that_is_taken_is_told(running: Running) -> None:
    with pytest.raises(StoreError, match=r"cannot listen at 127.0.0.1:"):
        ScorerServer(Service(UPDATE.archive), "127.0.0.1", running.port, print)


def test_a_template_that_is_not_there_is_told() -> None:
    service = Service(UPDATE.archive)
    with pytest.raises(InputError, match="there is no template with the number"):
        service.score(Probe(np.zeros(16, np.int32), 10**6, UPDATE.archive.revision))
    with pytest.raises(InputError, match="ask /about again"):
        service.score(Probe(np.zeros(16, np.int32), None, ""))


def test_nothing_of_the_owner_is_within_reach_of_the_scorer() -> None:
    """No private key can be found from the service, however deep."""
    seen: set[int] = set()
    stack: list[object] = [Service(UPDATE.archive)]
    while stack:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        assert not type(one).__name__.endswith("Private")
        parts = vars(one).values() if hasattr(one, "__dict__") else []
        slots = [getattr(one, name) for name in getattr(type(one), "__slots__", ()) if hasattr(one, name)]
        stack += [*parts, *slots, *(one if isinstance(one, list | tuple) else [])]
