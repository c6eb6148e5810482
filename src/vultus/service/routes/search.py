"""Who is in pictures: identify for all faces of any pictures, search for one face."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from vultus.errors import ShapeError
from vultus.gallery.asking import Question
from vultus.gallery.filters import Filter
from vultus.service import shapes
from vultus.service.auth import Caller, needs
from vultus.service.documents import ERRORS, takes
from vultus.service.envelope import ServiceError, answer
from vultus.service.fields import IdentifyFields, SearchFields
from vultus.service.pictures import form_of, one, some
from vultus.service.routes.looking import EXAMPLE, look, look_at
from vultus.service.schema import IdentifyAnswer, SearchAnswer
from vultus.service.searching import Asked
from vultus.service.state import service_of
from vultus.types import FAILURE_TO_ACQUIRE, Box, Decision, Embedding, Face, Quality, prominent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.gallery.collection import Gallery
    from vultus.service.decode import Upload
    from vultus.service.routes.looking import Seen
    from vultus.types import Identification

router = APIRouter(prefix="/v1/collections/{collection_id}", tags=["search"], responses=ERRORS)
Searcher = Annotated[Caller, Depends(needs("search"))]


@router.post("/identify", response_model=IdentifyAnswer, openapi_extra=takes(
    IdentifyFields, many="images", example={"images": [EXAMPLE], "fpir": 0.01}))  # fmt: skip
async def identify(request: Request, collection_id: str, caller: Searcher) -> Response:
    """Who everybody in these pictures is; a stranger is answered as unknown."""
    service = service_of(request)
    gallery = await service.reach(caller, collection_id)
    form = await form_of(request, IdentifyFields, "images")
    fields, uploads = form.fields, some(form)
    fpir, top = fields.fpir or service.settings.fpir, fields.top or service.settings.top
    within = Filter(tags=tuple(fields.tags)) if fields.tags else None
    if fields.fpir is not None:
        # A rate that cannot be had is told before any picture is looked at.
        await service.run(gallery.identify_pictures, [[]], fpir, top, within=within)
    seen = await look(request, uploads, max_faces=fields.max_faces)
    pictures = [[] if isinstance(item, ServiceError) else item[1] for item in seen]
    question = Question(pictures, fpir, top, within)
    body = await service.searches.ask(gallery, Asked(question, partial(_named, gallery, within, uploads, seen)))
    return answer(request, body)


@router.post("/search", response_model=SearchAnswer, openapi_extra=takes(
    SearchFields, one=("image",), example={"image": EXAMPLE, "top": 3}, optional=True))  # fmt: skip
async def search(request: Request, collection_id: str, caller: Searcher) -> Response:
    """Who one face is: the most prominent one of a picture, or one whose embedding is given."""
    service = service_of(request)
    gallery = await service.reach(caller, collection_id)
    form = await form_of(request, SearchFields, "image", most=1)
    fields = form.fields
    request.scope["state"]["timed"] = True
    fpir, top = fields.fpir or service.settings.fpir, fields.top or service.settings.top
    within = Filter(tags=tuple(fields.tags)) if fields.tags else None
    if fields.embedding is not None:
        if form.uploads:
            raise ServiceError("invalid_request", "give a picture or an embedding, not both")
        face, shown = _face_of(fields, service.engine.contract), None
    else:
        photo, faces = await look_at(request, one(form, "image"))
        main = prominent(faces)
        if main is None:
            return answer(request, _nobody(await service.run(_threshold, gallery, fpir, within)))
        face, shown = main, shapes.face(main, faces.index(main), photo)
    try:
        question = Question([[face]], fpir, top, within)
        body = await service.searches.ask(gallery, Asked(question, partial(_first, gallery)))
    except ShapeError:
        raise ServiceError("invalid_request", "embedding: it has another length than those of the collection") from None
    return answer(request, {"face": shown, **body})


def _named(
    gallery: Gallery, within: Filter | None, uploads: Sequence[Upload], seen: Sequence[Seen | ServiceError],
    answers: Sequence[Sequence[Identification]],
) -> dict[str, Any]:  # fmt: skip
    """Everybody in some pictures, as JSON values."""
    body = []
    for upload, item, found in zip(uploads, seen, answers, strict=True):
        if isinstance(item, ServiceError):
            body.append(shapes.unread(upload, item))
            continue
        photo, _ = item
        faces = [
            {**shapes.face(one_face.face, index, photo), **shapes.who(one_face, gallery)}
            for index, one_face in enumerate(found)
        ]
        body.append(shapes.picture(upload, photo, faces))
    return {"people": gallery.searched(within), "pictures": body}


def _first(gallery: Gallery, answers: Sequence[Sequence[Identification]]) -> dict[str, Any]:
    return shapes.who(answers[0][0], gallery)


def _face_of(fields: SearchFields, contract: str) -> Face:
    """A face that is known by its embedding alone."""
    if fields.contract != contract:
        raise ServiceError(
            "contract_mismatch", "the embedding was made by another model pack, or does not say by which",
            engine=contract,
        )  # fmt: skip
    vector = np.array(fields.embedding, dtype=np.float64)
    largest = float(np.abs(vector).max())
    if not 0 < largest < float("inf"):
        raise ServiceError("invalid_request", "embedding: it must have a length")
    vector /= largest
    embedding = Embedding((vector / np.linalg.norm(vector)).astype(np.float32), contract)
    return Face(Box(np.zeros(4, np.float32)), np.zeros((5, 2), np.float32), 1.0, Quality(1.0), embedding)


def _threshold(gallery: Gallery, fpir: float, within: Filter | None) -> Decision:
    """The decision about a picture without a face."""
    calibration = gallery.engine.calibration
    people = gallery.searched(within)
    return Decision(
        False, None, calibration.threshold_for_fpir(fpir, people), None, calibration.calibration_id, fpir, people,
        FAILURE_TO_ACQUIRE,
    )  # fmt: skip


def _nobody(made: Decision) -> dict[str, Any]:
    return {"face": None, "decision": shapes.decision(made), "candidates": [], "name": None, "person_id": None}
