"""Faces of one person: listed, added, removed, shown."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from vultus.errors import InputError, UnknownNameError
from vultus.service import shapes
from vultus.service.auth import Caller, needs
from vultus.service.cursors import Cursor, Limit, page
from vultus.service.documents import ERRORS, takes
from vultus.service.envelope import ServiceError, answer
from vultus.service.fields import FacesFields
from vultus.service.pictures import form_of, some
from vultus.service.routes.looking import EXAMPLE
from vultus.service.routes.persons import settle
from vultus.service.schema import DeletedAnswer, EnrolAnswer, FaceRecordAnswer, FaceRecordPage, Number
from vultus.service.state import service_of

router = APIRouter(prefix="/v1/collections/{collection_id}/persons/{person_id}/faces", tags=["faces"], responses=ERRORS)
Reader = Annotated[Caller, Depends(needs("read"))]
Enroller = Annotated[Caller, Depends(needs("enrol"))]


@router.get("", response_model=FaceRecordPage)
async def listing(
    request: Request, collection_id: str, person_id: Number, caller: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Faces of a person, oldest first."""
    service = service_of(request)
    gallery = await service.reach(caller, collection_id)

    def whole() -> dict[str, Any]:
        name = gallery.named(person_id)
        shown = gallery.portraits(name)
        return page(
            request, gallery.faces(name), limit=limit, cursor=cursor, key=lambda face: face.face_id,
            show=lambda face: shapes.face_record(face, has_image=face.face_id in shown),
        )  # fmt: skip

    return answer(request, await service.run(whole))


@router.post("", response_model=EnrolAnswer, responses={201: {"model": EnrolAnswer}}, openapi_extra=takes(
    FacesFields, many="images", example={"images": [EXAMPLE], "face": "largest"}))  # fmt: skip
async def add(request: Request, collection_id: str, person_id: Number, caller: Enroller) -> Response:
    """Add faces to a person. What cannot be taken is told picture by picture."""
    service = service_of(request)
    gallery = await service.reach(caller, collection_id)
    name = await service.run(gallery.named, person_id)
    form = await form_of(request, FacesFields, "images")
    fields = form.fields

    def work(photos: list[Any]) -> Any:
        # Whoever was removed meanwhile is not made again.
        gallery.named(person_id)
        return gallery.enroll(name, photos, override_quality=fields.override_quality, face=fields.face)

    return await settle(request, gallery, some(form), work, name)


@router.get("/{face_id}", response_model=FaceRecordAnswer)
async def show(request: Request, collection_id: str, person_id: Number, face_id: Number, caller: Reader) -> Response:
    """One face."""
    service = service_of(request)
    gallery = await service.reach(caller, collection_id)

    def whole() -> dict[str, Any]:
        shown = gallery.portraits(gallery.named(person_id))
        return shapes.face_record(gallery.face(person_id, face_id), has_image=face_id in shown)

    return answer(request, await service.run(whole))


@router.delete("/{face_id}", response_model=DeletedAnswer)
async def remove(
    request: Request, collection_id: str, person_id: Number, face_id: Number, caller: Enroller
) -> Response:
    """Remove one face of a person; the last one goes with the person only."""
    service = service_of(request)
    gallery = await service.reach(caller, collection_id)
    try:
        await service.run(gallery.remove_face, person_id, face_id)
    except UnknownNameError:
        raise
    except InputError as error:
        raise ServiceError("conflict", str(error)) from None
    return answer(request, {"deleted": True, "faces": 1})


@router.get("/{face_id}/image", response_class=Response, responses={
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}})  # fmt: skip
async def image(request: Request, collection_id: str, person_id: Number, face_id: Number, caller: Reader) -> Response:
    """The cut-out that was kept of a face, JPEG."""
    service = service_of(request)
    gallery = await service.reach(caller, collection_id)
    jpeg = await service.run(gallery.cut_out, person_id, face_id)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=300"})
