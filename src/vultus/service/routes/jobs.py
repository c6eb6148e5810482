"""Jobs: many pictures, or whole videos, worked through in the background."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import ValidationError

from vultus.service.auth import Caller, needs
from vultus.service.cursors import Cursor, Limit, page
from vultus.service.documents import ERRORS, inlined
from vultus.service.envelope import ServiceError, answer, invalid
from vultus.service.events import Event, stream
from vultus.service.forms import parts_of
from vultus.service.jobs import shapes
from vultus.service.jobs.runner import JobRunner
from vultus.service.jobs.shapes import JobAnswer, JobFields, JobItemPage, JobPage
from vultus.service.jobs.sources import is_video
from vultus.service.jobs.store import Job, missing
from vultus.service.keystore import ALL
from vultus.service.state import Service, service_of
from vultus.service.workbook import Workbook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from vultus.gallery.photo import Photo
    from vultus.service.decode import Upload

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], responses=ERRORS)
Reader = Annotated[Caller, Depends(needs("read", "enrol"))]
Enroller = Annotated[Caller, Depends(needs("enrol"))]
_LOOK_S = 0.25
_EXAMPLE = {"kind": "enrol", "source": {"folder": "people"}, "options": {"tags": ["staff"]}}
_TEXT = {"type": "string", "contentMediaType": "application/json", "description": "the same as JSON, without source"}
_FILE = {
    "type": "string", "contentMediaType": "application/octet-stream", "format": "binary",
    "description": "a .zip with pictures, or a video",
}  # fmt: skip
_FORM = {"type": "object", "required": ["request", "file"], "properties": {"request": _TEXT, "file": _FILE}}
_BODY = {"requestBody": {"required": True, "content": {
    "application/json": {"schema": inlined(JobFields), "example": _EXAMPLE}, "multipart/form-data": {"schema": _FORM},
}}}  # fmt: skip


def workbook_of(service: Service) -> Workbook:
    """The file of jobs and monitors, opened when the first of both asks."""
    if "workbook" not in service.parts:
        service.parts["workbook"] = Workbook(service.settings.data)
    book: Workbook = service.parts["workbook"]
    return book


def start(service: Service) -> None:
    """Go on with the jobs."""
    loop = asyncio.get_running_loop()

    def read(upload: Upload) -> Photo:
        return asyncio.run_coroutine_threadsafe(service.pictures.read(upload), loop).result()

    runner = service.parts["jobs"] = JobRunner(service, workbook_of(service), read)
    runner.start()


def stop(service: Service) -> None:
    """Let what is in the engine end; the rest is done after the next start."""
    _runner(service).stop()


@router.post("", response_model=JobAnswer, status_code=202, openapi_extra=_BODY)
async def make(request: Request, caller: Enroller) -> Response:
    """Begin a job: pictures of a folder or zip file, or a video, to enrol, identify, or keep as unknown."""
    service = service_of(request)
    fields, filename, data = await _asked(request)
    gallery = await service.run(service.gallery, caller, fields.collection_id)
    if fields.options.fpir is not None:
        # A rate that cannot be had is told before any work.
        await service.run(gallery.identify_pictures, [[]], fields.options.fpir, 1)
    video = is_video(filename) if data is not None else fields.source is not None and fields.source.video is not None
    if video and fields.kind == "enrol" and not fields.options.name:
        raise ServiceError("invalid_request", "options.name: say who is to be enrolled from the video")
    source: dict[str, str] = {}
    if data is not None:
        source = {"upload": "video" if video else "zip", "filename": filename}
    elif fields.source is not None:
        source = fields.source.model_dump(exclude_none=True)
    signature = request.scope["state"].get("signature")
    runner = _runner(service)
    job = await service.run(
        runner.submit, fields.kind, fields.collection_id, source, fields.options, caller=caller.key_id,
        purpose=signature.purpose if signature else "", data=data,
    )  # fmt: skip
    return answer(request, await service.run(_document, runner, job), status=202)


@router.get("", response_model=JobPage)
async def listing(request: Request, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Jobs, the newest first."""
    service = service_of(request)
    runner = _runner(service)
    mine = None if ALL in caller.collections else caller.collections

    def whole() -> dict[str, Any]:
        return page(
            request, lambda after, count: runner.store.newest(after, count, mine), limit=limit, cursor=cursor,
            key=lambda job: job.number, show=lambda job: _document(runner, job), subject=caller.key_id,
        )  # fmt: skip

    return answer(request, await service.run(whole))


@router.get("/{job_id}", response_model=JobAnswer)
async def show(request: Request, job_id: str, caller: Reader) -> Response:
    """One job, with how fast it goes and when it will be through."""
    service = service_of(request)
    job = await _mine(service, caller, job_id)
    return answer(request, await service.run(_document, _runner(service), job))


@router.post("/{job_id}/cancel", response_model=JobAnswer)
async def cancel(request: Request, job_id: str, caller: Enroller) -> Response:
    """End a job; what is through stays."""
    service = service_of(request)
    await _mine(service, caller, job_id)
    job = await service.run(_runner(service).cancel, job_id)
    return answer(request, await service.run(_document, _runner(service), job))


@router.get("/{job_id}/results", response_model=JobItemPage)
async def results(request: Request, job_id: str, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """What became of the items that are through, in order; also while the job runs."""
    service = service_of(request)
    job = await _mine(service, caller, job_id)
    store = _runner(service).store

    def whole() -> dict[str, Any]:
        gallery = service.galleries.open(job.collection_id)
        return page(
            request, lambda after, count: store.results(job_id, after or 0, count), limit=limit, cursor=cursor,
            key=lambda row: row[0], show=lambda row: shapes.item(row[1], gallery), total=store.through(job_id),
        )  # fmt: skip

    return answer(request, await service.run(whole))


@router.get("/{job_id}/events", response_class=Response, responses={
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}})  # fmt: skip
async def events(request: Request, job_id: str, caller: Reader) -> Response:
    """The job each time it has changed, until it has ended (server-sent events of type "progress")."""
    service = service_of(request)
    runner = _runner(service)
    await _mine(service, caller, job_id)

    async def changes() -> AsyncIterator[Event]:
        seen = 0
        while True:
            job = await service.run(runner.store.get, job_id)
            if job.revision != seen:
                seen = job.revision
                yield Event(seen, "progress", await service.run(_document, runner, job))
            if not job.active:
                return
            await asyncio.sleep(_LOOK_S)

    return stream(request, changes())


async def _asked(request: Request) -> tuple[JobFields, str, bytes | None]:
    """What is to be done, and with a file that was sent: its name and bytes."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    filename, data = "", None
    try:
        if kind == "application/json":
            plain = json.loads(await request.body())
        elif kind == "multipart/form-data":
            parts = {part.name: part for part in parts_of(request.headers["content-type"], await request.body(), 8)}
            if set(parts) != {"request", "file"} or parts["file"].filename is None:
                raise ServiceError("invalid_request", "a form needs two fields here: request (JSON) and file")
            plain = json.loads(parts["request"].data)
            filename, data = _tidy(parts["file"].filename), parts["file"].data
        else:
            raise ServiceError("unsupported_media_type", "send application/json, or multipart/form-data with a file")
    except (ValueError, RecursionError):
        raise ServiceError("bad_request", "the request is no JSON") from None
    try:
        fields = JobFields.model_validate(plain)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_context=False, include_input=False)) from None
    if (fields.source is None) == (data is None):
        raise ServiceError("invalid_request", "source: give a folder or video of the server, or send a file")
    if data is not None and not (is_video(filename) or filename.lower().endswith(".zip")):
        raise ServiceError("invalid_request", "file: it must be a .zip, or a video by its name, e.g. .mp4")
    return fields, filename, data


async def _mine(service: Service, caller: Caller, job_id: str) -> Job:
    """A job that the caller may know of."""
    job: Job = await service.run(_runner(service).store.get, job_id)
    if not caller.reaches(job.collection_id):
        raise missing(job_id)
    return job


def _document(runner: JobRunner, job: Job) -> dict[str, Any]:
    return shapes.job(job, runner.store.errors(job.job_id), runner.rate(job))


def _runner(service: Service) -> JobRunner:
    found: JobRunner = service.parts["jobs"]
    return found


def _tidy(filename: str) -> str:
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:200]
