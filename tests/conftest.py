"""Fixtures for every test: where the maintainers' data lie, and a home folder that is nobody's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from vultus import FaceEngine

CHECKOUT = Path(__file__).resolve().parents[1]

# Rebuilt networks are kept between runs, and away from the user's own cache.
os.environ.setdefault("VULTUS_CACHE", str(CHECKOUT / ".pytest_cache" / "models"))

# Galleries made by tests are locked with this key, and no key is looked for or made in the user's own folders.
os.environ["VULTUS_MASTER_KEY"] = "5a" * 32
for name in ("VULTUS_KEY_FILE", "VULTUS_KEYRING"):
    os.environ.pop(name, None)

# Each of several processes has one processor.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("house", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def _shared_folder() -> Path | None:
    named = os.environ.get("VULTUS_SHARED")
    places = [Path(named)] if named else [CHECKOUT / "shared", CHECKOUT.parent / "shared"]
    return next((place for place in places if (place / "data").is_dir()), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if _shared_folder() is None:
        skip = pytest.mark.skip(reason="no data folder: set VULTUS_SHARED to a folder that has data/")
        for item in items:
            if item.get_closest_marker("shared"):
                item.add_marker(skip)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Root of the repository."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The maintainers' folder with `data/` inside; the test that asks for it is marked `shared`."""
    folder = _shared_folder()
    if folder is None:
        pytest.skip("no data folder: set VULTUS_SHARED to a folder that has data/")
    return folder


@pytest.fixture(scope="session")
def engine() -> FaceEngine:
    """The default pack, built once for the whole run."""
    from vultus import FaceEngine

    return FaceEngine(threads=1)
