from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from starlette.requests import Request

from vultus.service import events
from vultus.service.events import Event, last_seen, stream


class Stop:
    def __init__(self) -> None:
        self.value = False

    def is_set(self) -> bool:
        return self.value


def request(draining: Stop | None = None, **headers: str) -> Request:
    app = SimpleNamespace(state=SimpleNamespace(service=SimpleNamespace(draining=draining or Stop())))
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "app": app, "headers": raw})


async def some(*found: Event, wait_s: float = 0.0) -> AsyncIterator[Event]:
    for event in found:
        yield event
        await asyncio.sleep(wait_s)


def told(answer) -> list[str]:
    async def whole() -> list[str]:
        return [part async for part in answer.body_iterator]

    return asyncio.run(whole())


def test_events_are_lines_and_an_end() -> None:
    answer = stream(request(), some(Event(4, "seen", {"name": "Adé"})))
    assert told(answer) == [
        ": hello\n\n", 'id: 4\nevent: seen\ndata: {"name":"Adé"}\n\n', 'id: 4\nevent: end\ndata: {"reason":"done"}\n\n',
    ]  # fmt: skip
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_silence_is_broken_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_LOOK_S", 0.01)
    assert ": ping\n\n" in told(stream(request(), some(Event(1, "a", {}), wait_s=0.2), ping_s=0.02))


def test_it_ends_when_the_service_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_LOOK_S", 0.01)
    stop = Stop()
    stop.value = True
    found = told(stream(request(stop), some(Event(1, "a", {}), wait_s=60)))
    assert found[-1] == 'id: 1\nevent: end\ndata: {"reason":"draining"}\n\n'


@pytest.mark.parametrize(("given", "found"), [("7", 7), ("", 0), ("x", 0), ("-1", 0), ("9" * 30, 0)])
def test_listeners_say_what_they_have(given: str, found: int) -> None:
    assert last_seen(request(last_event_id=given)) == found


def test_a_source_may_say_itself_why_it_ends() -> None:
    answer = stream(request(), some(Event(7, "end", {"reason": "stopped"})))
    assert told(answer) == [": hello\n\n", 'id: 7\nevent: end\ndata: {"reason":"stopped"}\n\n']
