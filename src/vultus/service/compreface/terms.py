"""What CompreFace's addresses have in common: the query, the picture in the body, and how a face is told."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Query, Request

from vultus.service.auth import Caller
from vultus.service.decode import Upload
from vultus.service.envelope import ServiceError
from vultus.service.pictures import form_of, one
from vultus.service.routes.looking import Seen, largest, look
from vultus.service.schema import Fields
from vultus.service.state import Service, service_of

if TYPE_CHECKING:
    from vultus.gallery.collection import Gallery
    from vultus.types import Face

PLUGINS = ("landmarks", "calculator", "pose", "detector")
Body = TypeVar("Body", dict[str, Any], list[Any])
_LONGEST_TEXT = 100_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """The query of a call that looks at a picture.

    Attributes:
        limit: faces at most, the largest; 0 for all.
        sure: score that a face must have.
        plugins: what to tell besides, of `PLUGINS`.
        status: tell times and versions too.
    """

    limit: int
    sure: float
    plugins: frozenset[str]
    status: bool


def terms(
    limit: Annotated[int, Query(ge=0, le=10_000)] = 0,
    det_prob_threshold: Annotated[float, Query(ge=0, le=1)] = 0.0,
    face_plugins: Annotated[str, Query(max_length=200)] = "",
    status: bool = False,
    detect_faces: bool = True,
) -> Terms:
    """The query, checked.

    Raises:
        ServiceError: a plugin is not offered, or faces shall not be detected.
    """
    wanted = frozenset(word.strip() for word in face_plugins.split(",") if word.strip())
    if missing := sorted(wanted - {*PLUGINS}):
        raise ServiceError("bad_request", f"plugins not offered here: {', '.join(missing)}", compreface=26)
    if not detect_faces:
        raise ServiceError("bad_request", "a picture is never taken for a face unseen: detect_faces", compreface=26)
    return Terms(limit, det_prob_threshold, wanted, status)


async def gallery_of(request: Request, caller: Caller) -> Gallery:
    """The gallery these addresses speak of."""
    service = service_of(request)
    return await service.run(service.gallery, caller, service.settings.compreface_collection)


async def uploads_of(request: Request, *names: str) -> list[Upload]:
    """One picture for each field, of a form or of JSON with base64 text.

    Raises:
        ServiceError: one is missing, or cannot be taken out.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        body = await json_of(request)
        return [Upload(index, name, _bytes(name, body.get(name))) for index, name in enumerate(names)]
    form = await form_of(request, Fields, *names)
    return [one(form, name) for name in names]


async def json_of(request: Request) -> dict[str, Any]:
    """The JSON object in the body.

    Raises:
        ServiceError: there is none.
    """
    return await _json(request, dict, "a JSON object")


async def json_list(request: Request) -> list[Any]:
    """The JSON list in the body.

    Raises:
        ServiceError: there is none.
    """
    return await _json(request, list, "a JSON list")


async def _json(request: Request, kind: type[Body], told: str) -> Body:
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, kind):
        raise ServiceError("bad_request", f"the body must be {told}", compreface=26)
    return body


def _bytes(name: str, text: object) -> bytes:
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
        raise ServiceError("bad_request", f"{name}: a picture as base64 text is needed", compreface=33)
    try:
        return base64.b64decode(text.partition(",")[2] if text.startswith("data:") else text, validate=True)
    except (binascii.Error, ValueError):
        raise ServiceError("bad_request", f"{name}: this is no base64", compreface=26) from None


async def faces_of(request: Request, upload: Upload, how: Terms, *, embed: bool = True) -> list[Face]:
    """The faces of a picture, largest first; errors as of `seen_of`."""
    return (await seen_of(request, upload, how, embed=embed))[1]


async def seen_of(request: Request, upload: Upload, how: Terms, *, embed: bool = True) -> Seen:
    """The pixels of a picture and its faces, largest first.

    Raises:
        ServiceError: it cannot be read, or shows nobody.
    """
    (seen,) = await look(request, [upload], embed=embed)
    if isinstance(seen, ServiceError):
        raise ServiceError("bad_request", seen.message, compreface=21)
    kept = [face for face in seen[1] if face.score >= how.sure and (face.embedding is not None or not embed)]
    if not kept:
        raise ServiceError("bad_request", "No face is found in the given image", compreface=28)
    return seen[0], sorted(largest(kept, how.limit or None), key=lambda face: -face.box.area)


def told(service: Service, face: Face, how: Terms) -> dict[str, Any]:
    """A face with what the plugins add."""
    left, top, right, bottom = (round(float(edge)) for edge in face.box.xyxy)
    row: dict[str, Any] = {
        "box": {"probability": round(face.score, 5), "x_max": right, "y_max": bottom, "x_min": left, "y_min": top}
    }
    if "landmarks" in how.plugins:
        row["landmarks"] = [[round(float(x)), round(float(y))] for x, y in face.landmarks]
    if "calculator" in how.plugins and face.embedding is not None:
        row["embedding"] = [float(value) for value in face.embedding.vector]
    if "pose" in how.plugins:
        angles = {name: face.quality.measures.get(f"{name}_deg") for name in ("pitch", "roll", "yaw")}
        row["pose"] = {name: round(angle, 3) for name, angle in angles.items() if angle is not None}
    return row


def whole(service: Service, result: list[dict[str, Any]], how: Terms) -> dict[str, Any]:
    """An answer with its results."""
    if not how.status:
        return {"result": result}
    return {"result": result, "plugins_versions": {"detector": service.engine.contract,
                                                   "calculator": service.engine.contract}}  # fmt: skip
