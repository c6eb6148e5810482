"""A service that answers CompreFace's addresses too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("fastapi")

from starlette.testclient import TestClient

from unit.gallery.fake import person, picture
from vultus.service.settings import Settings

BASE = "/api/v1/recognition"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(Settings(data=tmp_path / "data", decode="none", threads=1), compreface=True)


@pytest.fixture
def speaker(stranger: TestClient, keys) -> TestClient:
    """A client with the key where CompreFace's clients have it."""
    stranger.headers["x-api-key"] = keys("admin")["Authorization"].removeprefix("Bearer ")
    return stranger


def upload(data: bytes, field: str = "file") -> dict[str, tuple[str, bytes]]:
    return {field: ("a.jpg", data)}


def enrol(client: TestClient, who: str, seed: int = 0) -> str:
    """Add an example; its id."""
    answer = client.post(f"{BASE}/faces", params={"subject": who}, files=upload(picture(person(who), seed=seed)))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["image_id"])
