"""What a service says about itself: parts of the answer of /v1/system and /v1/packs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

Role = Literal["admin", "enrol", "search", "read", "audit"]


class LicenceShape(BaseModel):
    """Licence of a pack's weights."""

    id: str
    use: str
    summary: str
    url: str


class PackShape(BaseModel):
    """A model pack."""

    name: str
    title: str
    in_use: bool
    installed: bool
    licence: LicenceShape


class CalibrationShape(BaseModel):
    """The thresholds in use."""

    calibration_id: str
    dataset: str
    smallest_fmr: float


class DefaultsShape(BaseModel):
    """What a request gets that does not say."""

    fmr: float
    fpir: float
    top: int


class LimitsShape(BaseModel):
    """What a request may be."""

    bytes: int
    pixels: int
    pictures: int
    request_bytes: int
    deadline_ms: int
    rate_per_s: float | None
    page: int


class MeShape(BaseModel):
    """Who is asking."""

    key_id: str
    name: str
    roles: list[Role]
    collections: list[str]
    rate_per_s: float | None
