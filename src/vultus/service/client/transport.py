"""How a client asks: one connection pool, one key, errors as exceptions, and patience with a busy service."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from vultus.errors import ImageError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vultus.service.schema import Page

Model = TypeVar("Model", bound=BaseModel)
PageModel = TypeVar("PageModel", bound="Page")
Picture = str | Path | bytes
# Pings come every 15 s: a stream that says nothing for longer is dead.
_SILENCE_S = 60.0
_AGAIN = {"busy", "rate_limited", "draining", "idempotency_in_progress"}
_LONGEST_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """A server-sent event.

    Attributes:
        id: of it.
        type: a word.
        data: JSON as text.
    """

    id: int
    type: str
    data: str


class Transport:
    """Requests to one service.

    Args:
        url: of the service, e.g. "http://127.0.0.1:8600".
        key: an API key; "" where the service asks for none.
        timeout_s: seconds to wait for an answer.
        tries: how often to ask when the service is busy or cannot be reached.
        verify: check the certificate; a path names a CA file of one's own.
        transport: of httpx, for tests.
    """

    def __init__(
        self, url: str, key: str, *, timeout_s: float = 60.0, tries: int = 4, verify: bool | str = True,
        transport: httpx.BaseTransport | None = None,
    ) -> None:  # fmt: skip
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(
            base_url=url.rstrip("/"), headers=headers, timeout=timeout_s, verify=verify, transport=transport
        )
        self._tries = max(tries, 1)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def ask(self, model: type[Model], method: str, path: str, **more: Any) -> Model:
        """A request whose answer is JSON.

        Args:
            model: of the answer.
            method, path: of the request; parts of the path must be quoted already.
            more: of `httpx.Client.request`: params, json, data, files.

        Raises:
            RemoteError: the service refuses, cannot be reached, or is no Vultus service.
        """
        answer = self.send(method, path, **more)
        return self.read(model, answer.content, answer.status_code)

    def read(self, model: type[Model], text: bytes | str, status: int = 200) -> Model:
        """JSON as a model.

        Raises:
            RemoteError: it is of another shape.
        """
        try:
            return model.model_validate_json(text)
        except ValidationError as error:
            raise RemoteError(
                "unexpected_answer", f"{self._http.base_url} answers otherwise than this client expects", status,
                {"problems": error.error_count()},
            ) from error  # fmt: skip

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request; asked again while the service is busy. A change carries a key that makes repeating it safe.

        Raises:
            RemoteError: as in `ask`.
        """
        headers = {} if method == "GET" else {"Idempotency-Key": secrets.token_hex(16)}
        last: RemoteError | None = None
        for number in range(self._tries):
            if last is not None:
                time.sleep(_wait_s(last, number))
            try:
                answer = self._http.request(method, path, headers=headers, **more)
            except httpx.HTTPError as error:
                last = RemoteError("unreachable", f"{self._http.base_url} cannot be reached: {error}")
                continue
            if answer.is_success:
                return answer
            last = _refusal(answer)
            if last.code not in _AGAIN:
                raise last
        raise last or RemoteError("unreachable", "nothing was asked")

    def pages(self, model: type[PageModel], path: str, **params: Any) -> Iterator[Any]:
        """The items of a list, page by page.

        Raises:
            RemoteError: as in `ask`.
        """
        asked = {name: value for name, value in params.items() if value not in (None, "")}
        while True:
            found: Any = self.ask(model, "GET", path, params=asked)
            yield from found.items
            if found.next_cursor is None:
                return
            asked["cursor"] = found.next_cursor

    def events(self, path: str, after: int | None = None) -> Iterator[ServerEvent]:
        """Events of a stream, until the service ends it; a connection that is lost is made again behind the last one.

        Args:
            path: of the stream.
            after: begin behind the event of this id; None lets the service decide.

        Raises:
            RemoteError: the service refuses, or cannot be reached any more.
        """
        failed = 0
        while True:
            try:
                for event in self._events(path, after):
                    if event.type != "end":
                        failed, after = 0, event.id
                        yield event
                    elif json.loads(event.data).get("reason") != "draining":
                        return
                last = RemoteError("unreachable", f"{self._http.base_url} has ended the stream")
            except httpx.HTTPError as error:
                last = RemoteError("unreachable", f"{self._http.base_url} cannot be reached: {error}")
            except RemoteError as error:
                if error.code not in _AGAIN:
                    raise
                last = error
            failed += 1
            if failed >= self._tries:
                raise last
            time.sleep(_wait_s(last, failed))

    def _events(self, path: str, after: int | None) -> Iterator[ServerEvent]:
        headers = {"Accept": "text/event-stream", **({} if after is None else {"Last-Event-ID": str(after)})}
        wait = httpx.Timeout(_SILENCE_S)
        with self._http.stream("GET", path, headers=headers, timeout=wait) as answer:
            if not answer.is_success:
                answer.read()
                raise _refusal(answer)
            fields: dict[str, str] = {}
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name and value:
                    fields[name] = value
                elif not line and {"id", "event", "data"} <= fields.keys() and fields["id"].isdecimal():
                    yield ServerEvent(int(fields["id"]), fields["event"], fields["data"])
                    fields = {}


def form(
    pictures: Mapping[str, Picture | Sequence[Picture]], fields: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What httpx needs for a form with pictures.

    Args:
        pictures: by field; a path, the bytes of a file, or a list of them.
        fields: the rest; None is left out.

    Raises:
        ImageError: a file cannot be read.
    """
    files = []
    for field, given in pictures.items():
        many = [given] if isinstance(given, str | Path | bytes) else list(given)
        files += [(field, _file(one, number)) for number, one in enumerate(many)]
    data: dict[str, Any] = {}
    for name, value in (fields or {}).items():
        if value is None:
            continue
        if isinstance(value, dict):
            data[name] = json.dumps(value)
        elif isinstance(value, bool):
            data[name] = "true" if value else "false"
        else:
            data[name] = [str(one) for one in value] if isinstance(value, list | tuple) else str(value)
    return {"files": files, "data": data}


def _file(source: Picture, number: int) -> tuple[str, bytes]:
    if isinstance(source, bytes):
        return f"picture {number + 1}", source
    try:
        return Path(source).name, Path(source).read_bytes()
    except OSError as error:
        raise ImageError(str(source), error.strerror or str(error)) from error


def _refusal(answer: httpx.Response) -> RemoteError:
    try:
        told = answer.json()
        error = told["error"]
        made = RemoteError(
            str(error["code"]), str(error["message"]), answer.status_code, dict(error.get("details") or {}),
            str(told.get("request_id", "")),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        made = RemoteError("unexpected_answer", f"{answer.url} answered {answer.status_code}", answer.status_code)
    wait = answer.headers.get("retry-after", "")
    if wait.isdecimal():
        made.details["retry_after_s"] = int(wait)
    return made


def _wait_s(error: RemoteError, number: int) -> float:
    told = error.details.get("retry_after_s")
    return min(float(told) if isinstance(told, int) else 0.2 * 2.0**number, _LONGEST_WAIT_S)
