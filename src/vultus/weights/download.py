"""One address to one file: resumed where it broke off, bounded in size, checked before anybody sees it."""

from __future__ import annotations

import contextlib
import http.client
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from vultus.errors import WeightsError
from vultus.weights.store import cannot_write, digest_of

if TYPE_CHECKING:
    from email.message import Message

Progress = Callable[[str, int, int | None], None]

MAX_BYTES = 4 << 30
TIMEOUT_S = 30.0
_CHUNK = 1 << 20


class _NetworkError(Exception):
    """The connection failed or broke off; worth another try."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never to a scheme that is not allowed (https to http, to file, ...)."""

    def __init__(self, schemes: tuple[str, ...]) -> None:
        self.schemes = schemes

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        _check_scheme(newurl, self.schemes)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def download(
    url: str,
    part: Path,
    *,
    label: str,
    sha256: str | None,
    size_bytes: int | None,
    progress: Progress | None = None,
    schemes: tuple[str, ...] = ("https",),
    attempts: int = 4,
    pause_s: float = 1.0,
) -> str:
    """Fetch an address into `part`, continuing what is there already.

    Args:
        url: where from.
        part: the file to fill; it is kept when the connection breaks off, so that the next call can go on.
        label: name for messages and progress.
        sha256: what the whole must be, or None to take what comes.
        size_bytes: how long the whole must be, or None.
        progress: called with label, bytes so far and bytes in all (None when not known).
        schemes: allowed ones; anything but https is for tests.
        attempts: connections tried, with pauses that double in between.
        pause_s: the first of these pauses.

    Returns:
        sha256 of the whole.

    Raises:
        WeightsError: the address cannot be reached, sends something else, or the disk is full.
    """
    _check_scheme(url, schemes)
    for attempt in range(attempts):
        resumed = _size(part) > 0
        try:
            _fetch(url, part, size_bytes, schemes, lambda done, total: progress and progress(label, done, total))
        except _NetworkError as error:
            if attempt + 1 == attempts:
                kept = f"; {_size(part):,} bytes are kept, the same command goes on from there" if _size(part) else ""
                raise WeightsError(f"cannot download {label} from {url}: {error}{kept}") from error
            time.sleep(pause_s * 2**attempt)
            continue
        digest = digest_of(part)
        if sha256 in (None, digest):
            return digest
        part.unlink()
        if not resumed:
            raise WeightsError(
                f"{label} from {url} has sha256 {digest}, expected {sha256}; it was thrown away. The file there has "
                "changed or somebody sits in between: ask the maintainers of the pack"
            )
    raise WeightsError(f"cannot download {label} from {url}: it came damaged {attempts} times; try again later")


def _fetch(
    url: str, part: Path, size_bytes: int | None, schemes: tuple[str, ...], report: Callable[[int, int | None], Any]
) -> None:
    """One connection: append what is missing to `part`."""
    have = _size(part)
    if size_bytes is not None and have >= size_bytes:
        if have == size_bytes:
            return
        part.unlink()
        have = 0
    headers = {"User-Agent": "vultus", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme was checked above
        with _opener(schemes).open(request, timeout=TIMEOUT_S) as answer:
            start = have if _continues(answer, have) else 0
            length = answer.headers.get("Content-Length")
            total = start + int(length) if length and length.isdecimal() else size_bytes
            _check_size(url, total, size_bytes)
            _append(answer, part, start, total, report)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)
            raise _NetworkError("it could not be continued") from error
        if error.code < 500 and error.code != http.HTTPStatus.TOO_MANY_REQUESTS:
            raise WeightsError(f"cannot download {url}: the server answers {error.code} {error.reason}") from error
        raise _NetworkError(f"the server answers {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise _NetworkError(str(error.reason)) from error
    except (http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise _NetworkError(f"the connection broke off ({type(error).__name__})") from error


def _append(answer: Any, part: Path, start: int, total: int | None, report: Callable[[int, int | None], Any]) -> None:
    """Write the body behind the first `start` bytes of `part`."""
    limit = MAX_BYTES if total is None else total
    done = start
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        stream = part.open("r+b" if start else "wb")
    except OSError as error:
        raise WeightsError(cannot_write(part.parent, error)) from error
    with contextlib.closing(stream):
        stream.seek(start)
        while chunk := answer.read(_CHUNK):
            done += len(chunk)
            if done > limit:
                raise WeightsError(f"{part.name}: the server sends more than {limit:,} bytes; stopped")
            try:
                stream.write(chunk)
                stream.flush()
            except OSError as error:
                raise WeightsError(cannot_write(part.parent, error)) from error
            report(done, total)
    if total is not None and done < total:
        raise _NetworkError(f"the connection broke off after {done:,} of {total:,} bytes")


def _continues(answer: Any, have: int) -> bool:
    """Whether the server goes on from `have` bytes (206) or starts anew (200, or a file)."""
    if have == 0 or getattr(answer, "status", None) != http.HTTPStatus.PARTIAL_CONTENT:
        return False
    return str(answer.headers.get("Content-Range", "")).startswith(f"bytes {have}-")


def _check_size(url: str, total: int | None, size_bytes: int | None) -> None:
    if total is not None and size_bytes is not None and total != size_bytes:
        raise WeightsError(f"{url} is {total:,} bytes long, expected {size_bytes:,}; nothing was taken")
    if total is not None and total > MAX_BYTES:
        raise WeightsError(f"{url} is {total:,} bytes long, above the limit of {MAX_BYTES:,}; nothing was taken")


def _check_scheme(url: str, schemes: tuple[str, ...]) -> None:
    scheme = urllib.parse.urlsplit(url).scheme
    if scheme not in schemes:
        raise WeightsError(f"cannot download {url}: only {', '.join(schemes)} is allowed, not {scheme or 'a path'}")


def _opener(schemes: tuple[str, ...]) -> urllib.request.OpenerDirector:
    """An opener that knows the allowed schemes and nothing else; proxies of the environment are respected."""
    handlers: list[urllib.request.BaseHandler] = [
        urllib.request.ProxyHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPSHandler(),
        _Redirects(schemes),
    ]
    if "http" in schemes:
        handlers.append(urllib.request.HTTPHandler())
    if "file" in schemes:
        handlers.append(urllib.request.FileHandler())
    opener = urllib.request.OpenerDirector()
    for handler in handlers:
        opener.add_handler(handler)
    return opener


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def free_bytes(folder: Path) -> int:
    """Free space on the disk of a folder that may not exist yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
