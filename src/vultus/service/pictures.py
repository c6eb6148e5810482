"""Pictures of a request: taken out of its body or fetched, then decoded."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from vultus.gallery.photo import Photo
from vultus.service.decode import Upload
from vultus.service.envelope import ServiceError, invalid
from vultus.service.forms import parts_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import ThreadPoolExecutor

    from starlette.requests import Request

    from vultus.service.decode import Decoder
    from vultus.service.settings import Settings

Model = TypeVar("Model", bound=BaseModel)
_MOST_FIELDS = 64
_LONGEST_NAME = 200
_A_PICTURE = 'a picture is {"base64": "..."}, with a "filename" if you like'


@dataclass(frozen=True, slots=True)
class Form(Generic[Model]):
    """A body taken apart.

    Attributes:
        fields: everything but the pictures.
        uploads: pictures by the field they came in, in order.
    """

    fields: Model
    uploads: dict[str, list[Upload]]


class Pictures:
    """Reads pictures for requests.

    Args:
        settings: what a picture may be.
        decoder: reads their bytes.
        threads: for whatever blocks.
    """

    def __init__(self, settings: Settings, decoder: Decoder, threads: ThreadPoolExecutor) -> None:
        self._settings, self._decoder, self._threads = settings, decoder, threads
        self._arriving = 0

    def arriving(self) -> int:
        """Pictures that are being decoded now."""
        return self._arriving

    async def read(self, upload: Upload) -> Photo:
        """The pixels of one picture.

        Raises:
            ServiceError: it cannot be read, is too large, or too many are waiting.
        """
        self._arriving += 1
        try:
            return await self._decoder.read(upload)
        finally:
            self._arriving -= 1

    async def read_all(self, uploads: Sequence[Upload]) -> list[Photo | ServiceError]:
        """The pixels of each, or why there are none; one that is refused does not stop the others.

        Raises:
            ServiceError: too many are waiting.
        """
        found: list[Photo | ServiceError] = []
        for upload in uploads:
            try:
                found.append(await self.read(upload))
            except ServiceError as error:
                if error.code == "busy":
                    raise
                found.append(error)
        return found

    def close(self) -> None:
        """End the decoder."""
        self._decoder.close()


async def form_of(request: Request, model: type[Model], *fields: str, most: int | None = None) -> Form[Model]:
    """The body of a request: a form with files, or JSON with pictures in base64.

    Args:
        request: POST.
        model: of everything but the pictures.
        fields: names under which pictures may come.
        most: pictures that may come; None for the service's limit.

    Raises:
        ServiceError: the body is neither, too large, or does not fit the model.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        plain, uploads = await _of_form(request, fields)
    elif kind == "application/json":
        plain, uploads = await _of_json(request, fields)
    else:
        message = "send multipart/form-data with files, or application/json with pictures in base64"
        raise ServiceError("unsupported_media_type", message)
    limit = most or request.app.state.service.settings.max_pictures
    if sum(map(len, uploads.values())) > limit:
        raise ServiceError("too_large", f"a request may have {limit} pictures here", limit_files=limit)
    try:
        return Form(model.model_validate(plain), uploads)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_context=False, include_input=False)) from None


def one(form: Form[Any], field: str) -> Upload:
    """The picture that must be in a field.

    Raises:
        ServiceError: there is none, or more than one.
    """
    found = form.uploads.get(field, [])
    if len(found) != 1:
        raise ServiceError("invalid_request", f"{field}: one picture is needed, but {len(found)} came")
    return found[0]


def some(form: Form[Any], field: str = "images") -> list[Upload]:
    """The pictures that must be in a field.

    Raises:
        ServiceError: there is none.
    """
    found = form.uploads.get(field, [])
    if not found:
        raise ServiceError("invalid_request", f"{field}: at least one picture is needed")
    return found


async def _of_form(request: Request, names: Sequence[str]) -> tuple[dict[str, Any], dict[str, list[Upload]]]:
    plain: dict[str, Any] = {}
    uploads: dict[str, list[Upload]] = {}
    most = request.app.state.service.settings.max_pictures + _MOST_FIELDS
    for part in parts_of(request.headers["content-type"], await request.body(), most):
        if (part.filename is None) == (part.name in names):
            wanted = "a file is" if part.name in names else "no file is"
            raise ServiceError("invalid_request", f"{_short(part.name)}: {wanted} expected here")
        if part.filename is not None:
            _append(uploads, part.name, part.filename, part.data)
        else:
            _field(plain, part.name, part.data.decode("utf-8", "replace"))
    return plain, uploads


def _field(plain: dict[str, Any], name: str, text: str) -> None:
    """A field of a form: lists come as repeated fields, and objects as JSON."""
    value: Any = text
    if name in ("metadata", "consent", "request"):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise ServiceError("invalid_request", f"{name}: it must be JSON") from None
    if name in ("tags", "face_ids", "group_ids"):
        plain.setdefault(name, []).append(value)
    else:
        plain[name] = value


async def _of_json(request: Request, names: Sequence[str]) -> tuple[dict[str, Any], dict[str, list[Upload]]]:
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise ServiceError("bad_request", "the body is no JSON") from None
    if not isinstance(body, dict):
        raise ServiceError("invalid_request", "the body must be a JSON object")
    uploads: dict[str, list[Upload]] = {}
    for name in names:
        if name in body:
            given = body.pop(name)
            for item in given if isinstance(given, list) else [given]:
                data, filename = await _picture(request, name, item)
                _append(uploads, name, filename, data)
    return body, uploads


async def _picture(request: Request, name: str, item: Any) -> tuple[bytes, str]:
    if not isinstance(item, dict) or not isinstance(item.get("filename", ""), str):
        raise ServiceError(
            "invalid_request", f'{name}: a picture is {{"base64": "..."}}, with a "filename" if you like'
        )
    filename = item.get("filename", "")
    if isinstance(item.get("base64"), str):
        try:
            return base64.b64decode(item["base64"], validate=True), filename
        except (binascii.Error, ValueError):
            raise ServiceError("invalid_request", f"{name}: this is no base64") from None
    if isinstance(item.get("url"), str):
        from vultus.service.fetch import fetch

        service = request.app.state.service
        if not service.settings.fetch_urls:
            raise ServiceError("invalid_request", f"{name}: this service reads no addresses; send the picture itself")
        return await service.run(fetch, item["url"], service.settings), filename or "from an address"
    raise ServiceError("invalid_request", f"{name}: {_A_PICTURE}")


def _append(uploads: dict[str, list[Upload]], name: str, filename: str, data: bytes) -> None:
    index = sum(map(len, uploads.values()))
    uploads.setdefault(name, []).append(Upload(index, _tidy(filename) or f"picture {index + 1}", data))


def _tidy(filename: str) -> str:
    """A file's name for people: no folders, nothing that cannot be seen."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:_LONGEST_NAME]


def _short(name: str) -> str:
    return "".join(letter for letter in name if letter.isprintable())[:40]
