"""The scorer as a program: HTTP on one port, JSON in and out, no secret anywhere.

    GET /about      which key, layout and state
    POST /score     a probe in, encrypted scores out

It holds a public key and ciphertexts, so whoever breaks in learns no template; but whoever asks freely and also sees
scores learns templates, so questions are counted and limited per minute. It is meant for one machine or one network of
one's own: it has no accounts and no TLS of its own.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from vultus.errors import InputError, StoreError
from vultus.gallery.encrypted import message
from vultus.gallery.encrypted.archive import read_archive
from vultus.gallery.encrypted.message import About, Answer, Probe
from vultus.gallery.encrypted.pool import ScorerPool
from vultus.gallery.encrypted.scheme import fingerprint
from vultus.gallery.encrypted.score import Scorer, mask_others

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from vultus.gallery.encrypted.archive import Archive

PER_MINUTE = 60
_MOST_BODY = 1 << 20
_PATIENCE_S = 30
_MOST_CONNECTIONS = 32


class Service:
    """The scorer behind the port.

    Args:
        archive: the encrypted gallery.
        per_minute: questions answered in a minute.
        workers: processes that share the work.

    Attributes:
        archive: as it is now.
        about: what is told of it.
        per_minute: as given.
        asked: questions answered so far.
    """

    def __init__(self, archive: Archive, per_minute: int = PER_MINUTE, workers: int = 1) -> None:
        self.archive, self.per_minute, self.asked = archive, per_minute, 0
        self._workers = workers
        self._times: deque[float] = deque()
        self._lock = threading.Lock()
        self._start()

    def close(self) -> None:
        """End the processes, where there are several."""
        if isinstance(self._scorer, ScorerPool):
            self._scorer.close()

    def exchange(self, archive: Archive) -> None:
        """Go over to another state; where key and layout are the same, only changed blocks are taken in."""
        with self._lock:
            before, self.archive = self.archive, archive
            same = (archive.public, archive.layout) == (before.public, before.layout)
            if not same or len(archive.blocks) < len(before.blocks):
                self.close()
                self._start()
                return
            for at, block in enumerate(archive.blocks):
                if at >= len(before.blocks) or block != before.blocks[at]:
                    self._scorer.put(at, block)
            self._introduce()

    def _start(self) -> None:
        archive = self.archive
        self._hider = archive.public.hider()
        self._scorer: Scorer | ScorerPool
        if self._workers == 1:
            self._scorer = Scorer(archive.public, archive.layout, archive.blocks)
        else:
            self._scorer = ScorerPool(archive.public, archive.layout, archive.blocks, self._workers)
        self._introduce()

    def _introduce(self) -> None:
        own = self.archive
        self.about = About(fingerprint(own.public), own.revision, own.contract, own.layout, len(own.blocks))

    def may_ask(self) -> bool:
        """Count a question; False when there were too many in the last minute."""
        with self._lock:
            now = time.monotonic()
            while self._times and now - self._times[0] > 60:
                self._times.popleft()
            if len(self._times) >= self.per_minute:
                return False
            self._times.append(now)
            return True

    def score(self, probe: Probe) -> Answer:
        """The encrypted scores, each with a new nonce; of a single template with all others masked.

        Raises:
            InputError: the probe means another state, or there is no such template.
        """
        with self._lock:
            archive, number = self.archive, probe.number
            if probe.revision != archive.revision:
                raise InputError("the probe means another state of the encrypted gallery: ask /about again")
            at, slot = divmod(number or 0, archive.layout.slots)
            if number is not None and at >= len(archive.blocks):
                raise InputError(f"there is no template with the number {number}")
            archive.layout.check(probe.values[None])
            scores = self._scores(probe.values, None if number is None else [at])
            if number is not None:
                scores = [mask_others(archive.public, archive.layout, scores[0], slot, self._hider)]
            self.asked += 1
            return Answer(self.about.fingerprint, archive.revision, number, scores)

    def _scores(self, values: NDArray[np.int32], only: list[int] | None) -> list[int]:
        if isinstance(self._scorer, ScorerPool):
            return self._scorer.score(values, fresh=True, only=only)
        return self._scorer.score(values, hider=self._hider, only=only)


class ScorerServer(ThreadingHTTPServer):
    """Serves until `shutdown`.

    Args:
        service: what answers.
        host, port: to listen at; port 0 takes a free one.
        log: gets a line per question, which tells nothing of the probe.
        path: file of the encrypted gallery; when it is exchanged, so is what is served.

    Raises:
        StoreError: the port cannot be had.
    """

    daemon_threads = True
    request_queue_size = _MOST_CONNECTIONS

    def __init__(
        self, service: Service, host: str, port: int, log: Callable[[str], None], path: Path | None = None
    ) -> None:
        self.service, self.log = service, log
        self._path, self._seen, self._following = path, _mark(path), threading.Lock()
        self.places = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise StoreError(f"cannot listen at {host}:{port}: {error.strerror or error}") from error

    def follow(self) -> None:
        """Look whether the file has been exchanged; one that cannot be read leaves all as it is."""
        with self._following:
            mark = _mark(self._path)
            if self._path is None or mark in (None, self._seen):
                return
            self._seen = mark
            try:
                self.service.exchange(read_archive(self._path))
            except (InputError, StoreError) as error:
                self.log(f"still serving the state before: {error}")
                return
            self.log(f"serving a new state: {self.service.about.n_blocks} blocks")

    def process_request(self, request: Any, client_address: Any) -> None:
        """Refuse more connections at a time than there are places."""
        if not self.places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One connection, in a thread of its own."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A peer that goes away is no news."""
        self.log("a connection broke off")


def _mark(path: Path | None) -> tuple[int, int, int] | None:
    """Tells whether a file is still the same."""
    try:
        status = path.stat() if path else None
    except OSError:
        return None
    return (status.st_ino, status.st_size, status.st_mtime_ns) if status else None


class _Handler(BaseHTTPRequestHandler):
    server: ScorerServer
    timeout = _PATIENCE_S
    server_version, sys_version = "vultus-scorer", ""

    def setup(self) -> None:
        """Give the whole question a time: one byte now and then would hold a place for ever."""
        super().setup()
        self._patience = threading.Timer(_PATIENCE_S, self._hang_up)
        self._patience.daemon = True
        self._patience.start()

    def finish(self) -> None:
        """The end of a connection."""
        self._patience.cancel()
        super().finish()

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def do_GET(self) -> None:
        if self.path != "/about":
            self._refuse(404, "there is only GET /about and POST /score")
            return
        self._patience.cancel()
        self.server.follow()
        self._send(200, self.server.service.about.document())

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != "/score":
            self._refuse(404, "there is only GET /about and POST /score")
        elif not length.isdecimal() or len(length) > 9 or int(length) > _MOST_BODY:
            self._refuse(413, f"a probe needs its Content-Length, of at most {_MOST_BODY} bytes")
        elif not self.server.service.may_ask():
            self._refuse(429, f"more than {self.server.service.per_minute} questions in a minute")
        else:
            content = self.rfile.read(int(length))
            self._patience.cancel()
            self._score(content)

    def _score(self, content: bytes) -> None:
        service = self.server.service
        started = time.perf_counter()
        try:
            answer = service.score(Probe.read(content, service.archive.layout))
        except InputError as error:
            self._refuse(400, str(error))
            return
        except StoreError as error:
            self._refuse(500, str(error))
            return
        what = "all templates" if answer.number is None else "one template"
        self.server.log(f"question {service.asked}: {what}, {time.perf_counter() - started:.2f} s")
        self._send(200, answer.document())

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is no question at all (400, 414, 431, 501): refused as any other, not in HTML."""
        self._refuse(code, message or self.responses.get(code, ("this cannot be answered", ""))[0])

    def _refuse(self, status: int, why: str) -> None:
        self.close_connection = True
        self.server.log(f"refused: {why}")
        self._send(status, {"error": why})

    def _send(self, status: int, document: dict[str, Any]) -> None:
        body = message.text(document)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Our own lines, in `_score`, tell less about who asks."""
