"""The app: routes, errors, gate and OpenAPI, put together."""

from __future__ import annotations

import contextlib
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.cors import CORSMiddleware

from vultus.service import envelope
from vultus.service.gate import Gate
from vultus.service.keystore import ROLES
from vultus.service.repeats import REPEATED
from vultus.service.routes import modules
from vultus.service.state import Service, installed_version

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from vultus.gallery.enrol import Engine
    from vultus.service.settings import Settings

_ABOUT = """Face recognition with calibrated decisions. Every call but `/v1/health` needs a key:
`Authorization: Bearer vultus_...`. Lists come in pages with `cursor`; `Idempotency-Key` makes a POST safe to repeat;
errors have one envelope. Similarities are raw cosines, and each decision says by which threshold it was reached."""


def create_app(settings: Settings, *, engine: Engine | None = None) -> FastAPI:
    """A service as an ASGI app.

    Args:
        settings: what it is set up with.
        engine: finds and embeds faces; None builds one from the settings.

    Raises:
        StoreError: the data folder cannot be used.
        ConfigError, WeightsError: the engine cannot be built, see `FaceEngine`.
    """
    service = Service(settings, engine)
    found = modules()

    @contextlib.asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        for module in found:
            if hasattr(module, "start"):
                module.start(service)
        yield
        service.draining.set()
        for module in found:
            if hasattr(module, "stop"):
                await service.run(module.stop, service)
        service.close()

    app = FastAPI(
        title="Vultus", version=installed_version(), description=_ABOUT, docs_url=None, redoc_url=None, lifespan=life
    )
    app.state.service = service
    envelope.install(app)
    for module in found:
        app.include_router(module.router)
    styles = {}
    if settings.compreface:
        compreface = import_module("vultus.service.compreface")
        app.include_router(compreface.router)
        styles["/api/v1"] = compreface.error_body
    if find_spec("vultus.service.page"):
        import_module("vultus.service.page").add_page(app)
    if settings.cors:
        app.add_middleware(
            CORSMiddleware, allow_origins=list(settings.cors), allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", REPEATED, "X-API-Key", "X-Deadline-Ms", "X-Purpose"],
            expose_headers=["X-Request-Id", "Retry-After", "X-RateLimit-Remaining"],
        )  # fmt: skip
    app.add_middleware(Gate, service=service, styles=styles)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI with the key scheme, and without FastAPI's own shape of errors, which nobody ever gets."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    document["info"]["license"] = {"name": "Apache-2.0"}
    parts = document.setdefault("components", {})
    for name in ("HTTPValidationError", "ValidationError"):
        parts.get("schemas", {}).pop(name, None)
    parts["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": f"A key with roles of: {', '.join(ROLES)}."}
    }
    for path, verbs in document["paths"].items():
        for verb in verbs.values():
            verb["responses"].pop("422", None)
            if not path.startswith("/v1/health"):
                verb["security"] = [{"key": []}]
    app.openapi_schema = document
    return document
