"""The web page: files that lie in this package, served with a policy that lets nothing else in."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

# Scripts, styles and pictures of this server only; nothing inline, nothing framed, no HTML made out of text.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
INDEX = "index.html"


@cache
def files() -> dict[str, tuple[bytes, str, str]]:
    """Every file of the page by its path: bytes, media type, entity tag. Read once; no other path exists."""
    out: dict[str, tuple[bytes, str, str]] = {}
    folders = [(resources.files("vultus.service") / "web", "")]
    while folders:
        folder, path = folders.pop()
        for entry in folder.iterdir():
            name = f"{path}{entry.name}"
            if entry.is_dir():
                folders.append((entry, f"{name}/"))
            elif kind := KINDS.get(entry.name.rpartition(".")[2]):
                data = entry.read_bytes()
                out[name] = (data, f"{kind}; charset=utf-8", f'"{hashlib.sha256(data).hexdigest()[:20]}"')
    return out


def _answer(request: Request, name: str) -> Response:
    data, kind, tag = files()[name]
    headers = {**HEADERS, "ETag": tag}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=kind, headers=headers)


async def _index(request: Request) -> Response:
    return _answer(request, INDEX)


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in files() or name == INDEX:
        return Response(b"there is no such file\n", 404, {**HEADERS}, "text/plain; charset=utf-8")
    return _answer(request, name)


def add_page(app: FastAPI) -> None:
    """Serve the page under `/` and its files under `/static/`; none of them holds a secret, so none needs a key."""
    app.router.routes.append(Route("/", _index, methods=["GET"], include_in_schema=False))
    app.router.routes.append(Route("/static/{name:path}", _static, methods=["GET"], include_in_schema=False))
