"""Recognise, verify and detect, from pictures or from embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from vultus.errors import InputError, UnknownNameError
from vultus.service.auth import Caller, needs
from vultus.service.compreface.faces import face_id_of
from vultus.service.compreface.terms import Terms, faces_of, gallery_of, json_of, terms, told, uploads_of, whole
from vultus.service.envelope import Json, ServiceError
from vultus.service.state import service_of
from vultus.types import Box, Embedding, Face, Quality

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.gallery.collection import Gallery

router = APIRouter(prefix="/api/v1")
Searcher = Annotated[Caller, Depends(needs("search"))]
Looker = Annotated[Caller, Depends(needs("search", "enrol"))]
Asked = Annotated[Terms, Depends(terms)]
Count = Annotated[int, Query(ge=1, le=1000, description="subjects for each face, at most")]
_MOST_EMBEDDINGS = 1000


@router.post("/recognition/recognize")
async def recognize(request: Request, caller: Searcher, how: Asked, prediction_count: Count = 1) -> Response:
    """Who the people in a picture are; somebody below the threshold has no subject."""
    service, gallery = service_of(request), await gallery_of(request, caller)
    (upload,) = await uploads_of(request, "file")
    found = await faces_of(request, upload, how)
    names = await service.run(_subjects, gallery, found, service.settings.fpir, prediction_count)
    rows = [{**told(service, face, how), "subjects": own} for face, own in zip(found, names, strict=True)]
    return Json(whole(service, rows, how))


@router.post("/recognition/faces/{image_id}/verify")
async def verify_example(request: Request, image_id: str, caller: Searcher, how: Asked) -> Response:
    """How alike the faces of a picture and one example are."""
    service, gallery = service_of(request), await gallery_of(request, caller)
    (upload,) = await uploads_of(request, "file")
    found = await faces_of(request, upload, how)
    alike = await service.run(_resemblance, gallery, image_id, _matrix(found))
    rows = [{**told(service, face, how), "similarity": one} for face, one in zip(found, alike, strict=True)]
    return Json(whole(service, rows, how))


@router.post("/verification/verify")
async def verify(request: Request, caller: Looker, how: Asked) -> Response:
    """How alike the largest face of one picture and the faces of another are."""
    service = service_of(request)
    source, target = await uploads_of(request, "source_image", "target_image")
    one = (await faces_of(request, source, Terms(1, how.sure, how.plugins, how.status)))[0]
    others = await faces_of(request, target, how)
    alike = _matrix(others) @ _matrix([one])[0]
    matches = [
        {**told(service, face, how), "similarity": _shown(value)} for face, value in zip(others, alike, strict=True)
    ]
    row = {"source_image_face": told(service, one, how), "face_matches": matches}
    if how.status:
        row["plugins_versions"] = whole(service, [], how)["plugins_versions"]
    return Json({"result": [row]})


@router.post("/detection/detect")
async def detect(request: Request, caller: Looker, how: Asked) -> Response:
    """The faces of a picture."""
    service = service_of(request)
    (upload,) = await uploads_of(request, "file")
    found = await faces_of(request, upload, how, embed="calculator" in how.plugins)
    return Json(whole(service, [told(service, face, how) for face in found], how))


@router.post("/recognition/embeddings/recognize")
async def recognize_embeddings(request: Request, caller: Searcher, prediction_count: Count = 1) -> Response:
    """Who embeddings are of."""
    service, gallery = service_of(request), await gallery_of(request, caller)
    given = _given((await json_of(request)).get("embeddings"))
    faces = [_bare(vector, service.engine.contract) for vector in _unit(given)]
    names = await service.run(_subjects, gallery, faces, service.settings.fpir, prediction_count)
    rows = [{"embedding": row.tolist(), "similarities": own} for row, own in zip(given, names, strict=True)]
    return Json({"result": rows})


@router.post("/recognition/embeddings/faces/{image_id}/verify")
async def verify_embeddings(request: Request, image_id: str, caller: Searcher) -> Response:
    """How alike embeddings and one example are."""
    service, gallery = service_of(request), await gallery_of(request, caller)
    given = _given((await json_of(request)).get("embeddings"))
    alike = await service.run(_resemblance, gallery, image_id, _unit(given))
    return Json({"result": [{"embedding": row.tolist(), "similarity": one}
                            for row, one in zip(given, alike, strict=True)]})  # fmt: skip


@router.post("/verification/embeddings/verify")
async def verify_two(request: Request, caller: Looker) -> Response:
    """How alike one embedding and others are."""
    body = await json_of(request)
    source, targets = _given([body.get("source")]), _given(body.get("targets"))
    if source.shape[1] != targets.shape[1]:
        raise ServiceError("bad_request", "source and targets must be of one length", compreface=26)
    alike = _unit(targets) @ _unit(source)[0]
    return Json({"result": [{"embedding": row.tolist(), "similarity": _shown(one)}
                            for row, one in zip(targets, alike, strict=True)]})  # fmt: skip


def _subjects(gallery: Gallery, faces: list[Face], fpir: float, count: int) -> list[list[dict[str, Any]]]:
    """For each face whoever is at or above the threshold, most alike first."""
    (answers,) = gallery.identify_pictures([faces], fpir, count)
    return [
        [
            {"subject": one.name, "similarity": _shown(one.similarity)}
            for one in found.candidates
            if found.decision.threshold is not None and one.similarity >= found.decision.threshold
        ]
        for found in answers
    ]


def _resemblance(gallery: Gallery, image_id: str, vectors: NDArray[np.float32]) -> list[float]:
    try:
        return [_shown(one) for one in gallery.resemblance(face_id_of(image_id), vectors)]
    except UnknownNameError:
        raise ServiceError("not_found", "Image with this id is not found", compreface=11) from None
    except InputError as error:
        raise ServiceError("bad_request", str(error), compreface=26) from None


def _matrix(faces: list[Face]) -> NDArray[np.float32]:
    return np.stack([face.embedding.vector for face in faces if face.embedding is not None])


def _given(rows: object) -> NDArray[np.float64]:
    """Embeddings of a request.

    Raises:
        ServiceError: they are no list of lists of numbers, of one length.
    """
    try:
        matrix = np.array(rows, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        matrix = np.zeros(0)
    usable = matrix.ndim == 2 and 0 < len(matrix) <= _MOST_EMBEDDINGS and np.isfinite(matrix).all()
    if not usable or not (np.linalg.norm(matrix, axis=1) > 0).all():
        raise ServiceError("bad_request", "embeddings: a list of lists of numbers is needed", compreface=26)
    return matrix


def _unit(matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    rows: NDArray[np.float32] = (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)
    return rows


def _bare(vector: NDArray[np.float32], contract: str) -> Face:
    """A face that is known by its embedding alone."""
    return Face(
        Box(np.zeros(4, np.float32)), np.zeros((5, 2), np.float32), 1.0, Quality(1.0), Embedding(vector, contract)
    )


def _shown(similarity: float) -> float:
    return round(float(similarity), 5)
