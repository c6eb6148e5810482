"""Subjects: CompreFace's people. One without faces waits in the service's own database until its first face comes."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from vultus.errors import InputError, NameClashError, UnknownNameError
from vultus.gallery.record import normal_name
from vultus.service.auth import Caller, needs
from vultus.service.compreface.terms import gallery_of, json_of
from vultus.service.envelope import Json, ServiceError
from vultus.service.state import Service, service_of

router = APIRouter(prefix="/api/v1/recognition/subjects")
Reader = Annotated[Caller, Depends(needs("read"))]
Enroller = Annotated[Caller, Depends(needs("enrol"))]
_WAITING = "compreface.waiting"
_MOST_WAITING = 10_000


@router.get("")
@router.get("/", include_in_schema=False)
async def listing(request: Request, caller: Reader) -> Response:
    """The names of all subjects."""
    service, gallery = service_of(request), await gallery_of(request, caller)
    known = [person.name for person in await service.run(gallery.people)]
    return Json({"subjects": sorted({*known, *await service.run(waiting, service)})})


@router.post("", status_code=201)
async def make(request: Request, caller: Enroller) -> Response:
    """A subject that has no faces yet."""
    service, gallery = service_of(request), await gallery_of(request, caller)
    name = _name(await json_of(request))

    def work() -> None:
        names = waiting(service)
        if name in names or gallery.known(name) is not None:
            raise ServiceError("bad_request", f"the subject {name} is there already", compreface=43)
        if len(names) >= _MOST_WAITING:
            raise ServiceError("bad_request", f"{_MOST_WAITING} subjects wait for a face already", compreface=26)
        keep_waiting(service, {*names, name})

    await service.run(work)
    return Json({"subject": name}, 201)


@router.put("/{subject}")
async def rename(request: Request, subject: str, caller: Enroller) -> Response:
    """Give a subject another name; one that is taken is refused, since two people would become one."""
    service, gallery = service_of(request), await gallery_of(request, caller)
    name = _name(await json_of(request))

    def work() -> None:
        names = waiting(service)
        if subject in names:
            keep_waiting(service, {*names - {subject}, name})
            return
        try:
            gallery.rename(subject, name)
        except NameClashError as error:
            raise ServiceError("bad_request", str(error), compreface=43) from None

    await service.run(work)
    return Json({"updated": True})


@router.delete("/{subject}")
async def delete(request: Request, subject: str, caller: Enroller) -> Response:
    """Delete a subject with all its faces."""
    service, gallery = service_of(request), await gallery_of(request, caller)

    def work() -> None:
        names = waiting(service)
        if subject in names:
            keep_waiting(service, names - {subject})
            return
        try:
            gallery.remove(subject)
        except UnknownNameError:
            raise ServiceError("not_found", f"there is no subject {subject}", compreface=11) from None

    await service.run(work)
    return Json({"subject": subject})


@router.delete("")
async def clear(request: Request, caller: Enroller) -> Response:
    """Delete every subject with all faces."""
    service, gallery = service_of(request), await gallery_of(request, caller)

    def work() -> int:
        names = [person.name for person in gallery.people()]
        for name in names:
            gallery.remove(name)
        count = len(names) + len(waiting(service))
        keep_waiting(service, set())
        return count

    return Json({"deleted": await service.run(work)})


def waiting(service: Service) -> set[str]:
    """Names of subjects that have no face yet."""
    with service.database.reading() as connection:
        row = connection.execute("SELECT value FROM meta WHERE key = ?", (_WAITING,)).fetchone()
    return set(json.loads(row[0])) if row else set()


def keep_waiting(service: Service, names: set[str]) -> None:
    """Keep these names, and no others."""
    text = json.dumps(sorted(names), ensure_ascii=False)
    with service.database.writing() as connection:
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_WAITING, text))


def _name(body: dict[str, Any]) -> str:
    try:
        return normal_name(str(body["subject"]))
    except KeyError:
        raise ServiceError("bad_request", "subject: a name is needed", compreface=33) from None
    except InputError as error:
        raise ServiceError("bad_request", f"subject: {error}", compreface=26) from None
