"""Examples of subjects: CompreFace's faces. Their ids are UUIDs that carry our number of the face."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from vultus.errors import InputError, UnknownNameError
from vultus.gallery.record import normal_name
from vultus.service.auth import Caller, needs
from vultus.service.compreface.subjects import keep_waiting, waiting
from vultus.service.compreface.terms import Terms, gallery_of, json_list, seen_of, terms, uploads_of
from vultus.service.envelope import Json, ServiceError
from vultus.service.state import service_of

if TYPE_CHECKING:
    from vultus.gallery.collection import Gallery

router = APIRouter(prefix="/api/v1/recognition/faces")
Reader = Annotated[Caller, Depends(needs("read"))]
Enroller = Annotated[Caller, Depends(needs("enrol"))]
Asked = Annotated[Terms, Depends(terms)]
Subject = Annotated[str, Query(max_length=200)]
_MARK = 8 << 76 | 2 << 62  # a UUID of version 8, whose other bits are our own
_MOST_IDS = 1000


@router.post("", status_code=201)
async def add(request: Request, subject: Subject, caller: Enroller, how: Asked) -> Response:
    """Keep a picture with one face as an example of a subject."""
    service, gallery = service_of(request), await gallery_of(request, caller)
    (upload,) = await uploads_of(request, "file")
    photo, found = await seen_of(request, upload, how)
    if len(found) > 1:
        raise ServiceError("bad_request", "Found more than one face in the given image", compreface=31)

    def work() -> int:
        try:
            outcome = gallery.enroll(normal_name(subject), photo, face="largest", override_quality=True)
        except InputError as error:
            raise ServiceError("bad_request", f"subject: {error}", compreface=26) from None
        if not outcome.accepted:
            raise ServiceError("bad_request", "No face is found in the given image", compreface=28)
        names = waiting(service)
        if subject in names:
            keep_waiting(service, names - {subject})
        return outcome.accepted[0].face_id

    return Json({"image_id": image_id(await service.run(work)), "subject": subject}, 201)


@router.get("")
async def listing(
    request: Request, caller: Reader, subject: Subject = "", page: Annotated[int, Query(ge=0, le=10**9)] = 0,
    size: Annotated[int, Query(ge=1, le=1000)] = 20,
) -> Response:  # fmt: skip
    """Examples, in pages."""
    service, gallery = service_of(request), await gallery_of(request, caller)
    total, rows = await service.run(gallery.enrolled, subject, skip=page * size, limit=size)
    return Json({
        "faces": [{"image_id": image_id(face_id), "subject": name} for face_id, name in rows],
        "page_number": page, "page_size": size, "total_pages": -(-total // size), "total_elements": total,
    })  # fmt: skip


@router.delete("")
async def clear(request: Request, caller: Enroller, subject: Subject = "") -> Response:
    """Delete all examples of a subject, or of all."""
    service, gallery = service_of(request), await gallery_of(request, caller)

    def work() -> int:
        names = [subject] if subject else [person.name for person in gallery.people()]
        return sum(gallery.remove(name) for name in names if gallery.known(name) is not None)

    return Json({"deleted": await service.run(work)})


@router.post("/delete")
async def delete_many(request: Request, caller: Enroller) -> Response:
    """Delete several examples; ids that are not there are passed over."""
    service, gallery = service_of(request), await gallery_of(request, caller)
    ids = await json_list(request)
    if len(ids) > _MOST_IDS:
        raise ServiceError("bad_request", f"at most {_MOST_IDS} ids at once", compreface=26)

    def work() -> list[dict[str, Any]]:
        gone = []
        for one in ids:
            try:
                gone.append(_remove(gallery, str(one)))
            except ServiceError:
                continue
        return gone

    return Json(await service.run(work))


@router.delete("/{image_id}")
async def delete(request: Request, image_id: str, caller: Enroller) -> Response:
    """Delete one example, and the subject with its last one."""
    service, gallery = service_of(request), await gallery_of(request, caller)
    return Json(await service.run(_remove, gallery, image_id))


@router.get("/{image_id}/img", response_class=Response)
async def image(request: Request, image_id: str, caller: Reader) -> Response:
    """The cut-out that was kept of an example, JPEG; empty where none was."""
    service, gallery = service_of(request), await gallery_of(request, caller)

    def work() -> bytes:
        try:
            face_id = face_id_of(image_id)
            return gallery.cut_out(gallery.owner(face_id)[0], face_id)
        except (UnknownNameError, ServiceError):
            return b""

    return Response(await service.run(work), media_type="image/jpeg", headers={"Cache-Control": "private, max-age=300"})


def image_id(face_id: int) -> str:
    """CompreFace's id of a face of ours."""
    return str(uuid.UUID(int=_MARK | face_id))


def face_id_of(text: str) -> int:
    """Our number of a face.

    Raises:
        ServiceError: it is none of our ids.
    """
    try:
        number = uuid.UUID(text).int ^ _MARK
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 62:
        raise ServiceError("not_found", "Image with this id is not found", compreface=11)
    return number


def _remove(gallery: Gallery, text: str) -> dict[str, Any]:
    face_id = face_id_of(text)
    try:
        person_id, name = gallery.owner(face_id)
        try:
            gallery.remove_face(person_id, face_id)
        except UnknownNameError:
            raise
        except InputError:  # the last one
            gallery.remove(name)
    except UnknownNameError:
        raise ServiceError("not_found", "Image with this id is not found", compreface=11) from None
    return {"image_id": image_id(face_id), "subject": name}
