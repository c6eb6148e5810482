"""CompreFace's REST API, version 1, over a collection of ours: subjects, faces, recognise, verify, detect.

Source: docs/Rest-API-description.md of exadel-inc/CompreFace. docs/migrating.md tells what differs: similarities are
raw cosines, whoever is below the threshold has no subject, and there is no age, gender or mask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from vultus.service.compreface import faces, looking, subjects

if TYPE_CHECKING:
    from vultus.service.envelope import ServiceError

router = APIRouter(tags=["CompreFace"])
for part in (subjects, faces, looking):
    router.include_router(part.router)

# Its numbers of errors (CommonExceptionCode), for ours.
_CODES = {
    "unauthenticated": 20, "forbidden": 10, "not_found": 11, "no_face": 28, "unreadable_picture": 21,
    "unsupported_media_type": 21, "too_large": 21, "invalid_request": 26, "internal": 41,
}  # fmt: skip


def error_body(error: ServiceError) -> dict[str, Any]:
    """An error as CompreFace tells it."""
    return {"message": error.message, "code": error.details.get("compreface", _CODES.get(error.code, 0))}
