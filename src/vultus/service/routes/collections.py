"""Collections: each a gallery of its own."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from vultus.service.auth import Caller, needs
from vultus.service.cursors import Cursor, Limit, page
from vultus.service.documents import ERRORS
from vultus.service.envelope import ServiceError, answer
from vultus.service.fields import CollectionFields, ConfirmFields, DescriptionFields
from vultus.service.galleries import Collection
from vultus.service.schema import CollectionAnswer, CollectionPage, DeletedAnswer
from vultus.service.state import Service, service_of

router = APIRouter(prefix="/v1/collections", tags=["collections"], responses=ERRORS)
Admin = Annotated[Caller, Depends(needs("admin"))]
Reader = Annotated[Caller, Depends(needs("read", "search", "enrol"))]


@router.get("", response_model=CollectionPage)
async def listing(request: Request, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """The collections that the key may touch."""
    service = service_of(request)
    mine = [one for one in await service.run(service.galleries.all) if caller.reaches(one.collection_id)]
    found = page(request, mine, limit=limit, cursor=cursor, key=lambda one: one.collection_id, show=lambda one: one)
    items = [await service.run(document, service, one) for one in found["items"]]
    return answer(request, {**found, "items": items})


@router.post("", response_model=CollectionAnswer, status_code=201)
async def make(request: Request, fields: CollectionFields, caller: Admin) -> Response:
    """A new, empty collection."""
    service = service_of(request)
    if not caller.reaches(fields.collection_id):
        raise ServiceError("forbidden", "this key is for other collections", needs=["admin"])
    made = await service.run(service.galleries.make, fields.collection_id, fields.description)
    return answer(request, await service.run(document, service, made), status=201)


@router.get("/{collection_id}", response_model=CollectionAnswer)
async def show(request: Request, collection_id: str, caller: Reader) -> Response:
    """One collection."""
    service = service_of(request)
    await service.reach(caller, collection_id)
    found = await service.run(service.galleries.get, collection_id)
    return answer(request, await service.run(document, service, found))


@router.patch("/{collection_id}", response_model=CollectionAnswer)
async def describe(request: Request, collection_id: str, fields: DescriptionFields, caller: Admin) -> Response:
    """Give a collection another description."""
    service = service_of(request)
    await service.reach(caller, collection_id)
    found = await service.run(service.galleries.describe, collection_id, fields.description)
    return answer(request, await service.run(document, service, found))


@router.delete("/{collection_id}", response_model=DeletedAnswer)
async def delete(request: Request, collection_id: str, fields: ConfirmFields, caller: Admin) -> Response:
    """Delete a collection with everybody in it; the body has to name it again."""
    service = service_of(request)
    await service.reach(caller, collection_id)
    if fields.confirm != collection_id:
        raise ServiceError("invalid_request", "confirm: it must be the id of the collection")
    people = await service.run(service.galleries.delete, collection_id)
    return answer(request, {"deleted": True, "people": people})


def document(service: Service, collection: Collection) -> dict[str, Any]:
    """A collection as JSON values."""
    gallery = service.galleries.open(collection.collection_id)
    size = gallery.size()
    return {
        "collection_id": collection.collection_id, "description": collection.description, "people": size.people,
        "faces": size.faces, "unknown_faces": size.unknown, "contract": gallery.contract,
        "vault": gallery.vault_state().on, "created_at": collection.created_at,
    }  # fmt: skip
