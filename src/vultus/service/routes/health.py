"""Whether the service lives and takes requests; the only answers that need no key."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from vultus.service.envelope import Json
from vultus.service.schema import HealthAnswer
from vultus.service.state import installed_version, service_of

router = APIRouter(tags=["health"])


@router.get("/v1/health", response_model=HealthAnswer, responses={503: {"model": HealthAnswer}})
async def health(request: Request) -> Response:
    """Ready for requests (200), or being stopped (503)."""
    draining = service_of(request).draining.is_set()
    body = {"status": "draining" if draining else "ok", "ready": not draining, "version": installed_version()}
    return Json(body, 503 if draining else 200)


@router.get("/v1/health/live", response_model=HealthAnswer)
async def live(request: Request) -> Response:
    """The process lives."""
    draining = service_of(request).draining.is_set()
    return Json({"status": "draining" if draining else "ok", "ready": not draining, "version": installed_version()})
