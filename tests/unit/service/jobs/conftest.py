"""Folders, zip files and films of made-up pictures, and a journal of jobs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi")

from vultus.service.jobs.store import JobStore
from vultus.service.workbook import Workbook


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Workbook]:
    found = Workbook(tmp_path / "book")
    yield found
    found.close()


@pytest.fixture
def store(book: Workbook) -> JobStore:
    return JobStore(book)


def packed(files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return out.getvalue()


def filled(folder: Path, files: dict[str, bytes]) -> Path:
    """A folder with files."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
