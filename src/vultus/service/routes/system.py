"""What this service is, who is asking, and which model packs there are."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from vultus.errors import VultusError
from vultus.service.auth import Caller, needs
from vultus.service.cursors import MAX_PAGE
from vultus.service.documents import ERRORS
from vultus.service.envelope import answer
from vultus.service.schema import PackList, SystemAnswer
from vultus.service.state import Service, installed_version, service_of

router = APIRouter(tags=["system"], responses=ERRORS)


@router.get("/v1/system", response_model=SystemAnswer)
async def system(request: Request, caller: Annotated[Caller, Depends(needs())]) -> Response:
    """The service, its limits and defaults, and the key that asks."""
    service = service_of(request)
    settings, inner = service.settings, service.engine.inner
    pack = getattr(inner, "pack", None)
    body = {
        "version": installed_version(), "pack": getattr(pack, "name", settings.pack), "device": settings.device,
        "contract": service.engine.contract, "provider": getattr(inner, "provider", ""), "threads": service.workers,
        "liveness": getattr(pack, "liveness", None) is not None, "calibration": _calibration(service),
        "defaults": {"fmr": settings.fmr, "fpir": settings.fpir, "top": settings.top},
        "limits": {
            "bytes": settings.max_bytes, "pixels": settings.max_pixels, "pictures": settings.max_pictures,
            "request_bytes": settings.max_request_bytes, "deadline_ms": int(settings.deadline_s * 1000),
            "rate_per_s": settings.rate_per_s or None, "page": MAX_PAGE,
        },
        "features": {
            "auth": settings.auth, "fetch_urls": settings.fetch_urls, "compreface": settings.compreface,
            **dict.fromkeys(sorted(service.parts), True),
        },
        "me": {
            "key_id": caller.key_id, "name": caller.name, "roles": list(caller.roles),
            "collections": list(caller.collections), "rate_per_s": caller.rate_per_s,
        },
        "uptime_s": round(time.monotonic() - service.started, 1), "started_at": service.started_at,
    }  # fmt: skip
    return answer(request, body)


@router.get("/v1/packs", response_model=PackList)
async def packs(request: Request, caller: Annotated[Caller, Depends(needs())]) -> Response:
    """Model packs this installation knows, with their licences."""
    service = service_of(request)
    return answer(request, {"items": await service.run(_packs, service)})


def _calibration(service: Service) -> dict[str, Any] | None:
    try:
        found = service.engine.calibration
    except VultusError:
        return None
    return {"calibration_id": found.calibration_id, "dataset": found.dataset, "smallest_fmr": found.smallest_fmr}


def _packs(service: Service) -> list[dict[str, Any]]:
    from vultus.weights.store import verify
    from vultus.weights.table import PACKS, load_pack

    in_use = getattr(getattr(service.engine.inner, "pack", None), "name", None)
    items = []
    for name in PACKS:
        pack = load_pack(name)
        licence = pack.licence
        terms = {"id": licence.id, "use": licence.use, "summary": licence.summary, "url": licence.url}
        there = all(file.status != "missing" for file in verify(pack))
        items.append(
            {"name": name, "title": pack.title, "in_use": name == in_use, "installed": there, "licence": terms}
        )
    return items
