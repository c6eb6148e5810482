"""A service in a folder of its own with a stand-in for the engine; its "pictures" are JSON, see unit.gallery.fake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi")

from fastapi import FastAPI
from starlette.testclient import TestClient

from unit.gallery.fake import FakeEngine
from vultus.inference.engine import FaceEngine
from vultus.service.app import create_app
from vultus.service.settings import Settings
from vultus.service.state import Service


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", decode="none", threads=1)


@pytest.fixture(scope="session")
def real_engine() -> FaceEngine:
    """The default pack."""
    return FaceEngine(threads=1)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def app(settings: Settings, engine: FakeEngine) -> FastAPI:
    return create_app(settings, engine=engine)


@pytest.fixture
def service(app: FastAPI) -> Service:
    found: Service = app.state.service
    return found


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[TestClient]:
    """A client without a key; the service runs while it does."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def keys(service: Service) -> Callable[..., dict[str, str]]:
    """Makes keys: roles in, headers out."""

    def make(*roles: str, **more) -> dict[str, str]:
        return {"Authorization": f"Bearer {service.keys.add('a test', roles, **more)[1]}"}

    return make


@pytest.fixture
def client(stranger: TestClient, keys: Callable[..., dict[str, str]]) -> TestClient:
    """A client with an admin's key."""
    stranger.headers.update(keys("admin"))
    return stranger


def pictures(*files: bytes, field: str = "images") -> list[tuple[str, tuple[str, bytes]]]:
    """Files of a form."""
    return [(field, (f"{index}.jpg", data)) for index, data in enumerate(files)]
