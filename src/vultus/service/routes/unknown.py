"""Unknown people of a collection: faces that nobody has named, grouped, named, corrected and forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from vultus.errors import InputError, UnknownNameError
from vultus.service import shapes
from vultus.service.auth import Caller, needs
from vultus.service.cursors import Cursor, Limit, page
from vultus.service.documents import ERRORS, takes
from vultus.service.envelope import ServiceError, answer
from vultus.service.pictures import form_of, some
from vultus.service.routes.looking import EXAMPLE
from vultus.service.schema import Number
from vultus.service.state import service_of
from vultus.service.strangers import (
    ForgottenAnswer,
    GroupAnswer,
    GroupFacesAnswer,
    GroupFields,
    GroupPage,
    GroupsAnswer,
    JoinFields,
    KeepAnswer,
    KeepFields,
    NamedAnswer,
    NameFields,
    RejectedAnswer,
    RejectFields,
    SplitFields,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vultus.gallery.collection import Gallery
    from vultus.gallery.record import Kept
    from vultus.gallery.unnamed import Group

router = APIRouter(prefix="/v1/collections/{collection_id}/unknown", tags=["unknown"], responses=ERRORS)
Reader = Annotated[Caller, Depends(needs("read"))]
Enroller = Annotated[Caller, Depends(needs("enrol"))]
_SHOWN = 8


@router.get("", response_model=GroupPage)
async def listing(
    request: Request, collection_id: str, caller: Reader, limit: Limit = 50, cursor: Cursor = None,
    at_least: Annotated[int, Query(ge=1, le=10**9, description="Groups with so many faces or more.")] = 1,
    suggest: Annotated[bool, Query(description="Say whom groups probably are.")] = False,
) -> Response:  # fmt: skip
    """Groups of unknown faces, the largest first."""
    service = service_of(request)
    gallery = await service.run(service.gallery, caller, collection_id)

    def whole() -> dict[str, Any]:
        probably = gallery.unknown.suggest(service.settings.fpir) if suggest else {}
        found = page(
            request, gallery.unknown.groups(at_least), limit=limit, cursor=cursor, key=lambda group: group.group_id,
            show=lambda group: group,
        )  # fmt: skip
        return {**found, "items": _groups(gallery, found["items"], probably)}

    return answer(request, await service.run(whole))


@router.post("", response_model=KeepAnswer, openapi_extra=takes(
    KeepFields, many="images", example={"images": [EXAMPLE]}))  # fmt: skip
async def keep(request: Request, collection_id: str, caller: Enroller) -> Response:
    """Keep the faces of these pictures that are of nobody known."""
    service = service_of(request)
    gallery = await service.run(service.gallery, caller, collection_id)
    form = await form_of(request, KeepFields, "images")
    uploads, fields = some(form), form.fields
    request.scope["state"]["timed"] = True
    read = await service.pictures.read_all(uploads)
    photos = [photo for photo in read if not isinstance(photo, ServiceError)]
    fpir = fields.fpir or service.settings.fpir

    def work() -> list[Kept]:
        return list(gallery.unknown.add(iter(photos), fpir=fpir, override_quality=fields.override_quality))

    kept = iter(await service.run(work))
    pictures = []
    for upload, item in zip(uploads, read, strict=True):
        row = {"index": upload.index, "filename": upload.filename}
        if isinstance(item, ServiceError):
            error = {"code": item.code, "message": item.message}
            pictures.append({**row, "face_ids": [], "known": [], "repeated": 0, "refused": 0, "error": error})
        else:
            pictures.append({**row, **_kept(next(kept))})
    return answer(request, {"pictures": pictures})


@router.delete("", response_model=ForgottenAnswer)
async def forget_old(
    request: Request, collection_id: str, caller: Enroller,
    older_than_days: Annotated[float, Query(ge=0, lt=1e6, description="0 forgets all.")],
) -> Response:  # fmt: skip
    """Forget unknown faces that were kept for longer."""
    service = service_of(request)
    gallery = await service.run(service.gallery, caller, collection_id)
    forgotten = await service.run(gallery.unknown.forget, older_than_days=older_than_days)
    return answer(request, {"forgotten": forgotten})


@router.post("/group", response_model=GroupsAnswer)
async def group(request: Request, collection_id: str, fields: GroupFields, caller: Enroller) -> Response:
    """Find out which unknown faces are one person; what people said stays true."""
    service = service_of(request)
    gallery = await service.run(service.gallery, caller, collection_id)
    groups = await service.run(gallery.unknown.group, fields.fmr, anew=fields.anew)
    return answer(request, {"groups": groups})


@router.post("/join", response_model=GroupAnswer)
async def join(request: Request, collection_id: str, fields: JoinFields, caller: Enroller) -> Response:
    """Say that several groups are one person."""
    service = service_of(request)
    gallery = await service.run(service.gallery, caller, collection_id)
    return answer(request, {"group_id": await service.run(gallery.unknown.join, fields.group_ids)})


@router.get("/{group_id}", response_model=GroupFacesAnswer)
async def show(request: Request, collection_id: str, group_id: Number, caller: Reader) -> Response:
    """The faces of a group, oldest first."""
    service = service_of(request)
    gallery = await service.run(service.gallery, caller, collection_id)

    def whole() -> dict[str, Any]:
        faces, shown = gallery.unknown.faces(group_id), gallery.unknown.cut_outs(group_id)
        rows = [shapes.face_record(face, has_image=face.face_id in shown) for face in faces]
        return {"group_id": group_id, "faces": rows}

    return answer(request, await service.run(whole))


@router.delete("/{group_id}", response_model=ForgottenAnswer)
async def forget(request: Request, collection_id: str, group_id: Number, caller: Enroller) -> Response:
    """Forget the faces of a group."""
    service = service_of(request)
    gallery = await service.run(service.gallery, caller, collection_id)
    return answer(request, {"forgotten": await service.run(gallery.unknown.forget, [group_id])})


@router.get("/{group_id}/faces/{face_id}/image", response_class=Response, responses={
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}})  # fmt: skip
async def image(request: Request, collection_id: str, group_id: Number, face_id: Number, caller: Reader) -> Response:
    """The cut-out that was kept of a face, JPEG."""
    service = service_of(request)
    gallery = await service.run(service.gallery, caller, collection_id)
    jpeg = await service.run(gallery.cut_out, None, face_id)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=300"})


@router.post("/{group_id}/name", response_model=NamedAnswer)
async def name(
    request: Request, collection_id: str, group_id: Number, fields: NameFields, caller: Enroller
) -> Response:
    """Enrol the faces of a group as those of a person, new or known."""
    service = service_of(request)
    gallery = await service.run(service.gallery, caller, collection_id)

    def work() -> dict[str, Any]:
        try:
            named = gallery.unknown.name(group_id, fields.name, metadata=fields.metadata)
        except UnknownNameError:
            raise
        except InputError as error:
            raise ServiceError("conflict", str(error)) from None
        known = gallery.known(named.name)
        found = shapes.person(*gallery.one(known.person_id)) if known else None
        return {"person": found, "face_ids": list(named.face_ids), "left": list(named.left)}

    return answer(request, await service.run(work))


@router.post("/{group_id}/reject", response_model=RejectedAnswer)
async def reject(
    request: Request, collection_id: str, group_id: Number, fields: RejectFields, caller: Enroller
) -> Response:
    """Say that a group, or some of its faces, is not this person."""
    service = service_of(request)
    gallery = await service.run(service.gallery, caller, collection_id)

    def work() -> int:
        return gallery.unknown.reject(group_id, gallery.named(fields.person_id), fields.face_ids)

    return answer(request, {"faces": await service.run(work)})


@router.post("/{group_id}/split", response_model=GroupAnswer)
async def split(
    request: Request, collection_id: str, group_id: Number, fields: SplitFields, caller: Enroller
) -> Response:
    """Say that some faces of a group are not the person that the others are."""
    service = service_of(request)
    gallery = await service.run(service.gallery, caller, collection_id)
    return answer(request, {"group_id": await service.run(gallery.unknown.split, group_id, fields.face_ids)})


def _groups(gallery: Gallery, groups: Sequence[Group], probably: Mapping[int, str]) -> list[dict[str, Any]]:
    best = gallery.unknown.best([group.group_id for group in groups], _SHOWN) if groups else {}
    rows = []
    for group in groups:
        name = probably.get(group.group_id)
        known = gallery.known(name) if name else None
        rows.append({
            "group_id": group.group_id, "n_faces": group.n_faces, "face_ids": best.get(group.group_id, []),
            "sources": list(group.sources), "first_at": group.first_at, "last_at": group.last_at,
            "probably": {"person_id": known.person_id, "name": known.name} if known else None,
        })  # fmt: skip
    return rows


def _kept(kept: Kept) -> dict[str, Any]:
    error = {"code": "unreadable_picture", "message": kept.error} if kept.error else None
    return {
        "face_ids": list(kept.face_ids), "known": list(kept.known), "repeated": kept.repeated,
        "refused": kept.refused, "error": error,
    }  # fmt: skip
