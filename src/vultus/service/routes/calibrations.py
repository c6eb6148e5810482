"""Calibrations: listed, uploaded, chosen, deleted. What they say of groups of people is in their documents."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from vultus.service.auth import Caller, needs
from vultus.service.calibrations import Calibrations, Kept
from vultus.service.cursors import Cursor, Limit, page
from vultus.service.documents import ERRORS
from vultus.service.envelope import answer
from vultus.service.schema import Answer, DeletedAnswer, Page
from vultus.service.state import Service, service_of

router = APIRouter(prefix="/v1/calibrations", tags=["calibrations"], responses=ERRORS)
Reader = Annotated[Caller, Depends(needs("read", "search", "audit"))]
Admin = Annotated[Caller, Depends(needs("admin"))]


class Document(BaseModel):
    """A calibration file, vultus.calibration/1, as `vultus calibrate` writes it."""

    model_config = ConfigDict(extra="allow")
    schema_: Literal["vultus.calibration/1"] = Field(alias="schema")
    sha256: str


class CalibrationItem(BaseModel):
    """A calibration of the service."""

    calibration_id: str
    in_use: bool
    origin: Literal["pack", "uploaded"]
    document: dict[str, Any]


class CalibrationAnswer(Answer, CalibrationItem):
    """One calibration."""


class CalibrationPage(Page):
    """Calibrations, the pack's own first."""

    items: list[CalibrationItem]


def start(service: Service) -> None:
    """Read them, and put the chosen one to use."""
    service.parts["calibrations"] = Calibrations(service.settings, service.database, service.engine)


@router.get("", response_model=CalibrationPage)
async def listing(request: Request, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Every calibration."""
    rows = await service_of(request).run(_kept(request).all)
    return answer(
        request, page(request, rows, limit=limit, cursor=cursor, key=lambda one: one.calibration_id, show=_shown)
    )


@router.post("", response_model=CalibrationAnswer, status_code=201)
async def add(request: Request, document: Document, caller: Admin) -> Response:
    """Keep a calibration file; it is not in use yet."""
    kept = await service_of(request).run(_kept(request).add, document.model_dump(by_alias=True))
    return answer(request, _shown(kept), status=201)


@router.get("/{calibration_id}", response_model=CalibrationAnswer)
async def show(request: Request, calibration_id: str, caller: Reader) -> Response:
    """One calibration."""
    return answer(request, _shown(await service_of(request).run(_kept(request).get, calibration_id)))


@router.post("/{calibration_id}/use", response_model=CalibrationAnswer)
async def use(request: Request, calibration_id: str, caller: Admin) -> Response:
    """Decide by this one from now on."""
    return answer(request, _shown(await service_of(request).run(_kept(request).use, calibration_id)))


@router.delete("/{calibration_id}", response_model=DeletedAnswer)
async def delete(request: Request, calibration_id: str, caller: Admin) -> Response:
    """Remove a calibration that was uploaded and is not in use."""
    await service_of(request).run(_kept(request).delete, calibration_id)
    return answer(request, {"deleted": True})


def _kept(request: Request) -> Calibrations:
    found: Calibrations = service_of(request).parts["calibrations"]
    return found


def _shown(kept: Kept) -> dict[str, Any]:
    return {
        "calibration_id": kept.calibration_id, "in_use": kept.in_use, "origin": kept.origin, "document": kept.document,
    }  # fmt: skip
