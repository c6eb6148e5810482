"""Who is calling, and whether they may: what route modules ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from vultus.gallery.audit import Signature
from vultus.service.envelope import ServiceError
from vultus.service.keystore import Key

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

Caller = Key
UNAUTHENTICATED = {"WWW-Authenticate": 'Bearer realm="vultus"'}


def needs(*roles: str) -> Callable[[Request], Coroutine[Any, Any, Caller]]:
    """A dependency that gives the caller, who must have one of these roles; without roles, any key will do."""

    async def caller(request: Request) -> Caller:
        key = request.scope["state"].get("caller")
        if not isinstance(key, Key):
            raise ServiceError("unauthenticated", "a key is needed here", headers=UNAUTHENTICATED)
        if not key.may(*roles):
            raise ServiceError("forbidden", f"this key lacks the role {' or '.join(roles)}", needs=list(roles))
        return key

    return caller


def text_of(headers: dict[str, str]) -> str:
    """The key that a request carries, "" for none; keys stand in headers only."""
    scheme, _, text = headers.get("authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "").strip()


def signature_of(caller: Key | None, purpose: str) -> Signature:
    """How a caller signs in audit logs.

    Raises:
        ConfigError: the purpose is too long, or of several lines.
    """
    return Signature(f"key:{caller.key_id}" if caller else "nobody", purpose)
