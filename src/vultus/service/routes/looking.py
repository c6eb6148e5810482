"""Looking at pictures without a collection: detect, embeddings, compare."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from vultus.errors import ImageError
from vultus.service import shapes
from vultus.service.auth import Caller, needs
from vultus.service.documents import ERRORS, takes
from vultus.service.envelope import ServiceError, answer, of
from vultus.service.fields import CompareFields, DetectFields
from vultus.service.pictures import form_of, one, some
from vultus.service.schema import CompareAnswer, DetectAnswer, EmbedAnswer
from vultus.service.state import service_of
from vultus.types import FAILURE_TO_ACQUIRE, Decision, Face, prominent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.gallery.photo import Photo
    from vultus.service.decode import Upload
    from vultus.service.state import Service

router = APIRouter(tags=["pictures"], responses=ERRORS)
Looker = Annotated[Caller, Depends(needs("search", "enrol"))]
EXAMPLE = {"base64": "/9j/4AAQSkZJRg==", "filename": "party.jpg"}

Seen = tuple["Photo", list[Face]]


async def look(
    request: Request, uploads: Sequence[Upload], *, embed: bool = True, max_faces: int | None = None
) -> list[Seen | ServiceError]:
    """The pixels and faces of each picture, or why there are none.

    Raises:
        ServiceError: too many are waiting, or the request has run out of time.
    """
    service: Service = service_of(request)
    request.scope["state"]["timed"] = True

    async def see(upload: Upload) -> Seen | ServiceError:
        try:
            photo = await service.pictures.read(upload)
            faces = await asyncio.wrap_future(service.engine.submit(photo, embed=embed))
        except (ServiceError, ImageError) as error:
            told = of(error)
            if told.code not in ("unreadable_picture", "too_large"):
                raise told from None
            return told
        return photo, largest(faces, max_faces)

    return list(await asyncio.gather(*map(see, uploads)))


async def look_at(request: Request, upload: Upload, *, max_faces: int | None = None) -> Seen:
    """The pixels and faces of one picture.

    Raises:
        ServiceError: it cannot be read, and as in `look`.
    """
    (seen,) = await look(request, [upload], max_faces=max_faces)
    if isinstance(seen, ServiceError):
        raise seen
    return seen


def largest(faces: list[Face], count: int | None) -> list[Face]:
    """The largest ones, in the order they were in."""
    if count is None or len(faces) <= count:
        return faces
    kept = {id(face) for face in sorted(faces, key=lambda face: -face.box.area)[:count]}
    return [face for face in faces if id(face) in kept]


@router.post("/v1/detect", response_model=DetectAnswer,
             openapi_extra=takes(DetectFields, many="images", example={"images": [EXAMPLE]}))  # fmt: skip
async def detect(request: Request, caller: Looker) -> Response:
    """The faces of pictures."""
    form = await form_of(request, DetectFields, "images")
    uploads = some(form)
    seen = await look(request, uploads, embed=False, max_faces=form.fields.max_faces)
    return answer(request, {"pictures": _pictures(uploads, seen)})


@router.post("/v1/embeddings", response_model=EmbedAnswer,
             openapi_extra=takes(DetectFields, many="images", example={"images": [EXAMPLE]}))  # fmt: skip
async def embeddings(request: Request, caller: Looker) -> Response:
    """The faces of pictures with their embeddings: biometric data, treat them so."""
    form = await form_of(request, DetectFields, "images")
    uploads = some(form)
    seen = await look(request, uploads, max_faces=form.fields.max_faces)
    lengths = [
        len(face.embedding.vector) for item in seen if not isinstance(item, ServiceError) for face in item[1]
        if face.embedding is not None
    ]  # fmt: skip
    body = {
        "contract": service_of(request).engine.contract, "dimension": next(iter(lengths), None),
        "pictures": _pictures(uploads, seen, embedding=True),
    }  # fmt: skip
    return answer(request, body)


@router.post("/v1/compare", response_model=CompareAnswer,
             openapi_extra=takes(CompareFields, one=("image_a", "image_b"),
                                 example={"image_a": EXAMPLE, "image_b": EXAMPLE, "fmr": 0.001}))  # fmt: skip
async def compare(request: Request, caller: Looker) -> Response:
    """Whether the most prominent faces of two pictures are of one person."""
    form = await form_of(request, CompareFields, "image_a", "image_b")
    service = service_of(request)
    uploads = [one(form, "image_a"), one(form, "image_b")]
    fmr = form.fields.fmr or service.settings.fmr
    calibration = service.engine.calibration
    threshold = calibration.threshold(fmr)
    seen = await look(request, uploads)
    sides, vectors, why = [], [], ""
    for upload, item in zip(uploads, seen, strict=True):
        if isinstance(item, ServiceError):
            raise item
        photo, faces = item
        main = prominent(faces)
        picture = shapes.picture(upload, photo, _faces(faces, photo))
        sides.append({"picture": picture, "face": None if main is None else faces.index(main)})
        vectors.append(None if main is None else main.embedding)
        why = why or reason(main)
    first, second = vectors
    if first is None or second is None:
        made = Decision(False, None, threshold, fmr, calibration.calibration_id, reason=why)
    else:
        similarity = first.similarity(second)
        made = Decision(similarity >= threshold, similarity, threshold, fmr, calibration.calibration_id)
    return answer(request, {"decision": shapes.decision(made), "a": sides[0], "b": sides[1]})


def reason(face: Face | None) -> str:
    """Why a face cannot be compared; "" if it can."""
    if face is None:
        return FAILURE_TO_ACQUIRE
    if face.embedding is None:
        return face.liveness.reason if face.liveness is not None and face.liveness.reason else FAILURE_TO_ACQUIRE
    return ""


def _faces(faces: Sequence[Face], photo: Photo, *, embedding: bool = False) -> list[dict[str, Any]]:
    return [shapes.face(face, index, photo, embedding=embedding) for index, face in enumerate(faces)]


def _pictures(
    uploads: Sequence[Upload], seen: Sequence[Seen | ServiceError], *, embedding: bool = False
) -> list[dict[str, Any]]:
    return [
        shapes.unread(upload, item)
        if isinstance(item, ServiceError)
        else shapes.picture(upload, item[0], _faces(item[1], item[0], embedding=embedding))
        for upload, item in zip(uploads, seen, strict=True)
    ]
