"""Idempotency: a request that is sent again with the same key gets the first answer again, and is not done twice.

What was answered is sealed under a key derived from the caller's idempotency key, of which only a digest is kept: the
database alone gives nobody's name away.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vultus.service.envelope import ServiceError
from vultus.service.limits import retry_after

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from vultus.service.database import Database

REPEATED = "idempotency-key"
KEPT_S = 24 * 3600.0
LARGEST = 1024 * 1024  # an answer that is larger is not kept
_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_NONCE = 12


class Repeats:
    """Runs a request once per idempotency key.

    Args:
        app: answers requests.
        database: keeps what was answered.
    """

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self._app, self._database = app, database

    async def __call__(self, scope: Scope, receive: Receive, send: Send, given: str) -> None:
        if not _KEY.fullmatch(given):
            raise ServiceError("bad_request", "Idempotency-Key must be 1 to 128 visible ASCII characters")
        body = await _whole(receive)
        who = scope["state"]["caller"].key_id
        slot = _hash(b"slot", who.encode(), given.encode())
        key = _hash(b"seal", who.encode(), given.encode(), slot)
        what = _hash(scope["method"].encode(), scope["path"].encode(), scope["query_string"], _plain(scope, body))
        kept = self._claim(slot, what)
        if kept is not None:
            await _again(AESGCM(key), kept, send)
            return
        answer = _Kept(send)
        try:
            await self._app(scope, _replay(body, receive), answer.send)
        except BaseException:
            self._let_go(slot)
            raise
        if answer.worth_keeping:
            nonce = secrets.token_bytes(_NONCE)
            self._keep(slot, nonce + AESGCM(key).encrypt(nonce, answer.document(), None))
        else:
            self._let_go(slot)

    def _claim(self, slot: bytes, what: bytes) -> bytes | None:
        """Take the slot, or give what was answered before."""
        now = time.time()
        with self._database.writing() as connection:
            connection.execute("DELETE FROM repeat WHERE created < ?", (now - KEPT_S,))
            row = connection.execute(
                "SELECT fingerprint, sealed, created FROM repeat WHERE slot = ?", (slot,)
            ).fetchone()
            if row is None:
                connection.execute("INSERT INTO repeat VALUES (?, ?, NULL, ?)", (slot, what, now))
                return None
        if row[0] != what:
            raise ServiceError("idempotency_mismatch", "this Idempotency-Key was used for another request")
        if row[1] is None:
            message = "the first request with this Idempotency-Key is still being worked on"
            raise ServiceError("idempotency_in_progress", message, headers=retry_after(1))
        return bytes(row[1])

    def _keep(self, slot: bytes, sealed: bytes) -> None:
        with self._database.writing() as connection:
            connection.execute("UPDATE repeat SET sealed = ? WHERE slot = ?", (sealed, slot))

    def _let_go(self, slot: bytes) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM repeat WHERE slot = ? AND sealed IS NULL", (slot,))

    @staticmethod
    def forget_unfinished(database: Database) -> None:
        """Let go what a killed service had begun: it may be asked for again."""
        with database.writing() as connection:
            connection.execute("DELETE FROM repeat WHERE sealed IS NULL")


class _Kept:
    """An answer on its way out, kept as it goes."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message = {}
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = {"status": message["status"], "headers": list(message["headers"])}
        elif len(self._body) <= LARGEST:
            self._body += message.get("body", b"")
        await self._send(message)

    @property
    def worth_keeping(self) -> bool:
        """Errors that may pass are not kept, so that asking again can help."""
        return (
            self._start.get("status", 500) < 500
            and self._start["status"] not in (408, 429)
            and (len(self._body) <= LARGEST)
        )

    def document(self) -> bytes:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._start["headers"]]
        kept = [pair for pair in headers if pair[0].lower() in ("content-type", "content-length", "location")]
        return json.dumps([self._start["status"], kept, self._body.decode("utf-8", "surrogateescape")]).encode()


async def _again(box: AESGCM, sealed: bytes, send: Send) -> None:
    try:
        status, headers, body = json.loads(box.decrypt(sealed[:_NONCE], sealed[_NONCE:], None))
    except InvalidTag:
        raise ServiceError("idempotency_mismatch", "this Idempotency-Key was used for another request") from None
    raw: list[tuple[bytes, bytes]] = [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status,
                "headers": [*raw, (b"idempotency-replayed", b"true")]})  # fmt: skip
    await send({"type": "http.response.body", "body": body.encode("utf-8", "surrogateescape")})


async def _whole(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise ServiceError("bad_request", "the request broke off")
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _plain(scope: Scope, body: bytes) -> bytes:
    """A body without the boundary of its form, which clients make up anew for each try."""
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    boundary = re.search(rb'boundary="?([^";,]+)', kind)
    return body.replace(boundary[1], b"") if boundary else body


def _hash(*parts: bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()
