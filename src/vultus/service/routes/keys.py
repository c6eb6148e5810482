"""Keys: listed, made and revoked by admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from vultus.errors import ConfigError
from vultus.service.auth import Caller, needs
from vultus.service.cursors import Cursor, Limit, page
from vultus.service.documents import ERRORS
from vultus.service.envelope import ServiceError, answer
from vultus.service.fields import KeyFields
from vultus.service.keystore import Key
from vultus.service.schema import KeyAnswer, KeyPage, NewKeyAnswer
from vultus.service.state import service_of

router = APIRouter(prefix="/v1/keys", tags=["keys"], responses=ERRORS)
Admin = Annotated[Caller, Depends(needs("admin"))]


@router.get("", response_model=KeyPage)
async def listing(request: Request, caller: Admin, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Every key, revoked ones too; never their secrets."""
    service = service_of(request)
    keys = await service.run(service.keys.all)
    return answer(
        request, page(request, keys, limit=limit, cursor=cursor, key=lambda key: key.key_id, show=Key.document)
    )


@router.post("", response_model=NewKeyAnswer, status_code=201)
async def make(request: Request, fields: KeyFields, caller: Admin) -> Response:
    """A new key. Its text is in this answer and nowhere else."""
    service = service_of(request)
    key, secret = await service.run(service.keys.add, fields.name, fields.roles, fields.collections, fields.rate_per_s)
    return answer(request, {**key.document(), "secret": secret}, status=201)


@router.delete("/{key_id}", response_model=KeyAnswer)
async def revoke(request: Request, key_id: str, caller: Admin) -> Response:
    """Make a key useless, at once and for ever."""
    service = service_of(request)
    try:
        key = await service.run(service.keys.revoke, key_id)
    except ConfigError:
        raise ServiceError("conflict", "this is the last admin key; make another one first") from None
    return answer(request, key.document())
