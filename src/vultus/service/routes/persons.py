"""People of a collection: listed, enrolled, changed, removed, verified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from vultus.errors import NameClashError, UnknownNameError
from vultus.gallery.retention import Consent
from vultus.service import shapes
from vultus.service.auth import Caller, needs
from vultus.service.cursors import Cursor, Limit, page
from vultus.service.documents import ERRORS, takes
from vultus.service.envelope import ServiceError, answer
from vultus.service.fields import CompareFields, EnrolFields, PersonFields
from vultus.service.pictures import form_of, one, some
from vultus.service.routes.looking import EXAMPLE, look_at
from vultus.service.schema import DeletedAnswer, EnrolAnswer, Number, PersonAnswer, PersonPage, VerifyAnswer
from vultus.service.state import service_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.gallery.collection import Gallery
    from vultus.gallery.photo import Photo
    from vultus.gallery.record import Enrolment
    from vultus.service.decode import Upload
    from vultus.types import Decision, Face

    OnClash = Literal["add", "error", "replace"]

router = APIRouter(prefix="/v1/collections/{collection_id}/persons", tags=["persons"], responses=ERRORS)
Reader = Annotated[Caller, Depends(needs("read"))]
Enroller = Annotated[Caller, Depends(needs("enrol"))]
Searcher = Annotated[Caller, Depends(needs("search"))]
Words = Annotated[str, Query(max_length=200, description="A part of the name.")]


@router.get("", response_model=PersonPage)
async def listing(
    request: Request, collection_id: str, caller: Reader, q: Words = "", tag: Annotated[str, Query(max_length=60)] = "",
    limit: Limit = 50, cursor: Cursor = None,
) -> Response:  # fmt: skip
    """People by name."""
    service = service_of(request)
    gallery = await service.reach(caller, collection_id)

    def rows(after: Any, count: int) -> Any:
        return gallery.listing(after=str(after or ""), limit=count, words=q, tag=tag)

    def whole() -> dict[str, Any]:
        return page(
            request, rows, limit=limit, cursor=cursor, key=lambda row: row[0].name,
            show=lambda row: shapes.person(*row), total=gallery.passing_words(q, tag),
        )  # fmt: skip

    return answer(request, await service.run(whole))


@router.post("", response_model=EnrolAnswer, responses={201: {"model": EnrolAnswer}}, openapi_extra=takes(
    EnrolFields, many="images", example={"name": "Ada", "images": [EXAMPLE], "tags": ["staff"]}))  # fmt: skip
async def enrol(request: Request, collection_id: str, caller: Enroller) -> Response:
    """Enrol somebody. What cannot be taken is told picture by picture, and the others are taken all the same."""
    service = service_of(request)
    gallery = await service.reach(caller, collection_id)
    form = await form_of(request, EnrolFields, "images")
    fields = form.fields

    def work(photos: list[Photo]) -> Enrolment:
        try:
            return _enrol(gallery, fields, photos, fields.on_clash)
        except NameClashError:
            if not _there(gallery, fields.name, photos):
                raise
            # The same request once more, whose first answer was lost: nothing is computed for it.
            return _enrol(gallery, fields, photos, "add")

    return await settle(request, gallery, some(form), work, fields.name)


async def settle(request: Request, gallery: Gallery, uploads: Sequence[Upload], work: Any, name: str) -> Response:
    """Decode pictures, enrol those that can be read, and tell what became of each."""
    service = service_of(request)
    request.scope["state"]["timed"] = True
    photos = await service.pictures.read_all(uploads)
    good = [
        (upload, photo) for upload, photo in zip(uploads, photos, strict=True) if not isinstance(photo, ServiceError)
    ]
    rejected: list[dict[str, Any]] = [
        {"index": upload.index, "filename": upload.filename, "reasons": [_why(error)], "message": error.message,
         "repeated": False}
        for upload, error in zip(uploads, photos, strict=True) if isinstance(error, ServiceError)
    ]  # fmt: skip
    accepted: list[dict[str, Any]] = []
    if good:
        done: Enrolment = await service.run(work, [photo for _, photo in good])
        taken, refused = _by_picture(done, [upload for upload, _ in good])
        accepted += taken
        rejected = sorted([*rejected, *refused], key=lambda item: item["index"])
    person = await service.run(_person, gallery, name) if accepted else None
    body = {"person": person, "accepted": accepted, "rejected": rejected}
    return answer(request, body, status=201 if any(not item["repeated"] for item in accepted) else 200)


@router.get("/{person_id}", response_model=PersonAnswer)
async def show(request: Request, collection_id: str, person_id: Number, caller: Reader) -> Response:
    """One person."""
    service = service_of(request)
    gallery = await service.reach(caller, collection_id)
    return answer(request, shapes.person(*await service.run(gallery.one, person_id)))


@router.patch("/{person_id}", response_model=PersonAnswer)
async def change(
    request: Request, collection_id: str, person_id: Number, fields: PersonFields, caller: Enroller
) -> Response:
    """Change what is given, and leave the rest; notes are joined."""
    service = service_of(request)
    gallery = await service.reach(caller, collection_id)
    await service.run(_change, gallery, person_id, fields)
    return answer(request, shapes.person(*await service.run(gallery.one, person_id)))


@router.delete("/{person_id}", response_model=DeletedAnswer)
async def remove(request: Request, collection_id: str, person_id: Number, caller: Enroller) -> Response:
    """Remove somebody with all templates and cut-outs; the bytes are overwritten."""
    service = service_of(request)
    gallery = await service.reach(caller, collection_id)
    faces = await service.run(lambda: gallery.remove(gallery.named(person_id)))
    return answer(request, {"deleted": True, "faces": faces})


@router.post("/{person_id}/verify", response_model=VerifyAnswer,
             openapi_extra=takes(CompareFields, one=("image",), example={"image": EXAMPLE, "fmr": 0.001}))  # fmt: skip
async def verify(request: Request, collection_id: str, person_id: Number, caller: Searcher) -> Response:
    """Whether the most prominent face of a picture is this person."""
    service = service_of(request)
    gallery = await service.reach(caller, collection_id)
    name = await service.run(gallery.named, person_id)
    form = await form_of(request, CompareFields, "image")
    fmr = form.fields.fmr or service.settings.fmr
    service.engine.calibration.threshold(fmr)  # a rate that cannot be had is told before any work
    upload = one(form, "image")
    photo, faces = await look_at(request, upload)
    made: Decision = await service.run(gallery.verify_faces, name, faces, fmr)
    body = {
        "decision": shapes.decision(made), "person": {"person_id": person_id, "name": name},
        "picture": shapes.picture(upload, photo, _faces(faces, photo)),
    }  # fmt: skip
    return answer(request, body)


def _faces(faces: Sequence[Face], photo: Photo) -> list[dict[str, Any]]:
    return [shapes.face(face, index, photo) for index, face in enumerate(faces)]


def _enrol(gallery: Gallery, fields: EnrolFields, photos: list[Photo], on_clash: OnClash) -> Enrolment:
    return gallery.enroll(
        fields.name, list(photos), metadata=fields.metadata, tags=fields.tags, keep_days=fields.keep_days,
        override_quality=fields.override_quality, on_clash=on_clash, face=fields.face,
    )  # fmt: skip


def _there(gallery: Gallery, name: str, photos: list[Photo]) -> bool:
    """Whether all of these pictures are enrolled as this person already."""
    known = {face.picture for face in gallery.faces(name)}
    return all(photo.picture in known for photo in photos)


def _change(gallery: Gallery, person_id: int, fields: PersonFields) -> None:
    name = gallery.named(person_id)
    consent = None if fields.consent is None else Consent(**fields.consent.model_dump())
    if fields.keep_days is not None and fields.keep_until is not None:
        raise ServiceError("invalid_request", "give keep_days or keep_until, not both")
    if fields.tags is not None:
        gallery.retag(name, fields.tags)
    if fields.metadata is not None:
        gallery.describe(name, fields.metadata)
    if fields.keep_days is not None or "keep_until" in fields.model_fields_set:
        gallery.keep(name, fields.keep_days, until=fields.keep_until or "")
    if consent is not None:
        gallery.set_consent(name, consent)
    if fields.name is not None:
        gallery.rename(name, fields.name)


def _person(gallery: Gallery, name: str) -> dict[str, Any] | None:
    """Somebody as JSON values; None if removed meanwhile."""
    from vultus.gallery.record import normal_name

    known = gallery.known(normal_name(name))
    try:
        return None if known is None else shapes.person(*gallery.one(known.person_id))
    except UnknownNameError:
        return None


def _by_picture(done: Enrolment, uploads: Sequence[Upload]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What became of each picture, in the order of the gallery: accepted and refused ones each keep theirs."""
    accepted, rejected = [], []
    count = len(done.accepted)
    for at, one_face in zip(done.places[:count], done.accepted, strict=True):
        accepted.append({
            "index": uploads[at].index, "filename": uploads[at].filename, "face_id": one_face.face_id,
            "quality": round(one_face.quality, 5), "repeated": one_face.repeated,
        })  # fmt: skip
    for at, refused in zip(done.places[count:], done.rejected, strict=True):
        rejected.append({
            "index": uploads[at].index, "filename": uploads[at].filename, "reasons": list(refused.reasons),
            "message": refused.message, "repeated": refused.repeated,
        })  # fmt: skip
    return accepted, rejected


def _why(error: ServiceError) -> str:
    return "unreadable" if error.code == "unreadable_picture" else error.code
