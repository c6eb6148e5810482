"""A workbook; see unit.service.cinema for films."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi")

from vultus.service.workbook import Workbook


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Workbook]:
    found = Workbook(tmp_path / "book")
    yield found
    found.close()
