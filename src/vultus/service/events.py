"""Server-sent events: what happens, as it happens, to whoever listens."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse

from vultus.service.state import service_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.requests import Request

PING_S = 15.0
_LOOK_S = 0.5  # how often it is seen to that the service is not being stopped
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        id: a number that grows; a listener goes on behind the last one it has.
        type: a word.
        data: JSON values.
    """

    id: int
    type: str
    data: Mapping[str, Any]

    def text(self) -> str:
        """As it goes over the line."""
        body = json.dumps(self.data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return f"id: {self.id}\nevent: {self.type}\ndata: {body}\n\n"


def last_seen(request: Request) -> int:
    """The id of the last event that a listener has, from `Last-Event-ID`; 0 where it begins."""
    given = request.headers.get("last-event-id", "")
    return int(given) if given.isdecimal() and len(given) < 16 else 0


def stream(request: Request, source: AsyncIterator[Event], *, ping_s: float = PING_S) -> StreamingResponse:
    """Events as an answer that goes on until the source ends, the listener leaves or the service is stopped.

    Args:
        request: of the listener.
        source: events; an event of type "end" is sent behind its last one, unless that is one.
        ping_s: seconds of silence before a comment is sent.
    """
    draining = service_of(request).draining

    async def lines() -> AsyncIterator[str]:
        yield ": hello\n\n"
        waiting: asyncio.Task[Event] | None = None
        silence = 0.0
        last, reason = 0, "done"
        try:
            while True:
                waiting = waiting or asyncio.ensure_future(anext(source))
                ready, _ = await asyncio.wait({waiting}, timeout=_LOOK_S)
                if ready:
                    event, waiting, silence = waiting.result(), None, 0.0
                    last = event.id
                    yield event.text()
                    if event.type == "end":
                        return
                elif draining.is_set():
                    reason = "draining"
                    break
                else:
                    silence += _LOOK_S
                    if silence >= ping_s:
                        silence = 0.0
                        yield ": ping\n\n"
        except StopAsyncIteration:
            pass
        finally:
            if waiting is not None and not waiting.done():
                waiting.cancel()
                with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                    await waiting
        yield Event(last, "end", {"reason": reason}).text()

    return StreamingResponse(lines(), media_type="text/event-stream", headers=_HEADERS)
