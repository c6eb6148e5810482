"""Monitors: cameras, streams and films that are watched, and what happens in them as it happens."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from vultus.errors import VultusError
from vultus.service.auth import Caller, needs
from vultus.service.cursors import Cursor, Limit, page
from vultus.service.documents import ERRORS
from vultus.service.envelope import ServiceError, answer
from vultus.service.events import Event, last_seen, stream
from vultus.service.monitors import shapes
from vultus.service.monitors.runner import MonitorRunner
from vultus.service.monitors.shapes import MonitorAnswer, MonitorEventPage, MonitorFields, MonitorPage
from vultus.service.monitors.store import Monitor, missing
from vultus.service.routes.jobs import workbook_of
from vultus.service.schema import DeletedAnswer
from vultus.service.state import Service, service_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from vultus.gallery.collection import Gallery

router = APIRouter(prefix="/v1/monitors", tags=["monitors"], responses=ERRORS)
Reader = Annotated[Caller, Depends(needs("read", "enrol"))]
Enroller = Annotated[Caller, Depends(needs("enrol"))]
_LOOK_S = 0.2
_AT_ONCE = 100


def start(service: Service) -> None:
    """Start the monitors that are to run."""
    runner = service.parts["monitors"] = MonitorRunner(service, workbook_of(service))
    runner.start()
    service.parts["jobs"].also.append(runner.sweep)


def stop(service: Service) -> None:
    """Stop all; the jobs have stopped before."""
    _runner(service).stop()
    workbook_of(service).close()


@router.post("", response_model=MonitorAnswer, status_code=201)
async def add(request: Request, fields: MonitorFields, caller: Enroller) -> Response:
    """Watch a camera, a stream or a film from now on."""
    service = service_of(request)
    gallery = await service.run(service.gallery, caller, fields.collection_id)
    if fields.fpir is not None:
        # A rate that cannot be had is told before any work.
        await service.run(gallery.identify_pictures, [[]], fields.fpir, 1)
    settings = fields.model_dump(exclude={"name", "collection_id", "source"})
    made = await service.run(
        _runner(service).add, fields.name, fields.collection_id, fields.source, settings, caller=caller.key_id
    )
    return answer(request, await service.run(_document, service, made), status=201)


@router.get("", response_model=MonitorPage)
async def listing(request: Request, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """The monitors of the collections that the key may touch, the oldest first."""
    service = service_of(request)

    def whole() -> dict[str, Any]:
        mine = [one for one in _runner(service).store.all() if caller.reaches(one.collection_id)]
        return page(
            request, mine, limit=limit, cursor=cursor, key=lambda one: one.number,
            show=lambda one: _document(service, one), subject=caller.key_id,
        )  # fmt: skip

    return answer(request, await service.run(whole))


@router.get("/{monitor_id}", response_model=MonitorAnswer)
async def show(request: Request, monitor_id: str, caller: Reader) -> Response:
    """One monitor."""
    service = service_of(request)
    return answer(request, await service.run(_document, service, await _mine(service, caller, monitor_id)))


@router.delete("/{monitor_id}", response_model=DeletedAnswer)
async def delete(request: Request, monitor_id: str, caller: Enroller) -> Response:
    """Stop a monitor, and delete it with all it has told."""
    service = service_of(request)
    await _mine(service, caller, monitor_id)
    await service.run(_runner(service).delete, monitor_id)
    return answer(request, {"deleted": True})


@router.post("/{monitor_id}/start", response_model=MonitorAnswer)
async def begin(request: Request, monitor_id: str, caller: Enroller) -> Response:
    """Let a monitor run, now and after a restart of the service."""
    service = service_of(request)
    monitor = await _mine(service, caller, monitor_id)
    await service.run(_runner(service).begin, monitor_id)
    return answer(request, await service.run(_document, service, monitor))


@router.post("/{monitor_id}/stop", response_model=MonitorAnswer)
async def end(request: Request, monitor_id: str, caller: Enroller) -> Response:
    """Let a monitor rest."""
    service = service_of(request)
    monitor = await _mine(service, caller, monitor_id)
    await service.run(_runner(service).end, monitor_id)
    return answer(request, await service.run(_document, service, monitor))


@router.get("/{monitor_id}/events", response_model=MonitorEventPage, responses={
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}})  # fmt: skip
async def events(
    request: Request, monitor_id: str, caller: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """What was told, the newest first; with `Accept: text/event-stream` events as they happen.

    Server-sent events begin behind `Last-Event-ID`, or now without it, and end when the monitor is stopped.
    """
    service = service_of(request)
    runner = _runner(service)
    monitor = await _mine(service, caller, monitor_id)
    if "text/event-stream" not in request.headers.get("accept", ""):

        def whole() -> dict[str, Any]:
            gallery = _gallery(service, monitor)
            return page(
                request, lambda after, count: runner.store.before(monitor_id, after, count), limit=limit,
                cursor=cursor, key=lambda told: told.event_id, show=lambda told: shapes.event(told, gallery),
            )  # fmt: skip

        return answer(request, await service.run(whole))
    begin_at = last_seen(request) if "last-event-id" in request.headers else await service.run(runner.last, monitor_id)

    async def happening() -> AsyncIterator[Event]:
        last = begin_at
        while True:
            at_work = runner.running(monitor_id)  # before the look: what is told last is not missed
            if runner.last(monitor_id) > last:
                for told in await service.run(runner.store.after, monitor_id, last, _AT_ONCE):
                    gallery = await service.run(_gallery, service, monitor)
                    yield Event(told.event_id, told.type, await service.run(shapes.event, told, gallery))
                    last = told.event_id
            elif not at_work:
                yield Event(last, "end", {"reason": "stopped"})
                return
            else:
                await asyncio.sleep(_LOOK_S)

    return stream(request, happening())


async def _mine(service: Service, caller: Caller, monitor_id: str) -> Monitor:
    """A monitor that the caller may know of."""
    monitor: Monitor = await service.run(_runner(service).store.get, monitor_id)
    if not caller.reaches(monitor.collection_id):
        raise missing(monitor_id)
    return monitor


def _document(service: Service, monitor: Monitor) -> dict[str, Any]:
    runner = _runner(service)
    number = monitor.monitor_id
    return shapes.monitor(monitor, runner.condition(number), runner.last(number), service.settings.fpir)


def _gallery(service: Service, monitor: Monitor) -> Gallery | None:
    """None where the collection cannot be opened: its events are shown without names then."""
    try:
        return service.galleries.open(monitor.collection_id)
    except (VultusError, ServiceError):
        return None


def _runner(service: Service) -> MonitorRunner:
    found: MonitorRunner = service.parts["monitors"]
    return found
