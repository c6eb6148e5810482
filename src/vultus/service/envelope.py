"""How every answer looks: objects with a request id, and one envelope for errors.

`STATUS` is the one table from codes to HTTP; `of` the one from Vultus's errors to codes. No trace and no path ever
leaves through here: what is not known to be fit for callers becomes "internal".
"""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from vultus.errors import (
    ContractError,
    ImageError,
    InputError,
    LockedError,
    MissingExtraError,
    NameClashError,
    NoFaceError,
    StoreError,
    UnknownNameError,
    UnsupportedTargetError,
    VideoError,
    VultusError,
    WeightsError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.types import Scope

STATUS = {
    "bad_request": 400,
    "invalid_cursor": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "deadline_exceeded": 408,
    "conflict": 409,
    "contract_mismatch": 409,
    "idempotency_mismatch": 409,
    "idempotency_in_progress": 409,
    "too_large": 413,
    "unsupported_media_type": 415,
    "invalid_request": 422,
    "unreadable_picture": 422,
    "no_face": 422,
    "unsupported_target": 422,
    "rate_limited": 429,
    "busy": 429,
    "internal": 500,
    "draining": 503,
    "locked": 503,
    "unavailable": 503,
}
_OF_STATUS = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}
_MOST_PROBLEMS = 20
_log = logging.getLogger("vultus.service")


class ServiceError(Exception):
    """An answer that is an error.

    Attributes:
        code: a key of `STATUS`.
        message: one sentence for people.
        details: JSON values for programs.
        headers: to send along.
    """

    def __init__(self, code: str, message: str, *, headers: Mapping[str, str] | None = None, **details: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.details, self.headers = code, message, details, dict(headers or {})

    @property
    def status(self) -> int:
        return STATUS[self.code]

    def document(self, request_id: str) -> dict[str, Any]:
        """The envelope."""
        return {
            "error": {"code": self.code, "message": self.message, "details": self.details}, "request_id": request_id,
        }  # fmt: skip


class Json(Response):
    """JSON, written without a detour."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def answer(request: Request, body: Mapping[str, Any], *, status: int = 200) -> Json:
    """An object as an answer, with the request's id, and how long it took where the engine was used."""
    state = request.scope["state"]
    whole = {**body, "request_id": request_id(request.scope)}
    if state.get("timed"):
        whole["processing_ms"] = round((time.perf_counter() - state["began"]) * 1000, 1)
    return Json(whole, status)


def request_id(scope: Scope) -> str:
    """The id that the gate gave to a request."""
    return str(scope.get("state", {}).get("request_id", ""))


def of(error: Exception) -> ServiceError:
    """What a caller is told about an error."""
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, VultusError):
        return _of_ours(error)
    if isinstance(error, RequestValidationError):
        return invalid(error.errors())
    if isinstance(error, HTTPException):
        code = _OF_STATUS.get(error.status_code, "bad_request")
        return ServiceError(code, _WORDS.get(code, str(error.detail)), headers=error.headers)
    if isinstance(error, OverflowError):
        return ServiceError("invalid_request", "a number in the request is too large")
    _log.error("unexpected error", exc_info=error)
    return ServiceError("internal", "something went wrong here; the log of the service knows the request by its id")


_WORDS = {
    "not_found": "there is nothing at this address",
    "method_not_allowed": "this address does not answer to this method",
}


def _of_ours(error: VultusError) -> ServiceError:
    match error:
        case UnsupportedTargetError():
            told: dict[str, Any] = {
                "kind": error.kind,
                "target": _number(error.target),
                "smallest": _number(error.smallest),
            }
            return ServiceError("unsupported_target", str(error), **told)
        case ImageError() | VideoError():
            message = f"the picture cannot be read: {error.reason}"
            return ServiceError("unreadable_picture", message, reason=error.reason)
        case NoFaceError():
            return ServiceError("no_face", str(error), reason=error.reason)
        case UnknownNameError():
            return ServiceError("not_found", f"there is no {error.kind} '{error.name}' here")
        case NameClashError():
            return ServiceError("conflict", f"a person named '{error.name}' exists already", name=error.name)
        case InputError():
            return ServiceError("invalid_request", str(error))
    return _of_state(error)


def _of_state(error: VultusError) -> ServiceError:
    """Errors that are nobody's fault but the server's; their words may name its files, so the log alone has them."""
    match error:
        case ContractError():
            message = "the collection was made with another model pack"
            return ServiceError("contract_mismatch", message, gallery=error.gallery, engine=error.engine)
        case LockedError():
            return _hidden(error, "locked", "the key of this collection is not at hand")
        case StoreError() | WeightsError():
            return _hidden(error, "unavailable", "the store or a model cannot be used now; try again")
        case MissingExtraError():
            return _hidden(error, "unavailable", f"this needs a package that is not installed here: {error.package}")
    return _hidden(error, "internal", "something went wrong here")


def _hidden(error: Exception, code: str, message: str) -> ServiceError:
    _log.warning("%s: %s", code, error)
    return ServiceError(code, message)


def _number(value: float) -> float | None:
    return value if value == value and abs(value) != float("inf") else None


def invalid(problems: Any) -> ServiceError:
    """What pydantic found, without the values that were sent."""
    told = [
        {"where": [str(part) for part in problem["loc"]], "problem": str(problem["msg"])}
        for problem in list(problems)[:_MOST_PROBLEMS]
    ]
    first = told[0] if told else {"where": [], "problem": "it is not as it should be"}
    place = (
        ".".join(part for part in first["where"] if part not in ("body", "query", "path", "header")) or "the request"
    )
    return ServiceError("invalid_request", f"{place}: {first['problem']}", problems=told)


def install(app: FastAPI) -> None:
    """Let every error of the app become an envelope."""

    async def turn(request: Request, error: Exception) -> Response:
        return respond(request.scope, of(error))

    for kind in (ServiceError, VultusError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, turn)


def respond(scope: Scope, error: ServiceError) -> Response:
    """The answer that tells an error; addresses that speak another dialect say it in theirs."""
    style = scope.get("state", {}).get("error_style")
    body = style(error) if style else error.document(request_id(scope))
    return Json(body, error.status, headers=error.headers)
