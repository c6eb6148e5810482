"""Audit logs: of a collection, and of the service's own calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from vultus.gallery.audit import ACTIONS
from vultus.service.auth import Caller, needs
from vultus.service.cursors import Cursor, Limit, page
from vultus.service.documents import ERRORS
from vultus.service.envelope import ServiceError, answer
from vultus.service.keystore import ALL
from vultus.service.schema import Answer, Page
from vultus.service.state import service_of

if TYPE_CHECKING:
    from vultus.gallery.audit import Entry
    from vultus.gallery.collection import Gallery
    from vultus.service.calls import CallLog
    from vultus.service.state import Service

router = APIRouter(prefix="/v1/audit", tags=["audit"], responses=ERRORS)
Auditor = Annotated[Caller, Depends(needs("audit"))]
Collection = Annotated[
    str | None, Query(max_length=60, description="Whose log; without, the log of the service's own calls.")
]
Moment = Annotated[str | None, Query(max_length=40, description="ISO 8601, UTC, as the log has it.")]


class EntryShape(BaseModel):
    """One line of a log; it holds no names, templates or pictures."""

    seq: int
    at: str
    actor: str = Field(description="key:<id> for calls of this service")
    action: str
    subjects: list[int] = Field(description="numbers of people")
    purpose: str
    detail: dict[str, Any]
    collection_id: str | None


class EntryPage(Page):
    """Lines, newest first."""

    items: list[EntryShape]


class VerdictAnswer(Answer):
    """Whether the log was tampered with."""

    ok: bool
    head: str = Field(description="note it somewhere else: later it must still be there")
    problems: list[str]
    notes: list[str]
    keyed: bool


@router.get("", response_model=EntryPage)
async def listing(
    request: Request, caller: Auditor, collection_id: Collection = None, limit: Limit = 50, cursor: Cursor = None,
    action: Annotated[str | None, Query(max_length=40)] = None, after: Moment = None, before: Moment = None,
) -> Response:  # fmt: skip
    """Lines of a log, newest first."""
    if action is not None and action not in ACTIONS:
        raise ServiceError("invalid_request", f"action: known are {', '.join(ACTIONS)}")
    service = service_of(request)
    log = await service.run(_log, service, caller, collection_id)

    def rows(last: Any, count: int) -> list[Entry]:
        return log.newest_lines(below=last, count=count, action=action, after=after, before=before)

    def whole() -> dict[str, Any]:
        return page(
            request, rows, limit=limit, cursor=cursor, key=lambda entry: entry.seq,
            show=lambda entry: _shown(entry, collection_id),
        )  # fmt: skip

    return answer(request, await service.run(whole))


@router.get("/verify", response_model=VerdictAnswer)
async def verify(request: Request, caller: Auditor, collection_id: Collection = None) -> Response:
    """Look for lines that were edited, removed or moved."""
    service = service_of(request)
    log = await service.run(_log, service, caller, collection_id)
    found = await service.run(log.verify_log)
    body = {
        "ok": not found.problems, "head": str(found.head), "problems": list(found.problems),
        "notes": list(found.notes), "keyed": found.keyed,
    }  # fmt: skip
    return answer(request, body)


def _log(service: Service, caller: Caller, collection_id: str | None) -> Gallery | CallLog:
    """Who keeps the log; that of all calls is for keys that reach every collection."""
    if collection_id is not None:
        return service.gallery(caller, collection_id)
    if not caller.reaches(ALL):
        raise ServiceError("forbidden", "this key is for some collections: say which, with collection_id")
    return service.log


def _shown(entry: Entry, collection_id: str | None) -> dict[str, Any]:
    return {
        "seq": entry.seq, "at": entry.at, "actor": entry.actor, "action": entry.action,
        "subjects": list(entry.subjects), "purpose": entry.purpose, "detail": dict(entry.detail),
        "collection_id": collection_id,
    }  # fmt: skip
