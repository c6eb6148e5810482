"""Counters for Prometheus."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from vultus.service.auth import Caller, needs
from vultus.service.documents import ERRORS
from vultus.service.metrics import CONTENT_TYPE
from vultus.service.state import service_of

router = APIRouter(tags=["metrics"], responses=ERRORS)
_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


@router.get("/metrics", include_in_schema=False)
@router.get("/v1/metrics", response_class=Response, responses=_TEXT)
async def metrics(request: Request, caller: Annotated[Caller, Depends(needs("audit"))]) -> Response:
    """Requests, times, queue and sizes, as Prometheus reads them."""
    service = service_of(request)
    return Response(await service.run(service.metrics.text), media_type=CONTENT_TYPE)
