"""What every request passes on its way in, and every answer on its way out.

In: an id, draining, the size of the body, the key, its rate, the deadline, repeated requests. Out: security headers,
the id, and the line in the log of calls, which is on the disk before the first byte of the answer leaves.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from vultus.errors import ConfigError, VultusError
from vultus.gallery import audit
from vultus.service import auth
from vultus.service.batching import deadline
from vultus.service.envelope import ServiceError, of, respond
from vultus.service.keystore import LOCAL
from vultus.service.limits import retry_after
from vultus.service.repeats import REPEATED, Repeats
from vultus.service.settings import of_this_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from vultus.service.keystore import Key
    from vultus.service.state import Service

    Style = Callable[[ServiceError], Mapping[str, Any]]

_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
_OPEN = re.compile(r"/v1/health(/live)?|/openapi\.json|/|/favicon\.ico|/static/.*|/api/v1/?")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
_HSTS = "max-age=31536000"
_FAILED_PER_S, _FAILED_BURST = 0.5, 20.0
_log = logging.getLogger("vultus.service")


class Gate:
    """ASGI middleware around the whole app.

    Args:
        app: behind the gate.
        service: whose rules hold.
        styles: how errors are told below some addresses, by their beginning.
    """

    def __init__(self, app: ASGIApp, service: Service, styles: Mapping[str, Style] | None = None) -> None:
        self._app, self._service, self._styles = app, service, dict(styles or {})
        self._repeats = Repeats(app, service.database)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        state = scope.setdefault("state", {})
        given = headers.get("x-request-id", "")
        state["request_id"] = given if _ID.fullmatch(given) else secrets.token_hex(16)
        state["began"] = time.perf_counter()
        answer = _Answer(self._service, scope, send, headers)
        try:
            state["error_style"] = next((how for at, how in self._styles.items() if scope["path"].startswith(at)), None)
            await self._admit(scope, headers)
            with audit.signed(state.get("signature")):
                await self._pass(scope, self._limited(receive, headers), answer, headers)
        except Exception as error:  # whatever happens behind it, the caller gets an envelope
            if answer.begun:
                _log.error("request %s broke off", state["request_id"], exc_info=error)
                raise
            await respond(scope, of(error))(scope, receive, answer.send)

    async def _admit(self, scope: Scope, headers: dict[str, str]) -> None:
        """Who calls, and whether now."""
        service, state = self._service, scope["state"]
        is_open = _OPEN.fullmatch(scope["path"]) is not None
        if service.draining.is_set() and not is_open:
            late = {**retry_after(5), "Connection": "close"}
            raise ServiceError("draining", "the service is being stopped; ask again in a moment", headers=late)
        if is_open or scope["method"] == "OPTIONS":
            return
        key = state["caller"] = await self._caller(scope, headers)
        purpose = headers.get("x-purpose", "")
        try:
            state["signature"] = auth.signature_of(key, purpose)
        except ConfigError:
            message = "X-Purpose must be one line of at most 200 visible characters"
            raise ServiceError("bad_request", message) from None
        rate = key.rate_per_s or service.settings.rate_per_s
        if rate:
            burst = max(float(service.settings.burst), 1.0) if key.rate_per_s is None else max(rate, 1.0)
            wait, left = service.buckets.take(key.key_id, rate, burst)
            state["left"] = int(left)
            if wait:
                message = f"this key may ask {rate:g} times per second"
                raise ServiceError("rate_limited", message, headers=retry_after(wait))

    async def _caller(self, scope: Scope, headers: dict[str, str]) -> Key:
        service = self._service
        if not service.settings.auth:
            _check_page(headers, service.settings.cors)
            return LOCAL
        text = auth.text_of(headers)
        if not text:
            message = "a key is needed: send the header Authorization: Bearer KEY"
            raise ServiceError("unauthenticated", message, headers=auth.UNAUTHENTICATED)
        key = service.keys.recognise(text)
        if key is None:
            # Whoever guesses waits: scrypt is work for the service.
            peer = f"failed {(scope.get('client') or ('?',))[0]}"
            wait, _ = service.buckets.take(peer, _FAILED_PER_S, _FAILED_BURST)
            if wait:
                raise ServiceError("rate_limited", "too many keys were tried from here", headers=retry_after(wait))
            async with service.scrypt:
                key = await asyncio.get_running_loop().run_in_executor(service.threads, service.keys.check, text)
        if key is None:
            raise ServiceError("unauthenticated", "this key is not known here", headers=auth.UNAUTHENTICATED)
        service.keys.touch(key)
        return key

    async def _pass(self, scope: Scope, receive: Receive, answer: _Answer, headers: dict[str, str]) -> None:
        deadline_s = _deadline(headers, self._service.settings.deadline_s)
        deadline.set(time.monotonic() + deadline_s)
        try:
            async with asyncio.timeout(deadline_s) as clock:
                answer.clock = clock
                if (
                    REPEATED in headers
                    and scope["method"] in ("POST", "PATCH", "DELETE")
                    and "caller" in scope["state"]
                ):
                    await self._repeats(scope, receive, answer.send, headers[REPEATED])
                else:
                    await self._app(scope, receive, answer.send)
        except TimeoutError:
            # Only ours comes here: whoever waits behind the gate catches its own.
            message = f"the request was not done within {deadline_s:g} seconds"
            raise ServiceError("deadline_exceeded", message, headers=retry_after(1)) from None
        finally:
            answer.clock = None

    def _limited(self, receive: Receive, headers: dict[str, str]) -> Receive:
        """The body, refused as soon as it is larger than it may be."""
        most = self._service.settings.max_request_bytes
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > most:
            raise ServiceError("too_large", f"a request may have {most:,} bytes", limit_bytes=most)
        taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise ServiceError("too_large", f"a request may have {most:,} bytes", limit_bytes=most)
            return message

        return limited


class _Answer:
    """The way out: headers, and the line in the log."""

    def __init__(self, service: Service, scope: Scope, send: Send, headers: dict[str, str]) -> None:
        self._service, self._scope, self._send = service, scope, send
        self._secure = service.settings.tls_cert is not None
        self.begun = self._silenced = False
        self.clock: asyncio.Timeout | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if self.clock is not None:
                # What has begun may end: a stream of events goes on for hours.
                self.clock.reschedule(None)
            self.begun = True
            if not await self._note(message["status"]):
                await self._silence()
            else:
                self._dress(message)
        if not self._silenced:
            await self._send(message)

    async def _silence(self) -> None:
        """Answer with an error in place of what was to be answered."""
        self._silenced = True
        error = ServiceError("unavailable", "the audit log cannot be written, so nothing is answered")
        answer = respond(self._scope, error)
        start: Message = {"type": "http.response.start", "status": error.status, "headers": answer.raw_headers}
        self._dress(start)
        await self._send(start)
        await self._send({"type": "http.response.body", "body": answer.body})

    def _dress(self, message: Message) -> None:
        state = self._scope["state"]
        own = {name.lower() for name, _ in message.get("headers", ())}
        extra = {**HEADERS, "X-Request-Id": state["request_id"]}
        if self._secure:
            extra["Strict-Transport-Security"] = _HSTS
        if "left" in state:
            extra["X-RateLimit-Remaining"] = str(state["left"])
        message["headers"] = [
            *message.get("headers", ()),
            *((name.lower().encode(), value.encode("latin-1")) for name, value in extra.items()
              if name.lower().encode() not in own),
        ]  # fmt: skip

    async def _note(self, status: int) -> bool:
        """Write the line; whether it is there."""
        scope, state = self._scope, self._scope["state"]
        if _OPEN.fullmatch(scope["path"]) is not None:
            return True
        route = scope.get("route")
        detail: dict[str, Any] = {
            "route": getattr(route, "path", None) or "-", "method": scope["method"], "status": status,
            "request_id": state["request_id"], "ms": round((time.perf_counter() - state["began"]) * 1000),
        }  # fmt: skip
        seconds = time.perf_counter() - state["began"]
        self._service.metrics.count(scope["method"], detail["route"], status, seconds)
        if collection := scope.get("path_params", {}).get("collection_id"):
            detail["collection"] = str(collection)[:60]
        try:
            signature = state.get("signature") or auth.signature_of(None, "")
            await self._service.log.write(signature, detail)
        except VultusError as error:
            _log.critical("the log of calls cannot be written: %s", error)
            return False
        return True


def _check_page(headers: dict[str, str], cors: tuple[str, ...]) -> None:
    """Where no key is asked for, a browser on this machine must not be used by pages from elsewhere.

    Such a page could send forms, or have its own name lead here.
    """
    host, origin = headers.get("host", ""), headers.get("origin", "")
    try:
        name, page = urlsplit(f"//{host}").hostname or "", urlsplit(origin).netloc
    except ValueError:
        name, page = "", ""
    if not of_this_machine(name):
        raise ServiceError("forbidden", "without keys the service is called by an address of this machine alone")
    if origin and page != host and origin not in cors:
        raise ServiceError("forbidden", "pages of other origins may not call")


def _deadline(headers: dict[str, str], most_s: float) -> float:
    given = headers.get("x-deadline-ms", "")
    if not given:
        return most_s
    if not given.isdecimal() or not 0 < int(given) <= most_s * 1000:
        raise ServiceError("bad_request", f"X-Deadline-Ms must be a whole number from 1 to {most_s * 1000:.0f}")
    return int(given) / 1000
