"""Pages of lists: opaque cursors, signed, and bound to what they page through."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Query

from vultus.service.envelope import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

T = TypeVar("T")
_TAG = 16
MAX_PAGE = 200

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Items of a page.")]
Cursor = Annotated[
    str | None, Query(max_length=2000, description="`next_cursor` of the page before; without, the first page.")
]


def seal(secret: bytes, subject: str, last: Any) -> str:
    """A cursor behind an item.

    Args:
        secret: of the service.
        subject: what is paged through: a cursor of another list is refused.
        last: JSON value that says where the next page begins.
    """
    body = json.dumps(last, separators=(",", ":")).encode()
    tag = hmac.digest(secret, subject.encode() + b"\x00" + body, "sha256")[:_TAG]
    return base64.urlsafe_b64encode(tag + body).decode().rstrip("=")


def unseal(secret: bytes, subject: str, cursor: str) -> Any:
    """What `seal` was given.

    Raises:
        ServiceError: the cursor is not of this list, or not of this service.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    tag, body = raw[:_TAG], raw[_TAG:]
    wanted = hmac.digest(secret, subject.encode() + b"\x00" + body, "sha256")[:_TAG]
    if not body or not hmac.compare_digest(tag, wanted):
        raise ServiceError("invalid_cursor", "this cursor is not of this list; begin again without one")
    return json.loads(body)


def page(
    request: Request,
    rows: Sequence[T] | Callable[[Any, int], Sequence[T]],
    *,
    limit: int,
    cursor: str | None,
    key: Callable[[T], Any],
    show: Callable[[T], Any],
    total: int | None = None,
    subject: str = "",
) -> dict[str, Any]:
    """One page as JSON values.

    Args:
        request: whose path and filters the cursor is bound to.
        rows: called with the key of the last item before (None at first) and how many to give, in order; or a list of
            all, which is paged through by position.
        limit, cursor: from the caller.
        key: what `rows` needs to go on behind an item; a JSON value.
        show: an item as JSON values.
        total: how many there are on all pages, where that is cheap.
        subject: what else the cursor is bound to.
    """
    secret = request.app.state.service.secret
    filters = sorted((name, value) for name, value in request.query_params.multi_items() if name not in _PAGING)
    about = json.dumps([request.url.path, filters, subject])
    after = None if cursor is None else unseal(secret, about, cursor)
    if callable(rows):
        found = list(rows(after, limit + 1))
        more, shown = len(found) > limit, found[:limit]
        last = key(shown[-1]) if more else None
    else:
        start = after if isinstance(after, int) else 0
        shown, more, total = list(rows[start : start + limit]), len(rows) > start + limit, len(rows)
        last = start + limit
    return {
        "items": [show(row) for row in shown],
        "next_cursor": seal(secret, about, last) if more else None,
        "total": total,
    }


_PAGING = ("limit", "cursor")
