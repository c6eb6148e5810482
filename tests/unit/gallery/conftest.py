"""An empty gallery with a stand-in for the engine; files that need another one say so themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.gallery.fake import FakeEngine
from vultus.gallery import Gallery
from vultus.inference.engine import FaceEngine


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.vultus"


@pytest.fixture(scope="session")
def real_engine() -> FaceEngine:
    """The default pack."""
    return FaceEngine(threads=1)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def gallery(path: Path, engine: FakeEngine) -> Iterator[Gallery]:
    with Gallery.open(path, engine=engine) as gallery:
        yield gallery
